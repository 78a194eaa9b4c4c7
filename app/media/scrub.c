/* What the scrubbers share, and the shortest of them. */
#include "app/media/scrub.h"

#include <string.h>
#include <unistd.h>

static const struct err_info broken_info = { .status = 422,
					     .code = "media_broken",
					     .message =
						     "the file is damaged or not what it seems" };
const err err_media_broken = { &broken_info };

bool scrub_read(int fd, int64_t at, void *buf, size_t n)
{
	return pread(fd, buf, n, at) == (ssize_t)n;
}

bool scrub_write(int fd, int64_t at, const void *buf, size_t n)
{
	return pwrite(fd, buf, n, at) == (ssize_t)n;
}

bool scrub_zero(int fd, int64_t at, int64_t n)
{
	static const char zeros[64 * 1024];

	while (n > 0) {
		size_t part = n < (int64_t)sizeof(zeros) ? (size_t)n : sizeof(zeros);

		if (!scrub_write(fd, at, zeros, part))
			return false;
		at += (int64_t)part;
		n -= (int64_t)part;
	}
	return true;
}

/* ---- mp3 and ADTS ---- */

enum { ID3_HEAD = 10, ID3_OLD = 128, APE_FOOT = 32 };

/* The frames become padding, which is what zeros behind the header mean. */
static bool scrub_front(int fd, int64_t size)
{
	uint8_t h[ID3_HEAD];
	int64_t n = 0;

	if (!scrub_read(fd, 0, h, sizeof(h)) || memcmp(h, "ID3", 3) != 0)
		return true;
	for (int i = 6; i < ID3_HEAD; i++) {
		if (h[i] & 0x80)
			return false;
		n = n << 7 | h[i];
	}
	h[5] = 0;
	return ID3_HEAD + n < size && scrub_write(fd, 0, h, sizeof(h))
		&& scrub_zero(fd, ID3_HEAD, n);
}

/* The size without the tags at the end. */
static int64_t end_of_sound(int fd, int64_t size)
{
	uint8_t f[APE_FOOT];

	if (size > ID3_OLD && scrub_read(fd, size - ID3_OLD, f, 3) && memcmp(f, "TAG", 3) == 0)
		size -= ID3_OLD;
	if (size > APE_FOOT && scrub_read(fd, size - APE_FOOT, f, APE_FOOT)
	    && memcmp(f, "APETAGEX", 8) == 0) {
		int64_t n = f[12] | f[13] << 8 | f[14] << 16 | (int64_t)f[15] << 24;
		bool head = f[23] & 0x80;

		n += head ? APE_FOOT : 0;
		size -= n < size ? n : APE_FOOT;
	}
	return size;
}

err scrub_sound(int fd, int64_t size)
{
	int64_t end = end_of_sound(fd, size);

	if (!scrub_front(fd, size) || ftruncate(fd, end) != 0)
		return err_media_broken;
	return OK;
}
