/* What media.c keeps for the other files of this feature. Private to app/media. */
#pragma once

#include "app/media/media.h"

struct media {
	struct offload *offload;  /* files, pictures */
	struct store *shelves[2]; /* by enum media_shelf; may be the same */
	const char *buckets[2];
	char endpoint[256];
	str bases[2]; /* of addresses; absent: this server's own */
};
