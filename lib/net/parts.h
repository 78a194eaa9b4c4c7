/* What a loop has one of (loop_part). Private to lib/net. */
#pragma once

#include "lib/net/loop.h"

struct parts {
	struct part *first; /* newest first */
};

void *parts_get(struct parts *parts, struct loop *l, const struct loop_part *kind);
void parts_free(struct parts *parts);
