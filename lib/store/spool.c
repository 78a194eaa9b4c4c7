/* Spools: files in a folder of their own, on the disk where a store's objects are to be. Writes are gathered,
 * so that a thread is asked for one in 256 KiB. */
#include "lib/store/ops.h"

#include "lib/base/codec.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, NAME_BYTES = 16 };

/* One blocking step. */
struct step {
	struct spool *spool;
	int failed; /* errno */
};

/* The spool never was, or never became an object: nothing is left of it. */
static void spool_close(void *arg)
{
	struct spool *s = arg;

	if (s->fd < 0)
		return;
	close(s->fd);
	if (!s->placed)
		unlink(s->path);
}

static void open_file(void *arg)
{
	struct step *step = arg;
	struct spool *s = step->spool;
	int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;

	s->fd = open(s->path, flags, 0600);
	if (s->fd < 0 && errno == ENOENT) {
		step->failed = store_make_folders(s->path, 1);
		if (step->failed)
			return;
		s->fd = open(s->path, flags, 0600);
	}
	step->failed = s->fd < 0 ? errno : 0;
}

static err run(struct spool *s, void (*fn)(void *))
{
	struct step step = { .spool = s };
	err e;

	TRY(store_offload(s->store, fn, &step));
	e = store_failure(step.failed);
	return !e.info || err_is(e, err_store_full) ? e : err_store_unavailable;
}

err spool_open(struct store *s, struct arena *a, struct spool **out)
{
	struct spool *spool = arena_zalloc(a, sizeof(*spool));
	char name[HEX_LENGTH(NAME_BYTES)];
	uint8_t bytes[NAME_BYTES];

	rand_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), name);
	spool->store = s;
	spool->fd = -1;
	snprintf(spool->path, sizeof(spool->path), "%s/" STORE_SPOOLS "/%.*s", s->dir,
		 (int)sizeof(name), name);
	spool->buffer = arena_alloc(a, BUFFER);
	arena_defer(a, spool_close, spool);
	TRY(run(spool, open_file));
	*out = spool;
	return OK;
}

static void write_buffer(void *arg)
{
	struct step *step = arg;
	struct spool *s = step->spool;
	size_t done = 0;

	while (done < s->buffered) {
		ssize_t n = write(s->fd, s->buffer + done, s->buffered - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			step->failed = errno;
			return;
		}
		done += (size_t)n;
	}
	s->buffered = 0;
}

err spool_write(struct spool *s, const void *p, size_t n)
{
	const char *from = p;

	while (n) {
		size_t room = BUFFER - s->buffered, part = n < room ? n : room;

		memcpy(s->buffer + s->buffered, from, part);
		s->buffered += part;
		s->size += (int64_t)part;
		from += part;
		n -= part;
		if (s->buffered == BUFFER)
			TRY(run(s, write_buffer));
	}
	return OK;
}

err spool_flush(struct spool *s, int *ret_fd)
{
	if (s->buffered)
		TRY(run(s, write_buffer));
	*ret_fd = s->fd;
	return OK;
}

int64_t spool_size(const struct spool *s)
{
	return s->size;
}

err spool_measure(struct spool *s)
{
	struct stat st;

	if (fstat(s->fd, &st) != 0)
		return err_store_unavailable;
	s->size = st.st_size;
	return OK;
}

/* ---- those of processes that were killed ---- */

struct cleaning {
	struct store *store;
	int64_t age;
	int failed;
};

static void remove_old(int folder, const char *name, int64_t age)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
		return;
	if (time_now().us - st.st_mtime * SECOND > age)
		unlinkat(folder, name, 0);
}

static void clean(void *arg)
{
	struct cleaning *c = arg;
	char path[sizeof(c->store->dir) + sizeof(STORE_SPOOLS)];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/" STORE_SPOOLS, c->store->dir);
	dir = opendir(path);
	if (!dir) {
		c->failed = errno == ENOENT ? 0 : errno;
		return;
	}
	while ((entry = readdir(dir)))
		remove_old(dirfd(dir), entry->d_name, c->age);
	closedir(dir);
}

err spool_clean(struct store *s, int64_t age)
{
	struct cleaning c = { s, age, 0 };

	TRY(store_offload(s, clean, &c));
	return store_failure(c.failed);
}
