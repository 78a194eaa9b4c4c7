/*
 * Objects as files below a folder, readable by everybody, so that nginx can serve them. An object comes to
 * its place by rename, after its bytes are on the disk, and the folder is written, too, before anybody is
 * told that it is there.
 */
#include "lib/store/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One blocking step on the file of a key. */
struct step {
	char *path;
	size_t root; /* length of the store's folder in it */
	struct spool *spool;
	int64_t at;
	char *buf;
	size_t n, got;
	struct stat st;
	int fd;
	int failed; /* errno */
};

/* A path is too long for a coroutine's stack. */
static err run(struct store *s, str key, struct step *step, void (*fn)(void *))
{
	err e;

	step->path = malloc(PATH_MAX);
	if (!step->path)
		return err_no_memory;
	step->root = strlen(s->dir);
	store_path(s, key, step->path);
	e = store_offload(s, fn, step);
	free(step->path);
	return e.info ? e : store_failure(step->failed);
}

/* ---- put ---- */

/* The folder may vanish between its making and the rename, when the last other object in it is deleted. */
static int place(const char *from, char *to, size_t root)
{
	for (int tries = 0;; tries++) {
		int failed = store_make_folders(to, root + 1);

		if (failed)
			return failed;
		if (rename(from, to) == 0)
			return store_sync_folder(to);
		if (errno != ENOENT)
			return errno;
		if (tries == 3)
			return EIO; /* it is the spool that is gone: swept, because the clock has jumped */
	}
}

static void put(void *arg)
{
	struct step *step = arg;
	struct spool *s = step->spool;

	if (fchmod(s->fd, 0644) != 0 || fsync(s->fd) != 0) {
		step->failed = errno;
		return;
	}
	step->failed = place(s->path, step->path, step->root);
	s->placed = step->failed == 0;
}

static err disk_put(struct store *s, struct spool *from, str key, str mime)
{
	struct step step = { .spool = from };
	int fd;

	(void)mime;
	TRY(spool_flush(from, &fd));
	return run(s, key, &step, put);
}

/* ---- reading ---- */

static void look(void *arg)
{
	struct step *step = arg;

	if (stat(step->path, &step->st) != 0)
		step->failed = errno == ENOTDIR ? ENOENT : errno;
	else if (!S_ISREG(step->st.st_mode))
		step->failed = ENOENT;
}

static err disk_head(struct store *s, struct arena *a, str key, struct store_object *out)
{
	struct step step = { 0 };

	TRY(run(s, key, &step, look));
	*out = (struct store_object){
		.key = arena_copy(a, key),
		.size = step.st.st_size,
		.modified = { step.st.st_mtim.tv_sec * SECOND + step.st.st_mtim.tv_nsec / 1000 },
	};
	return OK;
}

static void open_object(void *arg)
{
	struct step *step = arg;

	look(step);
	if (step->failed)
		return;
	step->fd = open(step->path, O_RDONLY | O_CLOEXEC);
	if (step->fd < 0)
		step->failed = errno;
}

static void read_part(void *arg)
{
	struct step *step = arg;
	ssize_t n = 1;

	open_object(step);
	if (step->failed)
		return;
	while (n > 0 && step->got < step->n) {
		n = pread(step->fd, step->buf + step->got, step->n - step->got,
			  step->at + (int64_t)step->got);
		if (n > 0)
			step->got += (size_t)n;
	}
	if (n < 0)
		step->failed = errno;
	close(step->fd);
}

static err disk_read(struct store *s, str key, int64_t at, void *buf, size_t n, size_t *got)
{
	struct step step = { .at = at, .buf = buf, .n = n };

	TRY(run(s, key, &step, read_part));
	*got = step.got;
	return OK;
}

static err disk_open(struct store *s, str key, int *ret_fd)
{
	struct step step = { 0 };

	TRY(run(s, key, &step, open_object));
	*ret_fd = step.fd;
	return OK;
}

/* ---- deletion ---- */

/* With the folders that have become empty. */
static void delete_object(void *arg)
{
	struct step *step = arg;

	if (unlink(step->path) != 0) {
		bool was_none = errno == ENOENT || errno == ENOTDIR || errno == EISDIR;

		step->failed = was_none ? 0 : errno;
		return;
	}
	step->failed = store_sync_folder(step->path);
	for (;;) {
		*strrchr(step->path, '/') = '\0';
		if (strlen(step->path) <= step->root || rmdir(step->path) != 0)
			return;
	}
}

static err disk_remove(struct store *s, str key)
{
	struct step step = { 0 };

	return run(s, key, &step, delete_object);
}

/* ---- the store ---- */

static const struct store_ops disk = {
	.put = disk_put,
	.head = disk_head,
	.read = disk_read,
	.remove = disk_remove,
	.list = disk_list,
	.open = disk_open,
};

struct store *store_on_disk(const char *dir, struct offload *offload)
{
	return store_new(&disk, dir, offload);
}
