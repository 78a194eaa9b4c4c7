/* The rate classes of domain-rules §20 that several features share; a class of one route stands beside it. */
#pragma once

#include "lib/web/route.h"

extern const struct rate rate_user, rate_address; /* general: every request */
extern const struct rate rate_react;		  /* likes, saves, reactions */
extern const struct rate rate_follow;		  /* follows */
extern const struct rate rate_search;		  /* searches */
extern const struct rate rate_report;		  /* reports */
