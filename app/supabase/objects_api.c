/*
 * See objects.h. The API is asked for pieces (RFC 9110 §14.2), so that memory does not grow with an object, with the
 * service key. Protocol: https://supabase.com/docs/guides/storage, github.com/supabase/storage, routes/object.
 */
#include "app/supabase/objects.h"

#include "lib/base/codec.h"
#include "lib/base/json.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"

enum { PIECE = 8 << 20, TRIES = 6, PAGE = 1000 };

static str encoded(struct arena *a, str part)
{
	char *out = arena_alloc(a, PERCENT_MAX(part.n) + 1);

	return (str){ out, percent_encode(part, out) };
}

/* Each part of the way encoded, the slashes between them kept. */
static str address(const struct object_source *s, struct arena *a, const struct object *o)
{
	str rest = arena_printf(a, "%s/%s", o->bucket, o->name);
	str url = arena_printf(a, "%.*s/object/authenticated", (int)s->url.n, s->url.p);

	while (rest.p) {
		str part = encoded(a, str_cut(&rest, '/'));

		url = arena_printf(a, "%.*s/%.*s", (int)url.n, url.p, (int)part.n, part.p);
	}
	return url;
}

/* What is asked for: a piece of an object from so many bytes on, or, with a body, a list. */
struct question {
	str url, body;
	int64_t from;
};

static err ask(const struct object_source *s, struct arena *a, const struct question *q,
	       struct fetch_reply *out)
{
	str range = arena_printf(a, "bytes=%lld-%lld", (long long)q->from,
				 (long long)q->from + PIECE - 1);
	str bearer = arena_printf(a, "Bearer %.*s", (int)s->service_key.n, s->service_key.p);
	const struct pair headers[] = {
		{ S("Authorization"), bearer },
		{ S("apikey"), s->service_key },
		q->body.p ? (struct pair){ S("Content-Type"), S("application/json") }
			  : (struct pair){ S("Range"), range },
	};
	const struct fetch f = { .url = q->url,
				 .headers = headers,
				 .nheaders = sizeof(headers) / sizeof(*headers),
				 .body = q->body,
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
static enum object_fate ask_patiently(const struct object_source *s, struct arena *a,
				      const struct question *q, struct fetch_reply *out,
				      const char **problem)
{
	for (int try = 0;; try++) {
		int64_t pause = (200 * MILLISECOND) << try;
		err e = ask(s, a, q, out);

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

enum object_fate object_from_api(const struct object_source *s, struct arena *kept,
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
		fate = ask_patiently(s, a, &(struct question){ .url = url, .from = spool_size(to) },
				     &r, problem);
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

/* ---- what it lists ---- */

struct entry {
	uuid id; /* nil: a folder */
	str name;
};
static const struct field entry_fields[] = {
	FIELD(struct entry, id),
	FIELD(struct entry, name),
	{ 0 },
};

/* Of a bucket: its id is no uuid, and the same as its name. */
static const struct field bucket_fields[] = {
	FIELD(struct entry, name),
	{ 0 },
};

struct entries {
	struct list list;
};
static const struct field entries_fields[] = {
	FIELD(struct entries, list, .of = entry_fields, .size = sizeof(struct entry)),
	{ 0 },
};
static const struct field buckets_fields[] = {
	FIELD(struct entries, list, .of = bucket_fields, .size = sizeof(struct entry)),
	{ 0 },
};

/* Folders that are still to be looked into. */
struct folder {
	const char *bucket, *prefix;
	struct folder *next;
};

struct listing {
	const struct object_source *s;
	struct arena *arena; /* what lives as long as it */
	struct folder *folders;
	object_path_fn *fn;
	void *arg;
	const char *problem; /* NULL: none */
};

static void push(struct listing *l, str bucket, str prefix)
{
	struct folder *f = arena_alloc(l->arena, sizeof(*f));

	*f = (struct folder){ arena_cstr(l->arena, bucket), arena_cstr(l->arena, prefix),
			      l->folders };
	l->folders = f;
}

/* A list comes as a bare array. */
static bool ask_list(struct listing *l, struct arena *a, const struct question *q,
		     const struct field *fields, struct entries *out)
{
	struct fetch_reply r = { 0 };
	const char *problem = NULL;
	enum object_fate fate = ask_patiently(l->s, a, q, &r, &problem);
	str body;

	*out = (struct entries){ 0 };
	if (fate == OBJECT_READ && r.status / 100 != 2)
		fate = refusal(a, &r, &problem);
	body = arena_printf(a, "{\"list\":%.*s}", (int)r.body.n, r.body.p ? r.body.p : "");
	if (fate == OBJECT_READ && fields_from_json(a, body, fields, out, NULL).info)
		problem = "the storage answers something else";
	l->problem = problem ? arena_cstr(l->arena, str_of(problem)) : NULL;
	return !problem;
}

static str list_body(struct arena *a, const char *prefix, int offset)
{
	struct json_writer w;

	json_init(&w, a, 256);
	json_object_begin(&w);
	json_key(&w, S("prefix"));
	json_str(&w, str_of(prefix));
	json_key(&w, S("limit"));
	json_int(&w, PAGE);
	json_key(&w, S("offset"));
	json_int(&w, offset);
	json_object_end(&w);
	return json_text(&w);
}

static bool take_entry(struct listing *l, struct arena *a, const struct folder *f,
		       const struct entry *e)
{
	str name = arena_printf(a, "%s%s%.*s", f->prefix, *f->prefix ? "/" : "", (int)e->name.n,
				e->name.p);

	if (uuid_is_nil(e->id)) {
		push(l, str_of(f->bucket), name);
		return true;
	}
	return l->fn(l->arg, arena_printf(a, "%s/%s", f->bucket, name.p).p);
}

static bool list_folder(struct listing *l, struct arena *a, const struct folder *f)
{
	str bucket = encoded(a, str_of(f->bucket));
	struct question q = { .url = arena_printf(a, "%.*s/object/list/%.*s", (int)l->s->url.n,
						  l->s->url.p, (int)bucket.n, bucket.p) };
	struct entries page;
	int offset = 0;

	do {
		q.body = list_body(a, f->prefix, offset);
		if (!ask_list(l, a, &q, entries_fields, &page))
			return false;
		for (size_t i = 0; i < page.list.n; i++)
			if (!take_entry(l, a, f, &((struct entry *)page.list.v)[i]))
				return false;
		offset += PAGE;
	} while (page.list.n == PAGE);
	return true;
}

static bool list_buckets(struct listing *l, struct arena *a)
{
	struct entries all;

	if (!ask_list(l, a,
		      &(struct question){ .url = arena_printf(a, "%.*s/bucket", (int)l->s->url.n,
							      l->s->url.p) },
		      buckets_fields, &all))
		return false;
	for (size_t i = 0; i < all.list.n; i++)
		push(l, ((struct entry *)all.list.v)[i].name, S(""));
	return true;
}

bool object_api_files(const struct object_source *s, struct arena *kept, object_path_fn *fn,
		      void *arg, const char **problem)
{
	struct listing l = { .s = s, .arena = kept, .fn = fn, .arg = arg };
	struct arena *a = arena_new();
	bool good = list_buckets(&l, a);

	while (good && l.folders) {
		struct folder *f = l.folders;

		l.folders = f->next;
		arena_reset(a);
		good = list_folder(&l, a, f);
	}
	arena_free(a);
	*problem = l.problem ? l.problem : "the list cannot be written";
	return good;
}
