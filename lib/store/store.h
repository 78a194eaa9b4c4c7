/*
 * Files that outlive the request: uploaded media, the objects of a project that moved here. A store keeps
 * them under keys, on this machine's disk or in a bucket that speaks S3; whoever uses it sees no
 * difference but two: a disk keeps no content types and has no addresses.
 *
 * A key is a path without a leading slash, at most 1024 bytes of UTF-8 without control characters; its
 * parts have at most 255 bytes each and are neither empty nor "." nor "..". Anything else is err_invalid. Keys
 * that a disk cannot hold beside each other ("a" and "a/b") are err_conflict there.
 *
 * What is to be stored is gathered in a spool first, a file that nobody else sees. It becomes the object
 * at once and as a whole, and lasts from then on whatever happens to the machine; before, nothing can be
 * seen of it. Memory stays the same whatever the size.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/field.h"

struct offload;
struct spool;
struct store;

#define STORE_KEY_MAX 1024

extern const err err_store_full;	/* 507: the disk is full */
extern const err err_store_unavailable; /* 503: the disk or the bucket fails */

/* ---- stores ---- */

/* A folder, made when it is missing. Threads of `offload` wait for the disk; both must outlive the store.
 * NULL: out of memory. */
struct store *store_on_disk(const char *dir, struct offload *offload);

/* A bucket. What the members point to must outlive the store; spools lie in `dir`, on this machine's disk. */
struct store_bucket {
	str endpoint; /* "https://host[:port]", and a path that buckets are below */
	str region, bucket, access_key, secret_key;
};
struct store *store_on_s3(const char *dir, struct offload *offload,
			  const struct store_bucket *bucket);

void store_free(struct store *s);

struct store_object {
	str key;
	int64_t size;
	usec modified;
	str mime; /* absent on a disk */
};

/*
 * Puts what the spool holds under the key, replacing what was there; the spool is empty of use after
 * that. The type is what a bucket's readers are told. Suspends.
 * Errors: err_store_full, err_store_unavailable, err_invalid, err_conflict.
 */
err store_put(struct store *s, struct spool *from, str key, str mime);

/* What is known of an object; err_not_found. Suspends. */
err store_head(struct store *s, struct arena *a, str key, struct store_object *out);

/* Up to n bytes from byte `at` on; *got is less only at the object's end. err_not_found. Suspends. */
err store_read(struct store *s, str key, int64_t at, void *buf, size_t n, size_t *got);

/* OK also when there is no such object. Suspends. */
err store_delete(struct store *s, str key);

/* Up to `limit` objects (struct store_object) whose keys begin with `prefix` and follow `after` in the
 * order of their bytes; the absent str is before all. Mime types are left out. Suspends. */
err store_list(struct store *s, struct arena *a, str prefix, str after, size_t limit,
	       struct list *out);

/* A descriptor of the object for the caller to read and close, for a reply from the kernel's own memory;
 * -1 when it is not on this machine. err_not_found. Suspends. */
err store_open(struct store *s, str key, int *ret_fd);

/* An address at which anybody can read the object for so many seconds; absent on a disk, which has none. */
str store_url(struct store *s, struct arena *a, str key, int64_t seconds);

/* ---- spools ---- */

/* An empty one, in the store's care until it is put; the arena's, and gone with it. Suspends. */
err spool_open(struct store *s, struct arena *a, struct spool **out);

/* Appends. Suspends. Errors: err_store_full, err_store_unavailable. */
err spool_write(struct spool *s, const void *p, size_t n);

/* Everything appended can be read from the descriptor, which is the spool's. Whoever writes through it
 * calls spool_measure afterwards. Suspends. */
err spool_flush(struct spool *s, int *ret_fd);

/* From its beginning on what is appended is digested on the way. */
void spool_digest_on(struct spool *s);

/* The SHA-256 of a spool that was flushed and measured. `unchanged`: so many bytes at its beginning are as they were
 * appended; only what follows is read again. Blocks. False when reading fails. */
[[nodiscard]] bool spool_digest(struct spool *s, int64_t unchanged, uint8_t out[static 32]);

/* Bytes in it. */
int64_t spool_size(const struct spool *s);
err spool_measure(struct spool *s);

/* Removes spools that a process left when it was killed: those nobody has written to for so many
 * microseconds. Suspends. */
err spool_clean(struct store *s, int64_t age);
