/* Reports of people and what they wrote (domain-rules §7, contract §5.3). */
#pragma once

#include "app/app.h"

extern const struct route reports_routes[];
