/*
 * The document in its order: info, servers, tags, paths, components. Paths come in the order in which
 * the tables name them first; rows of one path, whatever their parameters are called, are one entry.
 */
#include "lib/web/openapi.h"

#include "lib/web/openapi_parts.h"
#include "lib/web/page.h"

/* ---- paths ---- */

static bool is_first_of_path(struct document *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(d->shapes[i], d->shapes[n]))
			return false;
	return true;
}

/* A path with the operations of its rows, of which `first` is the first. */
static void put_path(struct document *d, size_t first)
{
	const char *path = d->routes[first]->path;

	json_key(d->w, template_of(d->arena, path, false));
	json_object_begin(d->w);
	for (size_t i = first; i < d->n; i++)
		if (str_eq(d->shapes[i], d->shapes[first]))
			put_operation(d, path, d->routes[i]);
	json_object_end(d->w);
}

static void put_paths(struct document *d)
{
	json_key(d->w, S("paths"));
	json_object_begin(d->w);
	for (size_t i = 0; i < d->n; i++)
		if (is_first_of_path(d, i))
			put_path(d, i);
	json_object_end(d->w);
}

/* ---- the head ---- */

static void put_info(struct document *d)
{
	const struct openapi_info *i = d->info;

	json_key(d->w, S("info"));
	json_object_begin(d->w);
	put_text(d->w, "title", str_of(i->title));
	put_text(d->w, "version", str_of(i->version));
	put_text(d->w, "description", str_of(i->description));
	json_key(d->w, S("contact"));
	json_object_begin(d->w);
	put_text(d->w, "name", str_of(i->contact_name));
	put_text(d->w, "url", str_of(i->contact_url));
	json_object_end(d->w);
	json_key(d->w, S("license"));
	json_object_begin(d->w);
	put_text(d->w, "name", str_of(i->license_name));
	put_text(d->w, "identifier", str_of(i->license_id));
	json_object_end(d->w);
	json_object_end(d->w);

	json_key(d->w, S("servers"));
	json_array_begin(d->w);
	json_object_begin(d->w);
	put_text(d->w, "url", i->server_url ? str_of(i->server_url) : S("/"));
	json_object_end(d->w);
	json_array_end(d->w);
}

static str tag_description(struct document *d, str tag)
{
	for (const struct openapi_tag *t = d->info->tags; t && t->name; t++)
		if (str_eq(str_of(t->name), tag))
			return str_of(t->description);
	return arena_printf(d->arena, "Everything below /%.*s", (int)tag.n, tag.p);
}

static bool is_first_of_tag(struct document *d, const struct route *r)
{
	for (size_t i = 0; d->routes[i] != r; i++)
		if (str_eq(tag_of(d->routes[i]), tag_of(r)))
			return false;
	return true;
}

static void put_tags(struct document *d)
{
	json_key(d->w, S("tags"));
	json_array_begin(d->w);
	for (size_t i = 0; i < d->n; i++) {
		const struct route *r = d->routes[i];
		if (!is_first_of_tag(d, r))
			continue;
		json_object_begin(d->w);
		put_text(d->w, "name", tag_of(r));
		put_text(d->w, "description", tag_description(d, tag_of(r)));
		json_object_end(d->w);
	}
	json_array_end(d->w);
}

/* ---- components: what was referred to, and no more ---- */

struct error_reply {
	str error, code, request_id;
};

static const struct field error_fields[] = {
	{ .name = "error",
	  .owner = "struct error",
	  .kind = K_STR,
	  .required = true,
	  .help = "a sentence for people" },
	{ .name = "code",
	  .owner = "struct error",
	  .kind = K_STR,
	  .required = true,
	  .help = "stable, for programs" },
	{ .name = "request_id",
	  .owner = "struct error",
	  .kind = K_STR,
	  .required = true,
	  .help = "to be quoted when asking for help" },
	{ 0 },
};

static void put_failures(struct document *d)
{
	json_key(d->w, S("responses"));
	json_object_begin(d->w);
	for (size_t i = 0; i < FAILURES; i++) {
		if (!d->failed_with[i])
			continue;
		json_key(d->w, str_of(openapi_failures[i].name));
		json_object_begin(d->w);
		put_text(d->w, "description", str_of(openapi_failures[i].description));
		if (openapi_failures[i].status == 429 || openapi_failures[i].status == 503) {
			json_key(d->w, S("headers"));
			json_raw(d->w,
				 S("{\"Retry-After\":{\"description\":\"seconds\","
				   "\"schema\":{\"type\":\"integer\"}}}"));
		}
		put_content(d, JSON_TYPE, error_fields, false);
		json_object_end(d->w);
	}
	json_object_end(d->w);
}

static void put_page_parameters(struct document *d)
{
	json_key(d->w, S("parameters"));
	json_object_begin(d->w);
	json_key(d->w, S("Offset"));
	put_query_parameter(d, &page_fields[1], page_fields[1].name);
	json_key(d->w, S("Cursor"));
	put_query_parameter(d, &page_fields[2], page_fields[2].name);
	json_object_end(d->w);
}

static void put_components(struct document *d)
{
	json_key(d->w, S("components"));
	json_object_begin(d->w);
	if (d->has_tokens) {
		json_key(d->w, S("securitySchemes"));
		json_raw(d->w,
			 S("{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":"
			   "\"JWT\",\"description\":\"the access token of a sign-in\"}}"));
	}
	if (d->has_pages)
		put_page_parameters(d);
	put_failures(d);
	json_key(d->w, S("schemas"));
	json_object_begin(d->w);
	schemas_write(&d->schemas, d->w);
	json_object_end(d->w);
	json_object_end(d->w);
}

/* What leaves HTTP is beyond what the format describes. */
static bool is_described(const struct route *r)
{
	return r->status != 101;
}

static void list_routes(struct document *d, const struct route *const *tables)
{
	size_t n = 0;

	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++)
			n++;
	d->routes = arena_alloc(d->arena, (n + 1) * sizeof(*d->routes));
	d->shapes = arena_alloc(d->arena, (n + 1) * sizeof(*d->shapes));
	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++) {
			if (!is_described(r))
				continue;
			d->routes[d->n] = r;
			d->shapes[d->n++] = template_of(d->arena, r->path, true);
		}
}

str openapi_document(struct arena *a, const struct route *const *tables,
		     const struct openapi_info *info)
{
	struct json_writer w;
	struct document d = { .arena = a, .w = &w, .info = info };

	list_routes(&d, tables);
	json_init(&w, a, 1 << 16);
	schemas_init(&d.schemas, a);
	json_object_begin(&w);
	put_text(&w, "openapi", S("3.1.0"));
	put_info(&d);
	put_tags(&d);
	put_paths(&d);
	put_components(&d);
	json_object_end(&w);
	return json_text(&w);
}
