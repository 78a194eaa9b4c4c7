/* Who follows, asks to follow, and blocks whom: domain-rules §§1, 2. */
#pragma once

#include "app/app.h"

extern const struct route graph_routes[], people_routes[];
