/*
 * The media of a backup: every object of the server's stores, on disk or in buckets, copied once into the backup's own
 * store, on disk or in a bucket. A key's bytes never change, so what has been copied stays copied. An object appears
 * in the copy when it is whole, and in the list only after that.
 */
#include "app/media/media.h"
#include "cmd/backup.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/rand.h"
#include "lib/net/loop.h"
#include "lib/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST	"media.txt"
#define BELOW	"media/" /* where the copies lie in the backup's store */
#define FOREIGN "application/octet-stream"

enum {
	THREADS = 2,
	QUEUE = 16,
	PAGE = 500,
	PIECE = 1 << 20,
	HASH_DIGITS = HEX_LENGTH(SHA256_BYTES)
};

struct work {
	const struct backup *b;
	struct loop *loop;
	struct offload *offload;
	struct app app;
	struct store *copy;	  /* the backup's */
	struct arena *page, *one; /* as long as a page of keys, and one object, are at work */
	char *piece;
	FILE *list;
	str *lines; /* of the list as it was at the beginning: hash, two spaces, key; in order of keys */
	size_t n;
	int64_t done;
	int sample;
	const char *bad;
	bool (*run)(struct work *w);
	bool good;
};

static bool fail(const char *what, err e)
{
	return backup_complain(what, e.info ? e.info->message : strerror(errno));
}

/* ---- the list ---- */

static str key_of(str line)
{
	return str_slice(line, HASH_DIGITS + 2, line.n);
}

static int by_key(const void *a, const void *b)
{
	str x = key_of(*(const str *)a), y = key_of(*(const str *)b);
	int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

	return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* A line that a copy has been cut off in is not one. */
static bool read_list(struct work *w)
{
	FILE *f = fopen(backup_path(w->b, LIST), "re");
	size_t room = 0, size = 0;
	char *line = NULL;

	if (!f)
		return errno == ENOENT || fail(LIST, OK);
	for (ssize_t n; (n = getline(&line, &size, f)) > 0;) {
		if (n <= HASH_DIGITS + 3 || line[n - 1] != '\n')
			continue;
		if (w->n == room) {
			w->lines = arena_grow(w->b->arena, w->lines, room * sizeof(str),
					      (2 * room + 64) * sizeof(str));
			room = 2 * room + 64;
		}
		w->lines[w->n++] = arena_copy(w->b->arena, (str){ line, (size_t)n - 1 });
	}
	free(line);
	fclose(f);
	if (w->n)
		qsort(w->lines, w->n, sizeof(str), by_key);
	return true;
}

static bool is_listed(const struct work *w, str key)
{
	str line = arena_printf(w->one, "%*s  %.*s", HASH_DIGITS, "", (int)key.n, key.p);

	return w->n && bsearch(&line, w->lines, w->n, sizeof(str), by_key);
}

/* ---- one object ---- */

static str copy_key(struct work *w, str key)
{
	return arena_printf(w->one, BELOW "%.*s", (int)key.n, key.p);
}

/* Reads an object to its end, into `to` unless that is NULL; its hash. Suspends. */
static err read_all(struct work *w, struct store *from, str key, struct spool *to,
		    char hash[static HASH_DIGITS])
{
	struct sha256 *sum = sha256_new();
	uint8_t digest[SHA256_BYTES];
	int64_t at = 0;
	size_t got = PIECE;
	err e = OK;

	while (got == PIECE && !e.info) {
		e = store_read(from, key, at, w->piece, PIECE, &got);
		if (e.info)
			break;
		sha256_add(sum, w->piece, got);
		if (to)
			e = spool_write(to, w->piece, got);
		at += (int64_t)got;
	}
	sha256_end(sum, digest);
	hex_encode(digest, sizeof(digest), hash);
	return e;
}

static err carry(struct work *w, struct store *from, str source, struct store *into, str target,
		 char hash[static HASH_DIGITS])
{
	struct store_object object;
	struct spool *spool;

	TRY(store_head(from, w->one, source, &object));
	TRY(spool_open(into, w->one, &spool));
	TRY(read_all(w, from, source, spool, hash));
	return store_put(into, spool, target, object.mime.p ? object.mime : S(FOREIGN));
}

/* Gone meanwhile: nothing to keep. */
static bool keep(struct work *w, struct store *from, str key)
{
	char hash[HASH_DIGITS];
	err e = carry(w, from, key, w->copy, copy_key(w, key), hash);

	if (err_is(e, err_not_found))
		return true;
	if (e.info)
		return fail(arena_cstr(w->one, key), e);
	w->done++;
	return fprintf(w->list, "%.*s  %.*s\n", HASH_DIGITS, hash, (int)key.n, key.p) > 0
		|| fail(LIST, OK);
}

/* ---- all of them ---- */

static bool keep_store(struct work *w, struct store *from)
{
	char after[STORE_KEY_MAX + 1] = "";
	struct list keys = { 0 };

	do {
		const struct store_object *v;
		err e;

		arena_reset(w->page);
		e = store_list(from, w->page, S(""), *after ? str_of(after) : (str){ 0 }, PAGE,
			       &keys);
		if (e.info)
			return fail("the media", e);
		v = keys.v;
		for (size_t i = 0; i < keys.n; i++) {
			arena_reset(w->one);
			if (!is_listed(w, v[i].key) && !keep(w, from, v[i].key))
				return false;
			snprintf(after, sizeof(after), "%.*s", (int)v[i].key.n, v[i].key.p);
		}
	} while (keys.n == PAGE);
	return true;
}

static bool keep_all(struct work *w)
{
	struct store *images = media_store(&w->app, MEDIA_IMAGES);
	struct store *films = media_store(&w->app, MEDIA_VIDEOS);

	return keep_store(w, images) && (films == images || keep_store(w, films));
}

/* The list has to be where the media are, too: the machine may be gone. */
static bool carry_list(struct work *w)
{
	char *p = w->piece;
	FILE *f = fopen(backup_path(w->b, LIST), "re");
	struct spool *spool;
	err e = spool_open(w->copy, w->one, &spool);

	if (!f || e.info) {
		if (f)
			fclose(f);
		return fail(LIST, e);
	}
	for (size_t n; !e.info && (n = fread(p, 1, PIECE, f)) > 0;)
		e = spool_write(spool, p, n);
	fclose(f);
	if (!e.info)
		e = store_put(w->copy, spool, S(LIST), S("text/plain"));
	return !e.info || fail(LIST, e);
}

static bool in_bucket(const struct backup *b)
{
	return config_cstr(b->config, "BACKUP_S3_BUCKET");
}

static bool keep_and_list(struct work *w)
{
	bool good;

	w->list = fopen(backup_path(w->b, LIST), "ae");
	if (!w->list)
		return fail(LIST, OK);
	good = keep_all(w);
	good &= fflush(w->list) == 0 && fsync(fileno(w->list)) == 0;
	fclose(w->list);
	return good && (!in_bucket(w->b) || w->done == 0 || carry_list(w));
}

/* ---- looking at them again ---- */

static bool is_as_listed(struct work *w, str line)
{
	char hash[HASH_DIGITS];

	arena_reset(w->one);
	return !read_all(w, w->copy, copy_key(w, key_of(line)), NULL, hash).info
		&& memcmp(hash, line.p, HASH_DIGITS) == 0;
}

static bool check_sample(struct work *w)
{
	size_t look = w->n < (size_t)w->sample ? w->n : (size_t)w->sample;

	for (size_t i = 0; i < look; i++) {
		uint64_t at;

		rand_bytes(&at, sizeof(at));
		at = look == w->n ? i : at % w->n;
		if (!is_as_listed(w, w->lines[at])) {
			w->bad = arena_cstr(w->b->arena, key_of(w->lines[at]));
			return false;
		}
	}
	return true;
}

/* ---- bringing them back ---- */

static bool bring_back(struct work *w, str key)
{
	struct store *into = media_store(&w->app, media_shelf_of(key));
	char hash[HASH_DIGITS];
	struct store_object object;
	err e = store_head(into, w->one, key, &object);

	if (err_is(e, err_not_found)) {
		e = carry(w, w->copy, copy_key(w, key), into, key, hash);
		w->done += !e.info;
	}
	return !e.info || fail(arena_cstr(w->b->arena, key), e);
}

static bool bring_all_back(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		arena_reset(w->one);
		if (!bring_back(w, key_of(w->lines[i])))
			return false;
	}
	return true;
}

/* On a new machine there is none; the bucket has it. */
static bool fetch_list(struct work *w)
{
	char hash[HASH_DIGITS];
	struct spool *spool;
	int from;
	FILE *f;
	err e;

	if (!in_bucket(w->b) || access(backup_path(w->b, LIST), F_OK) == 0)
		return true;
	e = spool_open(w->copy, w->one, &spool);
	if (!e.info)
		e = read_all(w, w->copy, S(LIST), spool, hash);
	if (!e.info)
		e = spool_flush(spool, &from);
	f = e.info ? NULL : fopen(backup_path(w->b, LIST), "we");
	if (!f)
		return fail(LIST, e);
	for (ssize_t n, at = 0; (n = pread(from, w->piece, PIECE, at)) > 0; at += n)
		fwrite(w->piece, 1, (size_t)n, f);
	return fclose(f) == 0 || fail(LIST, OK);
}

static bool fetch_and_bring_back(struct work *w)
{
	return fetch_list(w) && read_list(w) && bring_all_back(w);
}

/* ---- the frame: stores, and a loop to wait on ---- */

static struct store *open_copy(struct work *w)
{
	const struct config *c = w->b->config;
	const struct store_bucket bucket = {
		.endpoint = config_str(c, "BACKUP_S3_ENDPOINT"),
		.region = config_str(c, "BACKUP_S3_REGION"),
		.bucket = config_str(c, "BACKUP_S3_BUCKET"),
		.access_key = config_str(c, "BACKUP_S3_ACCESS_KEY"),
		.secret_key = config_str(c, "BACKUP_S3_SECRET_KEY"),
	};

	return in_bucket(w->b) ? store_on_s3(w->b->dir, w->offload, &bucket)
			       : store_on_disk(w->b->dir, w->offload);
}

static void run(void *arg)
{
	struct work *w = arg;

	w->good = w->run(w);
	loop_stop(w->loop);
}

static bool begin(struct work *w)
{
	const char *problem = "out of memory";

	w->loop = loop_new();
	w->offload = offload_new(THREADS, QUEUE);
	w->piece = malloc(PIECE);
	w->app = (struct app){ .config = w->b->config, .media = media_new(w->b->config, &problem) };
	w->copy = w->offload ? open_copy(w) : NULL;
	w->page = arena_new(), w->one = arena_new();
	return (w->loop && w->piece && w->app.media && w->copy)
		|| backup_complain("media", problem);
}

static bool work(struct work *w)
{
	if (begin(w) && loop_start(w->loop, run, w))
		loop_run(w->loop);
	arena_free(w->page), arena_free(w->one);
	offload_free(w->offload);
	store_free(w->copy);
	media_free(w->app.media);
	loop_free(w->loop);
	free(w->piece);
	return w->good;
}

bool backup_media(const struct backup *b, int64_t *ret_n)
{
	struct work w = { .b = b, .run = keep_and_list };
	bool good = read_list(&w) && work(&w);

	*ret_n = w.done;
	return good;
}

bool backup_media_check(const struct backup *b, int sample, const char **ret_bad)
{
	struct work w = { .b = b, .run = check_sample, .sample = sample };
	bool good = read_list(&w) && work(&w);

	*ret_bad = w.bad;
	return good;
}

/* What root has made belongs to whom the folder does. */
static bool give_to_server(const struct backup *b)
{
	const char *dir = config_cstr(b->config, "UPLOAD_DIR");
	const char *like = arena_printf(b->arena, "--reference=%s", dir).p;
	const char *const argv[] = { "chown", "-R", like, dir, NULL };

	return geteuid() != 0 || access(dir, F_OK) != 0
		|| process_run(&(struct spawn){ .argv = argv }) == 0;
}

bool backup_media_restore(const struct backup *b, int64_t *ret_n)
{
	struct work w = { .b = b, .run = fetch_and_bring_back };
	bool good = work(&w) && give_to_server(b);

	*ret_n = w.done;
	return good;
}
