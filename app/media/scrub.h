/*
 * Takes what says who, where and when out of films and sounds, in place: the picture and sound themselves
 * are not touched, so nothing is decoded and nothing needed but the file. What is not known to be needed
 * for playing is overwritten by zeros; a file whose structure does not add up is refused. All of them block.
 * Private to app/media.
 */
#pragma once

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const err err_media_broken; /* 422 media_broken */

struct scrub_file {
	int fd;
	int64_t size;
	int64_t changed; /* the first byte that is not what it was; the old size: none */
};

/* ISO/IEC 14496-12 and QuickTime: mp4, mov, m4a. *video: it has a picture. */
err scrub_mp4(struct scrub_file *f, bool *video);

/* Matroska's elements (RFC 8794, RFC 9559) that WebM allows. *video: it has a picture. */
err scrub_webm(struct scrub_file *f, bool *video);

/* Tags around mp3 and ADTS: ID3v2 (id3.org/id3v2.4.0-structure) before, ID3v1 and APEv2 behind, which are cut
 * off. */
err scrub_sound(struct scrub_file *f);

/* ---- for the files of this: whole or not at all; what is there already is not written again ---- */

bool scrub_read(const struct scrub_file *f, int64_t at, void *buf, size_t n);
bool scrub_write(struct scrub_file *f, int64_t at, const void *buf, size_t n);
bool scrub_zero(struct scrub_file *f, int64_t at, int64_t n);
