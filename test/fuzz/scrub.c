/* Films and sounds as they are sent: cleaned or refused, never outgrown. */
#include "app/media/scrub.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("scrub", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

static void check(int fd, size_t most)
{
	struct stat st;

	assert(fstat(fd, &st) == 0 && st.st_size <= (off_t)most);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int mp4 = file_of(data, size), webm = file_of(data, size), sound = file_of(data, size);
	bool video;
	err e;

	e = scrub_mp4(mp4, (int64_t)size, &video);
	e = scrub_webm(webm, (int64_t)size, &video);
	e = scrub_sound(sound, (int64_t)size);
	(void)e;
	check(mp4, size);
	check(webm, size);
	check(sound, size);
	return 0;
}
