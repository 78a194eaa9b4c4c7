/*
 * See objects.h. A folder has <bucket>/<name>/<version>, as the old storage lays its files, or <bucket>/<name>.
 * The API is asked for pieces (RFC 9110 §14.2), so that memory does not grow with an object, with the service
 * key. Protocol: https://supabase.com/docs/guides/storage, github.com/supabase/storage, routes/object.
 */
#include "app/supabase/objects.h"

#include "lib/base/codec.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 8 << 20, READ = 1 << 16, TRIES = 6, DEPTH_MAX = 64 };

/* ---- a folder ---- */

/* A name is a way down from its bucket, whatever it says. */
static bool leads_outside(str name)
{
	while (name.p) {
		str part = str_cut(&name, '/');

		if (str_eq(part, S(".")) || str_eq(part, S("..")) || str_empty(part))
			return true;
	}
	return false;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EISDIR;
		return -1;
	}
	return fd;
}

static enum object_fate read_file(struct arena *a, int fd, struct spool *to, const char **problem)
{
	char *buf = arena_alloc(a, READ);
	ssize_t n;

	while ((n = read(fd, buf, READ)) > 0)
		if (spool_write(to, buf, (size_t)n).info) {
			*problem = "the store takes no more";
			return OBJECT_BROKEN;
		}
	if (n == 0)
		return OBJECT_READ;
	*problem = arena_cstr(a, str_of(strerror(errno)));
	return OBJECT_BROKEN;
}

static enum object_fate from_folder(const struct object_source *s, struct arena *a,
				    const struct object *o, struct spool *to, const char **problem)
{
	const char *path = arena_printf(a, "%s/%s/%s", s->dir, o->bucket, o->name).p;
	enum object_fate fate;
	int fd = -1;

	*problem = "no such file";
	if (leads_outside(str_of(o->name)) || leads_outside(str_of(o->bucket)))
		return OBJECT_MISSING;
	if (o->version)
		fd = open_file(arena_printf(a, "%s/%s", path, o->version).p);
	if (fd < 0)
		fd = open_file(path);
	if (fd < 0) {
		bool gone =
			errno == ENOENT || errno == ENOTDIR || errno == EISDIR || errno == ELOOP;

		*problem = gone ? *problem : arena_cstr(a, str_of(strerror(errno)));
		return gone ? OBJECT_MISSING : OBJECT_BROKEN;
	}
	fate = read_file(a, fd, to, problem);
	close(fd);
	return fate;
}

/* ---- the files of a folder ---- */

struct walk {
	bool (*fn)(void *arg, const char *path);
	void *arg;
	size_t root;
	char path[4096];
};

static bool walk_folder(struct walk *w, size_t n, int depth);

static bool walk_entry(struct walk *w, size_t n, const char *name, int depth)
{
	int more = snprintf(w->path + n, sizeof(w->path) - n, "/%s", name);
	struct stat st;

	if (more < 0 || n + (size_t)more >= sizeof(w->path))
		return true;
	if (lstat(w->path, &st) != 0)
		return true;
	if (S_ISDIR(st.st_mode))
		return depth >= DEPTH_MAX || walk_folder(w, n + (size_t)more, depth + 1);
	return !S_ISREG(st.st_mode) || w->fn(w->arg, w->path + w->root + 1);
}

static bool walk_folder(struct walk *w, size_t n, int depth)
{
	DIR *d = opendir(w->path);
	struct dirent *e;
	bool good = d != NULL;

	while (good && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			good = walk_entry(w, n, e->d_name, depth);
	if (d)
		closedir(d);
	w->path[n] = '\0';
	return good;
}

bool object_files(const struct object_source *s, bool (*fn)(void *arg, const char *path), void *arg)
{
	struct walk *w = calloc(1, sizeof(*w));
	int n;
	bool good;

	if (!w)
		return false;
	n = snprintf(w->path, sizeof(w->path), "%s", s->dir);
	w->fn = fn;
	w->arg = arg;
	w->root = (size_t)n;
	good = (size_t)n < sizeof(w->path) && walk_folder(w, (size_t)n, 0);
	free(w);
	return good;
}

/* ---- the API ---- */

/* Each part of the way encoded, the slashes between them kept. */
static str address(const struct object_source *s, struct arena *a, const struct object *o)
{
	str way = arena_printf(a, "%s/%s", o->bucket, o->name);
	char *out = arena_alloc(a, PERCENT_MAX(way.n));
	size_t n = 0;

	while (way.p) {
		n += percent_encode(str_cut(&way, '/'), out + n);
		if (way.p)
			out[n++] = '/';
	}
	return arena_printf(a, "%.*s/object/authenticated/%.*s", (int)s->url.n, s->url.p, (int)n,
			    out);
}

static err ask(const struct object_source *s, struct arena *a, str url, int64_t from,
	       struct fetch_reply *out)
{
	str range =
		arena_printf(a, "bytes=%lld-%lld", (long long)from, (long long)from + PIECE - 1);
	str bearer = arena_printf(a, "Bearer %.*s", (int)s->service_key.n, s->service_key.p);
	const struct pair headers[] = {
		{ S("Authorization"), bearer },
		{ S("apikey"), s->service_key },
		{ S("Range"), range },
	};
	const struct fetch f = { .url = url,
				 .headers = headers,
				 .nheaders = sizeof(headers) / sizeof(*headers),
				 .reply_max = PIECE,
				 .multiplex = true };

	return fetch_http(a, &f, 0, out);
}

/* Nothing wrong with the object: the server, the net or the time is. */
static bool is_passing(err e, int status)
{
	return e.info || status == 429 || status >= 500;
}

/* Asks again, after longer and longer pauses, while that may help. */
static enum object_fate ask_patiently(const struct object_source *s, struct arena *a, str url,
				      int64_t from, struct fetch_reply *out, const char **problem)
{
	for (int try = 0;; try++) {
		int64_t pause = (200 * MILLISECOND) << try;
		err e = ask(s, a, url, from, out);

		if (!is_passing(e, out->status))
			return OBJECT_READ;
		if (try == TRIES) {
			*problem = e.info
				? arena_cstr(a, str_of(e.info->message))
				: arena_printf(a, "the storage answers %d", out->status).p;
			return OBJECT_BROKEN;
		}
		if (!e.info && fetch_retry_after(out) > pause)
			pause = fetch_retry_after(out);
		loop_sleep(pause < 30 * SECOND ? pause : 30 * SECOND);
	}
}

/* What the server means by a status other than success: it says 400 for nearly everything, and what it is in
 * the body. */
static enum object_fate refusal(struct arena *a, const struct fetch_reply *r, const char **problem)
{
	bool gone = r->status == 404
		|| (r->status == 400
		    && (str_find(r->body, S("\"NoSuchKey\"")) >= 0
			|| str_find(r->body, S("\"NoSuchBucket\"")) >= 0
			|| str_find(r->body, S("\"404\"")) >= 0));

	if (gone) {
		*problem = "the storage has no such object";
		return OBJECT_MISSING;
	}
	if (r->status == 401 || r->status == 403 || str_find(r->body, S("\"401\"")) >= 0
	    || str_find(r->body, S("\"403\"")) >= 0)
		*problem = "the storage does not take the service key";
	else
		*problem = arena_printf(a, "the storage answers %d", r->status).p;
	return OBJECT_BROKEN;
}

/* The whole behind "bytes 0-99/1234"; -1: not told. */
static int64_t whole_size(const struct fetch_reply *r)
{
	str range = fetch_header(r, "Content-Range");
	ptrdiff_t slash = range.p ? str_find_char(range, '/') : -1;
	int64_t n;

	if (slash < 0 || !str_to_i64(str_slice(range, (size_t)slash + 1, range.n), &n))
		return -1;
	return n;
}

static enum object_fate from_api(const struct object_source *s, struct arena *kept,
				 const struct object *o, struct spool *to, const char **problem)
{
	struct arena *a = arena_new();
	str url = address(s, kept, o);
	enum object_fate fate = OBJECT_READ;
	int64_t whole = 0;
	bool more = true;

	*problem = "";
	while (fate == OBJECT_READ && more) {
		struct fetch_reply r = { 0 };

		arena_reset(a);
		fate = ask_patiently(s, a, url, spool_size(to), &r, problem);
		if (fate != OBJECT_READ)
			break;
		if (r.status == 416) /* nothing from there on */
			break;
		if (r.status != 200 && r.status != 206) {
			fate = refusal(a, &r, problem);
			break;
		}
		whole = r.status == 206 ? whole_size(&r) : (int64_t)r.body.n;
		if (spool_write(to, r.body.p, r.body.n).info) {
			*problem = "the store takes no more";
			fate = OBJECT_BROKEN;
		}
		more = whole < 0 ? r.body.n == PIECE : r.body.n > 0 && spool_size(to) < whole;
	}
	*problem = arena_cstr(kept, str_of(*problem));
	arena_free(a);
	return fate;
}

enum object_fate object_fetch(const struct object_source *s, struct arena *a,
			      const struct object *o, struct spool *to, const char **problem)
{
	return s->dir ? from_folder(s, a, o, to, problem) : from_api(s, a, o, to, problem);
}
