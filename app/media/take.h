/* Takes an uploaded file in: cleaned, measured, stored, written down. Private to app/media. */
#pragma once

#include "app/media/kind.h"
#include "app/media/media.h"

/* How much of a file its kind is told by. */
enum { SNIFF_BYTES = 4096 };

/* The kind of a file by its first bytes; unsupported_type (415). Suspends. */
err take_sniff(struct req *r, str head, const struct media_kind **out);

/* The most a file of this family may have, in bytes. */
int64_t take_limit(enum media_family family);

struct taken {
	str key, thumbnail_key; /* absent: none */
	int64_t size;
	const struct media_kind *kind;
	int32_t width, height;
};

/* The file in the spool, whose kind is known, becomes an object of the request's user. Suspends. Errors:
 * err_media_broken, image_too_large, unsupported_type (a film without a picture and so on), those of
 * store_put and the database. */
err take_file(struct req *r, struct spool *spool, const struct media_kind *kind, struct taken *out);
