/*
 * Objects in a bucket: the REST API of S3 with addresses of the form endpoint/bucket/key, which R2, MinIO and
 * the others understand as well. Files above 16 MiB go in parts of that size, so that a broken connection
 * costs one of them; a put that fails takes back what it had sent.
 */
#include "lib/store/ops.h"

#include "lib/base/codec.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"
#include "lib/store/sigv4.h"

#include <stdio.h>
#include <time.h>

enum { PART = 16 * 1024 * 1024, TRIES = 3, LIST_MAX = 1000 };

static const int64_t patience = 5 * MINUTE; /* for one request: a part of 16 MiB on a thin line */

struct call {
	const char *method;
	str key;   /* absent: of the bucket */
	str query; /* encoded, in order */
	str mime, range, body;
	const struct fetch_file *file;
	size_t reply_max;
};

/* ---- one request ---- */

/* The endpoint in its parts: "https://host", and the path that buckets are below, without a slash at its end. */
static str cut_endpoint(const struct store *s, str *ret_base)
{
	str all = s->bucket.endpoint;
	ptrdiff_t at = str_find(all, S("://")), slash;
	size_t host = at < 0 ? 0 : (size_t)at + 3;

	while (str_ends(all, S("/")))
		all.n--;
	slash = str_find_char(str_slice(all, host, all.n), '/');
	*ret_base = slash < 0 ? all : str_slice(all, 0, host + (size_t)slash);
	return str_slice(all, ret_base->n, all.n);
}

static str host_of(const struct store *s)
{
	str base;
	ptrdiff_t at;

	cut_endpoint(s, &base);
	at = str_find(base, S("://"));
	return str_slice(base, at < 0 ? 0 : (size_t)at + 3, base.n);
}

static str path_of(const struct store *s, struct arena *a, str key)
{
	str base, below = cut_endpoint(s, &base), path;

	path = arena_printf(a, "%.*s/%.*s", (int)below.n, below.p, (int)s->bucket.bucket.n,
			    s->bucket.bucket.p);

	if (str_empty(key))
		return path;
	return arena_printf(a, "%s/%s", path.p, sigv4_encode(a, key, true).p);
}

static str base_of(const struct store *s)
{
	str base;

	cut_endpoint(s, &base);
	return base;
}

static size_t add(struct pair *headers, size_t n, str name, str value)
{
	if (value.p)
		headers[n++] = (struct pair){ name, value };
	return n;
}

/* Anything but the network's failure is a reply. */
static err send_once(struct store *s, struct arena *a, const struct call *c,
		     struct fetch_reply *out)
{
	struct sigv4 q = { .method = c->method,
			   .host = host_of(s),
			   .path = path_of(s, a, c->key),
			   .query = c->query,
			   .payload = S("UNSIGNED-PAYLOAD"),
			   .at = time_now() };
	char time[SIGV4_TIME + 1];
	struct pair headers[5];
	size_t n = 0;
	str base = base_of(s);

	sigv4_time(q.at, time);
	n = add(headers, n, S("x-amz-date"), (str){ time, SIGV4_TIME });
	n = add(headers, n, S("x-amz-content-sha256"), q.payload);
	n = add(headers, n, S("Authorization"), sigv4_header(a, &s->bucket, &q));
	n = add(headers, n, S("Content-Type"), c->mime);
	n = add(headers, n, S("Range"), c->range);
	const struct fetch f = {
		.method = c->method,
		.url = arena_printf(a, "%.*s%s%s%.*s", (int)base.n, base.p, q.path.p,
				    c->query.n ? "?" : "", (int)c->query.n,
				    c->query.n ? c->query.p : ""),
		.headers = headers,
		.nheaders = n,
		.body = c->body,
		.file = c->file,
		.reply_max = c->reply_max,
	};
	return fetch_http(a, &f, time_monotonic() + patience, out);
}

/* A network that breaks and a bucket that asks for patience get another try. Each request can be repeated:
 * it says what is to be, not what is to change. */
static err send(struct store *s, struct arena *a, const struct call *c, struct fetch_reply *out)
{
	for (int i = 0; i < TRIES; i++) {
		err e = send_once(s, a, c, out);

		if (!e.info && out->status < 500 && out->status != 429)
			break;
		if (i + 1 == TRIES)
			return err_store_unavailable;
		loop_sleep((100 * MILLISECOND) << (2 * i));
	}
	if (out->status == 404)
		return err_not_found;
	return out->status >= 300 ? err_store_unavailable : OK;
}

/* ---- XML, of which only a few short texts are wanted ---- */

/* What stands in the first element of that name; absent when there is none. Cuts *rest behind it. */
static str cut_element(struct arena *a, str *rest, const char *name)
{
	str open = arena_printf(a, "<%s>", name), close = arena_printf(a, "</%s>", name);
	ptrdiff_t from = str_find(*rest, open), to;
	str inside;

	if (from < 0)
		return (str){ 0 };
	inside = str_slice(*rest, (size_t)from + open.n, rest->n);
	to = str_find(inside, close);
	if (to < 0)
		return (str){ 0 };
	*rest = str_slice(inside, (size_t)to + close.n, inside.n);
	return str_slice(inside, 0, (size_t)to);
}

static str element(struct arena *a, str xml, const char *name)
{
	return cut_element(a, &xml, name);
}

/* ---- put ---- */

struct parts {
	struct store *store;
	struct arena *arena;
	str key, id; /* id: of the upload, encoded */
	int fd;
	int64_t size;
	str done; /* the XML that ends it */
};

static err send_part(struct parts *p, int number, int64_t at)
{
	int64_t left = p->size - at;
	const struct fetch_file file = { p->fd, at, left < PART ? left : PART };
	const struct call c = {
		.method = "PUT",
		.key = p->key,
		.query = arena_printf(p->arena, "partNumber=%d&uploadId=%s", number, p->id.p),
		.file = &file,
	};
	struct fetch_reply reply;
	str etag;

	TRY(send(p->store, p->arena, &c, &reply));
	etag = fetch_header(&reply, "ETag");
	if (str_empty(etag))
		return err_store_unavailable;
	p->done = arena_printf(p->arena,
			       "%s<Part><PartNumber>%d</PartNumber><ETag>%.*s</ETag></Part>",
			       p->done.p, number, (int)etag.n, etag.p);
	return OK;
}

/* A failure may come with the status 200, when it is found after the head was sent. */
static err complete(struct parts *p)
{
	const struct call c = {
		.method = "POST",
		.key = p->key,
		.query = arena_printf(p->arena, "uploadId=%s", p->id.p),
		.mime = S("application/xml"),
		.body = arena_printf(p->arena,
				     "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
				     p->done.p),
	};
	struct fetch_reply reply;

	TRY(send(p->store, p->arena, &c, &reply));
	return str_find(reply.body, S("<Error>")) < 0 ? OK : err_store_unavailable;
}

static err send_parts(struct parts *p)
{
	int number = 1;

	for (int64_t at = 0; at < p->size; at += PART)
		TRY(send_part(p, number++, at));
	return complete(p);
}

/* So that nobody pays for parts of what never was. */
static void abort_parts(struct parts *p)
{
	const struct call c = { .method = "DELETE",
				.key = p->key,
				.query = arena_printf(p->arena, "uploadId=%s", p->id.p) };
	struct fetch_reply reply;
	err e = send(p->store, p->arena, &c, &reply);

	(void)e; /* the bucket's own rules clean up what is left */
}

static err put_parts(struct parts *p, str mime)
{
	const struct call begin = { .method = "POST",
				    .key = p->key,
				    .query = S("uploads="),
				    .mime = mime,
				    .body = S("") };
	struct fetch_reply reply;
	str id;
	err e;

	TRY(send(p->store, p->arena, &begin, &reply));
	id = element(p->arena, reply.body, "UploadId");
	if (str_empty(id))
		return err_store_unavailable;
	p->id = sigv4_encode(p->arena, id, false);
	e = send_parts(p);
	if (e.info)
		abort_parts(p);
	return e;
}

static err put_with(struct arena *a, struct store *s, struct spool *from, str key, str mime)
{
	struct parts p = { s, a, key, .size = spool_size(from), .done = S("") };
	struct fetch_file file;
	struct fetch_reply reply;

	TRY(spool_flush(from, &p.fd));
	file = (struct fetch_file){ p.fd, 0, p.size };
	if (p.size > PART)
		return put_parts(&p, mime);
	const struct call c = { .method = "PUT", .key = key, .mime = mime, .file = &file };
	return send(s, a, &c, &reply);
}

static err s3_put(struct store *s, struct spool *from, str key, str mime)
{
	struct arena *a = arena_new();
	err e = put_with(a, s, from, key, mime);

	arena_free(a);
	return err_is(e, err_not_found) ? err_store_unavailable : e; /* no such bucket */
}

/* ---- the rest ---- */

static err s3_head(struct store *s, struct arena *a, str key, struct store_object *out)
{
	const struct call c = { .method = "HEAD", .key = key };
	struct store_object found = { .key = arena_copy(a, key) };
	struct fetch_reply reply;

	TRY(send(s, a, &c, &reply));
	if (!str_to_i64(fetch_header(&reply, "Content-Length"), &found.size))
		return err_store_unavailable;
	found.mime = arena_copy(a, fetch_header(&reply, "Content-Type"));
	found.modified = fetch_date(fetch_header(&reply, "Last-Modified"));
	*out = found;
	return OK;
}

/* 416 is a range behind the end. */
static err read_range(struct arena *a, struct store *s, const struct call *c, void *buf, size_t n,
		      size_t *got)
{
	struct fetch_reply reply = { 0 };
	err e = send(s, a, c, &reply);

	*got = 0;
	if (e.info)
		return reply.status == 416 ? OK : e;
	*got = reply.body.n < n ? reply.body.n : n;
	memcpy(buf, reply.body.p, *got);
	return OK;
}

static err s3_read(struct store *s, str key, int64_t at, void *buf, size_t n, size_t *got)
{
	struct arena *a = arena_new();
	const struct call c = {
		.method = "GET",
		.key = key,
		.range = arena_printf(a, "bytes=%lld-%lld", (long long)at,
				      (long long)at + (long long)n - 1),
		.reply_max = n + 64 * 1024,
	};
	err e = read_range(a, s, &c, buf, n, got);

	arena_free(a);
	return e;
}

static err s3_remove(struct store *s, str key)
{
	struct arena *a = arena_new();
	const struct call c = { .method = "DELETE", .key = key };
	struct fetch_reply reply;
	err e = send(s, a, &c, &reply);

	arena_free(a);
	return err_is(e, err_not_found) ? OK : e;
}

static err s3_open(struct store *s, str key, int *ret_fd)
{
	(void)s, (void)key;
	*ret_fd = -1;
	return OK;
}

static str s3_url(struct store *s, struct arena *a, str key, int64_t seconds)
{
	const struct sigv4 q = { .method = "GET",
				 .host = host_of(s),
				 .path = path_of(s, a, key),
				 .at = { time_now().us / HOUR * HOUR } };
	str base = base_of(s);

	/* of the full hour, so that within it everybody gets the same, and caches work */
	return arena_printf(a, "%.*s%s?%s", (int)base.n, base.p, q.path.p,
			    sigv4_query(a, &s->bucket, &q, seconds + HOUR / SECOND).p);
}

/* ---- lists ---- */

/* What stands in XML, without its entities (XML 1.0 §4.6). */
static str unescape(struct arena *a, str s)
{
	static const struct {
		const char *entity;
		char means;
	} known[] = { { "&amp;", '&' },
		      { "&lt;", '<' },
		      { "&gt;", '>' },
		      { "&quot;", '"' },
		      { "&apos;", '\'' } };
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0, i = 0;

	while (i < s.n) {
		str rest = str_slice(s, i, s.n);
		size_t k = 0;

		while (k < sizeof(known) / sizeof(*known)
		       && !str_starts(rest, str_of(known[k].entity)))
			k++;
		out[n++] = k < sizeof(known) / sizeof(*known) ? known[k].means : s.p[i];
		i += k < sizeof(known) / sizeof(*known) ? strlen(known[k].entity) : 1;
	}
	out[n] = '\0';
	return (str){ out, n };
}

/* Keys come percent-encoded, as the request asks for, from whoever can. */
static str decode(struct arena *a, str s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = percent_decode(s, true, out);

	out[n] = '\0';
	return (str){ out, n };
}

static str query_for(struct arena *a, str prefix, str after, size_t limit)
{
	str query = arena_printf(a, "encoding-type=url&list-type=2&max-keys=%zu&prefix=%s", limit,
				 sigv4_encode(a, prefix, false).p);

	if (str_empty(after))
		return query;
	return arena_printf(a, "%s&start-after=%s", query.p, sigv4_encode(a, after, false).p);
}

static err s3_list(struct store *s, struct arena *a, str prefix, str after, size_t limit,
		   struct list *out)
{
	size_t n = limit < LIST_MAX ? limit : LIST_MAX;
	const struct call c = { .method = "GET",
				.query = query_for(a, prefix, after, n),
				.reply_max = 4 * 1024 * 1024 };
	struct store_object *v = arena_zalloc(a, n * sizeof(*v));
	struct fetch_reply reply;
	bool coded;
	str item;

	TRY(send(s, a, &c, &reply));
	coded = str_eq(element(a, reply.body, "EncodingType"), S("url"));
	*out = (struct list){ v, 0, sizeof(*v) };
	while (out->n < n && (item = cut_element(a, &reply.body, "Contents")).p) {
		struct store_object *o = &v[out->n++];

		o->key = element(a, item, "Key");
		o->key = coded ? decode(a, o->key) : unescape(a, o->key);
		if (!str_to_i64(element(a, item, "Size"), &o->size)
		    || !time_parse(element(a, item, "LastModified"), &o->modified))
			return err_store_unavailable;
	}
	return OK;
}

static const struct store_ops s3 = {
	.put = s3_put,
	.head = s3_head,
	.read = s3_read,
	.remove = s3_remove,
	.list = s3_list,
	.open = s3_open,
	.url = s3_url,
};

struct store *store_on_s3(const char *dir, struct offload *offload,
			  const struct store_bucket *bucket)
{
	struct store *s = store_new(&s3, dir, offload);

	if (s)
		s->bucket = *bucket;
	return s;
}
