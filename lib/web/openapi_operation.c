/* One row of a route table as an operation: parameters, body, replies, who may call it. */
#include "lib/web/openapi_parts.h"
#include "lib/web/page.h"

#include <ctype.h>
#include <string.h>

enum { BODY_MAX = 64 << 10 }; /* route.h: the default of body_max */

const struct failure openapi_failures[FAILURES] = {
	{ 400, "Invalid", "The request is malformed or a member is out of its bounds" },
	{ 401, "Unauthorized", "No valid token" },
	{ 403, "Forbidden", "Not allowed: not yours, blocked, suspended or banned" },
	{ 404, "NotFound", "Missing, or hidden from you" },
	{ 409, "Conflict", "It contradicts what is there already" },
	{ 410, "Gone", "It was there once and has expired" },
	{ 413, "TooLarge", "The body is too large" },
	{ 415, "UnsupportedType", "A file of this type is not accepted" },
	{ 422, "Refused", "The content is not allowed" },
	{ 429, "RateLimited", "Too many requests; Retry-After says when to come back" },
	{ 503, "Unavailable", "Try again later; Retry-After says when" },
};

/* ---- names out of paths ---- */

static bool is_parameter(str segment)
{
	return segment.n > 1 && (segment.p[0] == ':' || segment.p[0] == '*');
}

str template_of(struct arena *a, const char *path, bool blank)
{
	str rest = str_of(path + 1), out = S("");

	while (rest.p) {
		str s = str_cut(&rest, '/'), name = str_slice(s, 1, blank ? 1 : s.n);
		if (is_parameter(s))
			out = arena_printf(a, "%.*s/{%.*s}", (int)out.n, out.p, (int)name.n,
					   name.p);
		else
			out = arena_printf(a, "%.*s/%.*s", (int)out.n, out.p, (int)s.n, s.p);
	}
	return out;
}

/* The path without what all of the API's have in common. */
static const char *own_part(const char *path)
{
	static const char prefix[] = "/api/v1/";

	return strncmp(path, prefix, sizeof(prefix) - 1) == 0 ? path + sizeof(prefix) - 1
							      : path + 1;
}

str tag_of(const struct route *r)
{
	str rest = str_of(own_part(r->path));
	str tag = str_cut(&rest, '/');
	ptrdiff_t dot = str_find_char(tag, '.');

	return dot > 0 ? str_slice(tag, 0, (size_t)dot) : tag;
}

/* GET /api/v1/posts/:id/like is getPostsByIdLike. */
static str operation_id(struct arena *a, const struct route *r)
{
	const char *p = own_part(r->path);
	char *out = arena_alloc(a, 3 * strlen(p) + 16);
	size_t n = 0;
	bool upper = true;

	for (const char *m = method_name(r->method); *m; m++)
		out[n++] = (char)tolower((unsigned char)*m);
	for (; *p; p++) {
		if (*p == ':' || *p == '*') {
			out[n++] = 'B';
			out[n++] = 'y';
		} else if (isalnum((unsigned char)*p)) {
			out[n++] = (char)(upper ? toupper((unsigned char)*p) : *p);
		}
		upper = !isalnum((unsigned char)*p);
	}
	return (str){ out, n };
}

/* ---- parameters ---- */

static void begin_parameter(struct document *d, str name, const char *in, bool required)
{
	json_object_begin(d->w);
	put_text(d->w, "name", name);
	put_text(d->w, "in", str_of(in));
	json_key(d->w, S("required"));
	json_bool(d->w, required);
}

static void put_path_parameters(struct document *d, const char *path)
{
	str rest = str_of(path + 1);

	while (rest.p) {
		str segment = str_cut(&rest, '/'), name = str_slice(segment, 1, segment.n);
		if (!is_parameter(segment))
			continue;
		begin_parameter(d, name, "path", true);
		json_key(d->w, S("schema"));
		json_raw(d->w,
			 str_eq(name, S("id")) ? S("{\"type\":\"string\",\"format\":\"uuid\"}")
					       : S("{\"type\":\"string\"}"));
		json_object_end(d->w);
	}
}

void put_query_parameter(struct document *d, const struct field *f, const char *name)
{
	bool is_array =
		f->kind == K_STRS || f->kind == K_UUIDS || f->kind == K_I32S || f->kind == K_I64S;

	begin_parameter(d, str_of(name), "query", f->required && !f->alias);
	if (is_array) { /* comma-separated */
		put_text(d->w, "style", S("form"));
		json_key(d->w, S("explode"));
		json_bool(d->w, false);
	}
	json_key(d->w, S("schema"));
	schemas_value(&d->schemas, d->w, f);
	json_object_end(d->w);
}

static void put_limit(struct document *d, const struct route *r)
{
	begin_parameter(d, S("limit"), "query", false);
	put_text(d->w, "description", str_of(page_fields[0].help));
	json_key(d->w, S("schema"));
	json_raw(d->w,
		 arena_printf(d->arena, "{\"type\":\"integer\",\"default\":%d,\"maximum\":%d}",
			      r->page, page_limit_max(r)));
	json_object_end(d->w);
}

static void put_parameters(struct document *d, const char *path, const struct route *r)
{
	json_key(d->w, S("parameters"));
	json_array_begin(d->w);
	put_path_parameters(d, path);
	for (const struct field *f = r->query; f && f->name; f++) {
		put_query_parameter(d, f, f->name);
		if (f->alias)
			put_query_parameter(d, f, f->alias);
	}
	if (r->page) {
		put_limit(d, r);
		put_ref(d->w, "parameters", S("Offset"));
		put_ref(d->w, "parameters", S("Cursor"));
		d->has_pages = true;
	}
	json_array_end(d->w);
}

/* ---- bodies and replies ---- */

void put_content(struct document *d, const char *type, const struct field *fields, bool input)
{
	json_key(d->w, S("content"));
	json_object_begin(d->w);
	json_key(d->w, str_of(type));
	json_object_begin(d->w);
	json_key(d->w, S("schema"));
	schemas_ref(&d->schemas, d->w, fields, input);
	json_object_end(d->w);
	json_object_end(d->w);
}

static bool needs_body(const struct field *f)
{
	for (; f->name; f++)
		if (f->required)
			return true;
	return false;
}

static void put_body(struct document *d, const struct route *r)
{
	if (!r->body && r->body_kind != BODY_STREAM)
		return;
	json_key(d->w, S("requestBody"));
	json_object_begin(d->w);
	put_text(d->w, "description",
		 arena_printf(d->arena, "At most %zu KiB.",
			      (r->body_max ? r->body_max : BODY_MAX) >> 10));
	json_key(d->w, S("required"));
	json_bool(d->w, !r->body || needs_body(r->body));
	if (r->body) {
		const char *form = "application/x-www-form-urlencoded";
		put_content(d, r->body_kind == BODY_FORM ? form : JSON_TYPE, r->body, true);
	} else {
		json_key(d->w, S("content"));
		json_raw(d->w, S("{\"multipart/form-data\":{\"schema\":{\"type\":\"object\"}}}"));
	}
	json_object_end(d->w);
}

static int status_of(const struct route *r)
{
	return r->status ? r->status : 200;
}

/* Answers in a form of its own, errors included. */
static bool is_page(const struct route *r)
{
	return !r->out && status_of(r) == 200;
}

static void put_success(struct document *d, const struct route *r)
{
	int status = status_of(r);

	json_key(d->w, arena_printf(d->arena, "%d", status));
	json_object_begin(d->w);
	put_text(d->w, "description",
		 is_page(r)		 ? S("A page or a text")
			 : status >= 300 ? S("Elsewhere: see Location")
			 : status == 201 ? S("Made")
					 : S("Done"));
	if (r->out)
		put_content(d, JSON_TYPE, r->out, false);
	json_object_end(d->w);
}

/* What every route of this kind may answer, beside what its row says. */
static bool may_fail_with(const struct route *r, int status)
{
	switch (status) {
	case 400:
		return r->body || r->query || r->page || strstr(r->path, "/:id");
	case 401:
		return r->auth != AUTH_NONE;
	case 403:
		return r->auth == AUTH_USER;
	case 404:
		return strstr(r->path, "/:");
	case 413:
		return r->body || r->body_kind == BODY_STREAM;
	default:
		return status == 429 || status == 503;
	}
}

static bool says_status(const char *errors, int status)
{
	str rest = str_of(errors);
	int64_t n;

	while (rest.p)
		if (str_to_i64(str_cut(&rest, ' '), &n) && n == status)
			return true;
	return false;
}

static void put_responses(struct document *d, const struct route *r)
{
	json_key(d->w, S("responses"));
	json_object_begin(d->w);
	put_success(d, r);
	for (size_t i = 0; i < FAILURES; i++) {
		int status = openapi_failures[i].status;
		if (!may_fail_with(r, status) && !says_status(r->errors, status))
			continue;
		json_key(d->w, arena_printf(d->arena, "%d", status));
		if (is_page(r)) {
			json_object_begin(d->w);
			put_text(d->w, "description", str_of(openapi_failures[i].description));
			json_object_end(d->w);
			continue;
		}
		put_ref(d->w, "responses", str_of(openapi_failures[i].name));
		d->failed_with[i] = true;
	}
	json_object_end(d->w);
}

/* ---- operations ---- */

static void put_security(struct document *d, const struct route *r)
{
	json_key(d->w, S("security"));
	json_raw(d->w,
		 r->auth == AUTH_NONE		    ? S("[]")
			 : r->auth == AUTH_OPTIONAL ? S("[{},{\"token\":[]}]")
						    : S("[{\"token\":[]}]"));
	d->has_tokens |= r->auth != AUTH_NONE;
}

static str describe(struct arena *a, const struct route *r)
{
	static const char *const who[] = {
		[AUTH_USER] = "Needs the token of an active account.",
		[AUTH_ACCOUNT] =
			"Needs a token; the account may be deactivated or pending deletion.",
		[AUTH_OPTIONAL] = "With a token the answer is that user's, without one anybody's.",
		[AUTH_NONE] = "Needs no token.",
	};

	if (!r->rate)
		return str_of(who[r->auth]);
	return arena_printf(a, "%s At most %d at once, then %.6g a minute.", who[r->auth],
			    r->rate->burst, r->rate->per_second * 60);
}

/* A phrase as a sentence's beginning. */
static str capital(struct arena *a, const char *phrase)
{
	return arena_printf(a, "%c%s", toupper((unsigned char)*phrase), phrase + 1);
}

void put_operation(struct document *d, const char *path, const struct route *r)
{
	json_key(d->w, arena_lower(d->arena, str_of(method_name(r->method))));
	json_object_begin(d->w);
	put_text(d->w, "operationId", operation_id(d->arena, r));
	json_key(d->w, S("tags"));
	json_array_begin(d->w);
	json_str(d->w, tag_of(r));
	json_array_end(d->w);
	put_text(d->w, "summary", capital(d->arena, r->summary));
	put_text(d->w, "description", describe(d->arena, r));
	put_security(d, r);
	put_parameters(d, path, r);
	put_body(d, r);
	put_responses(d, r);
	json_object_end(d->w);
}
