/* Films and sounds as they are sent: cleaned or refused, never outgrown. */
#include "app/media/scrub.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scrub_file file_of(const uint8_t *data, size_t size)
{
	struct scrub_file f = { memfd_create("scrub", MFD_CLOEXEC), (int64_t)size, (int64_t)size };

	if (f.fd < 0 || write(f.fd, data, size) != (ssize_t)size)
		abort();
	return f;
}

/* It has not grown, and what is said to be unchanged is. */
static void check(const struct scrub_file *f, const uint8_t *data)
{
	struct stat st;
	uint8_t *now = malloc((size_t)f->changed + 1);

	assert(now && fstat(f->fd, &st) == 0 && st.st_size <= f->size);
	assert(pread(f->fd, now, (size_t)f->changed, 0) == (ssize_t)f->changed);
	assert(memcmp(now, data, (size_t)f->changed) == 0);
	free(now);
	close(f->fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scrub_file mp4 = file_of(data, size), webm = file_of(data, size),
			  sound = file_of(data, size);
	bool video;
	err e;

	e = scrub_mp4(&mp4, &video);
	e = scrub_webm(&webm, &video);
	e = scrub_sound(&sound);
	(void)e;
	check(&mp4, data);
	check(&webm, data);
	check(&sound, data);
	return 0;
}
