/* What the scrubbers share, and the shortest of them. */
#include "app/media/scrub.h"

#include <string.h>
#include <unistd.h>

enum { PIECE = 32 * 1024 };

static const struct err_info broken_info = { .status = 422,
					     .code = "media_broken",
					     .message =
						     "the file is damaged or not what it seems" };
const err err_media_broken = { &broken_info };

bool scrub_read(const struct scrub_file *f, int64_t at, void *buf, size_t n)
{
	return pread(f->fd, buf, n, at) == (ssize_t)n;
}

/* Up to PIECE bytes. */
static bool write_piece(struct scrub_file *f, int64_t at, const void *buf, size_t n)
{
	static _Thread_local char there[PIECE];

	if (!scrub_read(f, at, there, n))
		return false;
	if (memcmp(there, buf, n) == 0)
		return true;
	if (at < f->changed)
		f->changed = at;
	return pwrite(f->fd, buf, n, at) == (ssize_t)n;
}

bool scrub_write(struct scrub_file *f, int64_t at, const void *buf, size_t n)
{
	const char *from = buf;

	for (size_t part; n > 0; at += (int64_t)part, from += part, n -= part) {
		part = n < PIECE ? n : PIECE;
		if (!write_piece(f, at, from, part))
			return false;
	}
	return true;
}

bool scrub_zero(struct scrub_file *f, int64_t at, int64_t n)
{
	static const char zeros[PIECE];

	for (int64_t part; n > 0; at += part, n -= part) {
		part = n < PIECE ? n : PIECE;
		if (!write_piece(f, at, zeros, (size_t)part))
			return false;
	}
	return true;
}

/* ---- mp3 and ADTS ---- */

enum { ID3_HEAD = 10, ID3_OLD = 128, APE_FOOT = 32 };

/* The frames become padding, which is what zeros behind the header mean. */
static bool scrub_front(struct scrub_file *f)
{
	uint8_t h[ID3_HEAD];
	int64_t n = 0;

	if (!scrub_read(f, 0, h, sizeof(h)) || memcmp(h, "ID3", 3) != 0)
		return true;
	for (int i = 6; i < ID3_HEAD; i++) {
		if (h[i] & 0x80)
			return false;
		n = n << 7 | h[i];
	}
	h[5] = 0;
	return ID3_HEAD + n < f->size && scrub_write(f, 0, h, sizeof(h))
		&& scrub_zero(f, ID3_HEAD, n);
}

/* The size without the tags at the end. */
static int64_t end_of_sound(const struct scrub_file *f)
{
	uint8_t foot[APE_FOOT];
	int64_t size = f->size;

	if (size > ID3_OLD && scrub_read(f, size - ID3_OLD, foot, 3) && memcmp(foot, "TAG", 3) == 0)
		size -= ID3_OLD;
	if (size > APE_FOOT && scrub_read(f, size - APE_FOOT, foot, APE_FOOT)
	    && memcmp(foot, "APETAGEX", 8) == 0) {
		int64_t n = foot[12] | foot[13] << 8 | foot[14] << 16 | (int64_t)foot[15] << 24;
		bool head = foot[23] & 0x80;

		n += head ? APE_FOOT : 0;
		size -= n < size ? n : APE_FOOT;
	}
	return size;
}

err scrub_sound(struct scrub_file *f)
{
	int64_t end = end_of_sound(f);

	if (!scrub_front(f) || ftruncate(f->fd, end) != 0)
		return err_media_broken;
	if (end < f->changed)
		f->changed = end;
	return OK;
}
