/* What a file is by its content, and what becomes of it. Private to app/media. */
#pragma once

#include "lib/base/str.h"

enum media_family { MEDIA_IMAGE, MEDIA_VIDEO, MEDIA_AUDIO };
enum media_form {
	FORM_JPEG,
	FORM_PNG,
	FORM_WEBP,
	FORM_GIF,
	FORM_HEIF,
	FORM_MP4,
	FORM_WEBM,
	FORM_SOUND
};

struct media_kind {
	const char *sniffed; /* as libmagic calls it */
	const char *mime;    /* as it is served */
	const char *ext;     /* with its dot */
	enum media_family family;
	enum media_form form;
};

/* By the first bytes; NULL when it is nothing that people may upload. Blocks for a millisecond or two. */
const struct media_kind *media_kind_of(const void *head, size_t n);

/* By the end of a key, for serving; "application/octet-stream" when it is none of ours. */
const char *media_mime_of(str key);
