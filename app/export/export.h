/* What an account has written and done, for its owner to take along (contract §5.14, domain-rules §17.4). */
#pragma once

#include "app/app.h"

extern const struct route export_routes[];
