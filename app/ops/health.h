/*
 * Is the service there (live), can it work (ready), and what is wrong if not (detailed). The same
 * paths answer on the API's address and on ADMIN_ADDR.
 */
#pragma once

#include "app/app.h"

extern const struct route health_routes[];
