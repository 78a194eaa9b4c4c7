/* Field tables as JSON Schemas (2020-12, as OpenAPI 3.1 has it). */
#include "lib/web/openapi_parts.h"

#include <ctype.h>
#include <string.h>

struct schema {
	const struct field *fields;
	bool input;
	str name;
	struct schema *next;
};

void put_text(struct json_writer *w, const char *key, str text)
{
	json_key(w, str_of(key));
	json_str(w, text);
}

void put_ref(struct json_writer *w, const char *kind, str name)
{
	json_object_begin(w);
	put_text(w, "$ref",
		 arena_printf(w->arena, "#/components/%s/%.*s", kind, (int)name.n, name.p));
	json_object_end(w);
}

/* ---- names ---- */

void schemas_init(struct schemas *s, struct arena *a)
{
	*s = (struct schemas){ .arena = a, .last = &s->first };
}

/* "struct new_post" becomes NewPost. */
static str camel(struct arena *a, const char *owner)
{
	size_t n = 0;
	bool upper = true;

	if (!owner)
		return S("Empty");
	if (strncmp(owner, "struct ", 7) == 0)
		owner += 7;
	char *out = arena_alloc(a, strlen(owner) + 1);
	for (; *owner; owner++) {
		if (*owner != '_')
			out[n++] = (char)(upper ? toupper((unsigned char)*owner) : *owner);
		upper = *owner == '_';
	}
	return (str){ out, n };
}

static bool is_taken(const struct schemas *s, str name)
{
	for (const struct schema *i = s->first; i; i = i->next)
		if (str_eq(i->name, name))
			return true;
	return false;
}

/* Several tables may describe one struct: a number tells them apart. */
static str name_for(const struct schemas *s, const struct field *fields, bool input)
{
	str base = camel(s->arena, fields->owner);
	const char *suffix = input ? "Input" : "";
	str name = arena_printf(s->arena, "%.*s%s", (int)base.n, base.p, suffix);

	for (int i = 2; is_taken(s, name); i++)
		name = arena_printf(s->arena, "%.*s%s%d", (int)base.n, base.p, suffix, i);
	return name;
}

static const struct schema *find_or_add(struct schemas *s, const struct field *fields, bool input)
{
	for (struct schema *i = s->first; i; i = i->next)
		if (i->fields == fields && i->input == input)
			return i;
	struct schema *new = arena_alloc(s->arena, sizeof(*new));
	*new = (struct schema){ fields, input, name_for(s, fields, input), NULL };
	*s->last = new;
	s->last = &new->next;
	return new;
}

void schemas_ref(struct schemas *s, struct json_writer *w, const struct field *fields, bool input)
{
	put_ref(w, "schemas", find_or_add(s, fields, input)->name);
}

/* ---- values ---- */

/* What a kind is in JSON Schema; arrays by their elements. */
static const struct {
	const char *type, *format, *element, *element_format;
} kinds[] = {
	[K_BOOL] = { "boolean", NULL, NULL, NULL },
	[K_I32] = { "integer", "int32", NULL, NULL },
	[K_I64] = { "integer", "int64", NULL, NULL },
	[K_F64] = { "number", "double", NULL, NULL },
	[K_STR] = { "string", NULL, NULL, NULL },
	[K_UUID] = { "string", "uuid", NULL, NULL },
	[K_TIME] = { "string", "date-time", NULL, NULL },
	[K_DATE] = { "string", "date", NULL, NULL },
	[K_BYTES] = { "string", NULL, NULL, NULL },
	[K_STRS] = { "array", NULL, "string", NULL },
	[K_UUIDS] = { "array", NULL, "string", "uuid" },
	[K_I32S] = { "array", NULL, "integer", "int32" },
	[K_I64S] = { "array", NULL, "integer", "int64" },
	[K_LIST] = { "array", NULL, NULL, NULL },
};

static void put_number(struct json_writer *w, const char *key, double v)
{
	json_key(w, str_of(key));
	json_double(w, v);
}

static void put_type(struct json_writer *w, const char *type, bool nullable)
{
	json_key(w, S("type"));
	if (!nullable) {
		json_str(w, str_of(type));
		return;
	}
	json_array_begin(w);
	json_str(w, str_of(type));
	json_str(w, S("null"));
	json_array_end(w);
}

static void put_choices(struct json_writer *w, const struct field *f, bool nullable)
{
	str rest = str_of(f->one_of);

	if (!rest.p)
		return;
	json_key(w, S("enum"));
	json_array_begin(w);
	while (rest.p)
		json_str(w, str_cut(&rest, '|'));
	if (nullable)
		json_nil(w);
	json_array_end(w);
}

/* min and max of a field under the names they have for its kind. */
static void put_limits(struct json_writer *w, const struct field *f)
{
	bool is_array = strcmp(kinds[f->kind].type, "array") == 0;

	if (f->has_range) {
		put_number(w, "minimum", f->min);
		put_number(w, "maximum", f->max);
		return;
	}
	if (f->min > 0)
		put_number(w, is_array ? "minItems" : "minLength", f->min);
	if (f->max > 0)
		put_number(w, is_array ? "maxItems" : "maxLength", f->max);
}

static void put_elements(struct schemas *s, struct json_writer *w, const struct field *f,
			 bool input)
{
	json_key(w, S("items"));
	if (f->kind == K_LIST) {
		schemas_ref(s, w, f->of, input);
		return;
	}
	json_object_begin(w);
	put_text(w, "type", str_of(kinds[f->kind].element));
	if (kinds[f->kind].element_format)
		put_text(w, "format", str_of(kinds[f->kind].element_format));
	put_choices(w, f, false);
	json_object_end(w);
}

static void put_plain(struct schemas *s, struct json_writer *w, const struct field *f, bool input,
		      bool nullable)
{
	put_type(w, kinds[f->kind].type, nullable);
	if (kinds[f->kind].format)
		put_text(w, "format", str_of(kinds[f->kind].format));
	if (f->kind == K_BYTES)
		put_text(w, "contentEncoding", S("base64"));
	if (strcmp(kinds[f->kind].type, "array") == 0)
		put_elements(s, w, f, input);
	else
		put_choices(w, f, nullable);
	put_limits(w, f);
}

/* A nested record; one by reference may be null. */
static void put_record(struct schemas *s, struct json_writer *w, const struct field *f, bool input,
		       bool nullable)
{
	str name = find_or_add(s, f->of, input)->name;

	if (!nullable) {
		put_text(w, "$ref",
			 arena_printf(s->arena, "#/components/schemas/%.*s", (int)name.n, name.p));
		return;
	}
	json_key(w, S("anyOf"));
	json_array_begin(w);
	put_ref(w, "schemas", name);
	json_object_begin(w);
	put_text(w, "type", S("null"));
	json_object_end(w);
	json_array_end(w);
}

static void put_value(struct schemas *s, struct json_writer *w, const struct field *f, bool input,
		      bool nullable)
{
	if (f->kind == K_JSON && f->schema) {
		json_raw(w, str_of(f->schema));
		return;
	}
	json_object_begin(w);
	if (f->help)
		put_text(w, "description", str_of(f->help));
	if (f->kind == K_RECORD)
		put_record(s, w, f, input, nullable);
	else if (f->kind != K_JSON)
		put_plain(s, w, f, input, nullable);
	json_object_end(w);
}

void schemas_value(struct schemas *s, struct json_writer *w, const struct field *f)
{
	put_value(s, w, f, true, false);
}

/* ---- records ---- */

static bool is_nullable(const struct field *f, bool input)
{
	if (input)
		return !f->required;
	if (f->omit_absent)
		return false;
	switch (f->kind) {
	case K_STR:
	case K_UUID:
	case K_TIME:
	case K_BYTES:
		return !f->required && strcmp(f->name, "id") != 0;
	case K_RECORD:
		return f->ref;
	default:
		return f->optional;
	}
}

static void write_members(struct schemas *s, struct json_writer *w, const struct schema *schema)
{
	json_key(w, S("properties"));
	json_object_begin(w);
	for (const struct field *f = schema->fields; f->name; f++) {
		if (f->hidden)
			continue;
		json_key(w, str_of(f->name));
		put_value(s, w, f, schema->input, is_nullable(f, schema->input));
		if (!f->alias)
			continue;
		json_key(w, str_of(f->alias));
		put_value(s, w, f, schema->input, is_nullable(f, schema->input));
	}
	json_object_end(w);
}

/* Which members are always there. */
static void write_required(struct json_writer *w, const struct schema *schema)
{
	bool any = false;

	for (const struct field *f = schema->fields; f->name; f++) {
		if (f->hidden || (schema->input ? !f->required || f->alias : f->omit_absent))
			continue;
		if (!any) {
			json_key(w, S("required"));
			json_array_begin(w);
			any = true;
		}
		json_str(w, str_of(f->name));
	}
	if (any)
		json_array_end(w);
}

void schemas_write(struct schemas *s, struct json_writer *w)
{
	for (const struct schema *i = s->first; i; i = i->next) {
		json_key(w, i->name);
		json_object_begin(w);
		put_text(w, "type", S("object"));
		write_members(s, w, i);
		write_required(w, i);
		json_object_end(w);
	}
}
