/*
 * Spools: files in a folder of their own, on the disk where a store's objects are to be. What is appended is gathered
 * in a buffer; a thread writes it while the next one is filled. Whoever gathers may go in the middle of that: then
 * the spool goes when the thread is done.
 */
#include "lib/store/ops.h"

#include "lib/base/codec.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, NAME_BYTES = 16, WRITEBACK = 8 * 1024 * 1024 };

/* One blocking step. */
struct step {
	struct spool *spool;
	int failed; /* errno */
};

/* On a thread where there are some: to remove a large file takes a while. One that was never put leaves nothing. */
static void spool_end(void *arg)
{
	struct spool *s = arg;

	if (s->fd >= 0) {
		close(s->fd);
		if (!s->placed)
			unlink(s->path);
	}
	spool_sum_free(s->sum);
	free(s->buffers[0]);
	free(s->buffers[1]);
	free(s);
}

static void spool_close(void *arg)
{
	struct spool *s = arg;

	if (s->busy) {
		s->closed = true;
		return;
	}
	s->job = (struct offload_job){ .fn = spool_end, .arg = s };
	if (s->placed || s->fd < 0 || !loop_self() || !offload_start(s->store->offload, &s->job))
		spool_end(s);
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

static err outcome(int number)
{
	err e = store_failure(number);

	return !e.info || err_is(e, err_store_full) ? e : err_store_unavailable;
}

static err run(struct spool *s, void (*fn)(void *))
{
	struct step step = { .spool = s };

	TRY(store_offload(s->store, fn, &step));
	return outcome(step.failed);
}

err spool_open(struct store *s, struct arena *a, struct spool **out)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	char name[HEX_LENGTH(NAME_BYTES)];
	uint8_t bytes[NAME_BYTES];

	if (!spool)
		return err_no_memory;
	spool->fd = -1;
	arena_defer(a, spool_close, spool);
	rand_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), name);
	spool->store = s;
	snprintf(spool->path, sizeof(spool->path), "%s/" STORE_SPOOLS "/%.*s", s->dir,
		 (int)sizeof(name), name);
	TRY(run(spool, open_file));
	*out = spool;
	return OK;
}

/* ---- appending ---- */

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno != EINTR)
			return errno;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

/* The disk begins with what has gathered, so that little is left to wait for when the file must last. */
static void begin_writeback(struct spool *s)
{
	if (s->sent - s->begun < WRITEBACK)
		return;
	(void)sync_file_range(s->fd, s->begun, s->sent - s->begun, SYNC_FILE_RANGE_WRITE);
	s->begun = s->sent;
}

static void write_buffer(void *arg)
{
	struct spool *s = arg;
	const char *from = s->buffers[!s->filling];

	if (s->sum)
		spool_sum_add(s->sum, from, s->to_write);
	s->failed = write_all(s->fd, from, s->to_write);
	begin_writeback(s);
}

static void on_written(void *arg)
{
	struct spool *s = arg;

	s->busy = false;
	if (s->closed)
		spool_close(s);
	else
		waiter_wake(&s->idle);
}

/* Suspends. */
static err wait_written(struct spool *s)
{
	while (s->busy)
		TRY(waiter_wait(&s->idle, 0));
	return outcome(s->failed);
}

/* What has been filled is written from now on, after what was before it. Suspends. */
static err send_buffer(struct spool *s)
{
	TRY(wait_written(s));
	s->to_write = s->buffered;
	s->sent += (int64_t)s->buffered;
	s->filling = !s->filling;
	s->buffered = 0;
	if (!co_self()) { /* the command line */
		write_buffer(s);
		return outcome(s->failed);
	}
	s->idle = (struct waiter){ 0 };
	s->job = (struct offload_job){ .fn = write_buffer, .done = on_written, .arg = s };
	s->busy = offload_start(s->store->offload, &s->job);
	return s->busy ? OK : err_unavailable;
}

static bool have_buffers(struct spool *s)
{
	for (int i = 0; i < 2; i++)
		if (!s->buffers[i])
			s->buffers[i] = malloc(BUFFER);
	return s->buffers[0] && s->buffers[1];
}

err spool_write(struct spool *s, const void *p, size_t n)
{
	const char *from = p;

	if (!have_buffers(s))
		return err_no_memory;
	while (n) {
		size_t room = BUFFER - s->buffered, part = n < room ? n : room;

		memcpy(s->buffers[s->filling] + s->buffered, from, part);
		s->buffered += part;
		s->size += (int64_t)part;
		from += part;
		n -= part;
		if (s->buffered == BUFFER)
			TRY(send_buffer(s));
	}
	return OK;
}

err spool_flush(struct spool *s, int *ret_fd)
{
	if (s->buffered)
		TRY(send_buffer(s));
	TRY(wait_written(s));
	*ret_fd = s->fd;
	return OK;
}

void spool_digest_on(struct spool *s)
{
	s->sum = spool_sum_new();
}

bool spool_digest(struct spool *s, int64_t unchanged, uint8_t out[static 32])
{
	struct spool_sum *none = s->sum ? NULL : spool_sum_new();
	bool done =
		(s->sum || none) && spool_sum_end(s->sum ? s->sum : none, s->fd, unchanged, out);

	spool_sum_free(none);
	return done;
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
