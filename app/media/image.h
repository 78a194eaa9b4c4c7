/*
 * Pictures by libvips: decoded and encoded anew, so that nothing of what was beside the picture survives:
 * EXIF, places, comments, colour profiles (the colours become sRGB first), a second file behind the first.
 * The orientation is applied. Private to app/media.
 */
#pragma once

#include "app/media/kind.h"
#include "lib/base/err.h"

#include <stdint.h>

/* The most that is decoded, in pixels: bounds time and memory. */
#define IMAGE_PIXELS_MAX (50 * 1000 * 1000)

/* Once, before there are threads; false: no libvips. */
bool image_begin(void);

/* A picture of this form, from one descriptor to another that is empty. Takes up to seconds: blocks. Errors:
 * err_media_broken, image_too_large (413: more pixels, or a GIF with frames of over 4 megapixels), err_store_full. */
struct image_size {
	int32_t width, height; /* of a frame */
};
err image_clean(int from, const struct media_kind *kind, int to, struct image_size *out);

/* A small JPEG of a picture that image_clean has made, or a film's frame. Blocks. */
err image_thumbnail(int from, int to);
