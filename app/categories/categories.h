/* Categories and who sees them: domain-rules §5, contract §5.8. */
#pragma once

#include "app/app.h"

extern const struct route categories_routes[];
