/*
 * Pictures as they are uploaded: told by their content, decoded and encoded anew or refused. What comes out is of
 * the kind that was promised, and its thumbnail can be made.
 */
#include "app/media/image.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEAD_MAX = 4096 };

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static void check(int fd, const struct media_kind *kind)
{
	char head[HEAD_MAX];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	const struct media_kind *made;
	int small = file_of(NULL, 0);
	err e;

	assert(n > 0);
	made = media_kind_of(head, (size_t)n);
	assert(made && strcmp(made->mime, kind->mime) == 0);
	e = image_thumbnail(fd, small);
	assert(!e.info);
	close(small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct media_kind *kind = media_kind_of(data, size < HEAD_MAX ? size : HEAD_MAX);
	static bool begun;
	struct image_size out = { 0 };
	int from, to;
	err e;

	if (!begun && !image_begin())
		abort();
	begun = true;
	if (!kind || kind->family != MEDIA_IMAGE)
		return 0;
	from = file_of(data, size);
	to = file_of(NULL, 0);
	e = image_clean(from, kind, to, &out);
	if (!e.info) {
		assert(out.width > 0 && out.height > 0);
		check(to, kind);
	}
	close(from);
	close(to);
	return 0;
}
