/* What a kind of store does, and what its file needs of spools. Private to lib/store. */
#pragma once

#include "lib/net/loop.h"
#include "lib/net/offload.h"
#include "lib/store/store.h"

#include <limits.h>

/* The functions of store.h, keys checked. */
struct store_ops {
	err (*put)(struct store *s, struct spool *from, str key, str mime);
	err (*head)(struct store *s, struct arena *a, str key, struct store_object *out);
	err (*read)(struct store *s, str key, int64_t at, void *buf, size_t n, size_t *got);
	err (*remove)(struct store *s, str key);
	err (*list)(struct store *s, struct arena *a, str prefix, str after, size_t limit,
		    struct list *out);
	err (*open)(struct store *s, str key, int *ret_fd);
	str (*url)(struct store *s, struct arena *a, str key, int64_t seconds); /* NULL: none */
};

struct store {
	const struct store_ops *ops;
	struct offload *offload;
	struct store_bucket bucket;		/* of S3 */
	char dir[PATH_MAX - STORE_KEY_MAX - 2]; /* of spools, and of a disk's objects */
};

/* Two buffers: one is filled while a thread writes the other. */
struct spool {
	struct store *store;
	char *buffers[2]; /* NULL: nothing was appended yet */
	int filling;
	size_t buffered;
	int64_t size;	 /* with what is in the buffers */
	int64_t sent;	 /* … without what is being filled */
	int64_t begun;	 /* … whose way to the disk has begun */
	size_t to_write; /* of the other buffer */
	int failed;	 /* errno of the last write */
	bool busy;	 /* a thread writes */
	bool closed;	 /* whoever had it has gone meanwhile */
	struct waiter idle;
	struct offload_job job;
	struct spool_sum *sum; /* NULL: not wanted */
	int fd;
	bool placed; /* its file is the object now */
	char path[PATH_MAX];
};

/* spool_sum.c: a digest of what passes, with states to go on from. */
struct spool_sum *spool_sum_new(void);
void spool_sum_free(struct spool_sum *s); /* NULL-safe */
void spool_sum_add(struct spool_sum *s, const char *p, size_t n);

/* Of the file, whose first bytes are as they were added. Blocks. */
[[nodiscard]] bool spool_sum_end(const struct spool_sum *s, int fd, int64_t unchanged,
				 uint8_t *out);

/* disk_list.c */
err disk_list(struct store *s, struct arena *a, str prefix, str after, size_t limit,
	      struct list *out);

/* Where spools lie, below the folder; no key leads there. */
#define STORE_SPOOLS ".incoming"

struct store *store_new(const struct store_ops *ops, const char *dir, struct offload *offload);

/* The error for an errno; 0 is OK. */
err store_failure(int number);

/* Runs fn(arg) where it may block. Suspends. */
err store_offload(struct store *s, void (*fn)(void *), void *arg);

/* Below the store's folder: the file of a key. */
void store_path(const struct store *s, str key, char out[static PATH_MAX]);

/* Makes the folders above a path, from `from` bytes on, and sees to it that they last; an errno. */
int store_make_folders(char *path, size_t from);

/* Sees to it that the entries of the folder of this path last; an errno. The path is the same afterwards. */
int store_sync_folder(char *path);
