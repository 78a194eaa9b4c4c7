/* What an account has chosen: privacy and preferences (domain-rules §§2, 21; contract §5.2). */
#pragma once

#include "app/app.h"

extern const struct route settings_routes[];
