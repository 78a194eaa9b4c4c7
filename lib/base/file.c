/* See file.h. The size is not asked for: what is in /proc has none, and others may change meanwhile. */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PIECE = 4096 };

/* Up to n bytes, fewer only at the end; -1: errno. */
static ssize_t read_up_to(int fd, char *p, size_t n)
{
	size_t got = 0;
	ssize_t here = 1;

	while (here > 0 && got < n) {
		here = read(fd, p + got, n - got);
		if (here < 0 && errno == EINTR)
			here = 1;
		else if (here > 0)
			got += (size_t)here;
	}
	return here < 0 ? -1 : (ssize_t)got;
}

static bool read_all(struct arena *a, int fd, size_t max, str *out)
{
	char *text = NULL;
	size_t n = 0, room = 0;
	ssize_t here;

	do {
		text = arena_grow(a, text, n, n + PIECE + 1);
		room = max + 1 - n < PIECE ? max + 1 - n : PIECE;
		here = read_up_to(fd, text + n, room);
		if (here < 0)
			return false;
		n += (size_t)here;
	} while ((size_t)here == room && n <= max);
	if (n > max) {
		errno = EFBIG;
		return false;
	}
	text[n] = '\0';
	*out = (str){ text, n };
	return true;
}

bool file_read(struct arena *a, const char *path, size_t max, str *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), kept;
	bool good = fd >= 0 && read_all(a, fd, max, out);

	kept = errno;
	if (fd >= 0)
		close(fd);
	errno = kept;
	return good;
}
