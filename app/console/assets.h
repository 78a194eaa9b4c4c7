/* The page, as scripts/embed-assets takes it into the program. Private to app/console. */
#pragma once

#include "lib/base/str.h"

struct asset {
	const char *name, *type;
	str bytes;
};

/* Of app/console/assets/, {0}-terminated. */
extern const struct asset console_assets[];
