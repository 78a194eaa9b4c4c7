/*
 * JSON bodies into structs by field table. jansson parses (strict RFC 8259: UTF-8, surrogates in pairs,
 * no NUL as we call it); its recursion is bounded by a look at the nesting first, since it runs on a
 * coroutine's small stack.
 */
#include "lib/base/json.h"
#include "lib/base/place.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static err read_record(const struct place *up, struct arena *a, const json_t *object,
		       const struct field *fields, void *record, struct present *present);

/* ---- the text ---- */

/* jansson calls some failed allocations a syntax error and passes over others with a text cut short, so
 * we remember that memory ran out. */
static _Thread_local bool memory_ran_out;

static void *noting_malloc(size_t n)
{
	void *p = try_malloc(n);

	memory_ran_out |= !p;
	return p;
}

[[gnu::constructor]] static void use_noting_malloc(void)
{
	json_set_alloc_funcs(noting_malloc, free);
}

/* Deepest nesting of brackets outside of strings. Of valid JSON up to its first mistake this is exact,
 * and no parser gets further than that. */
static int nesting(str text)
{
	int depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			depth++;
			deepest = depth > deepest ? depth : deepest;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return deepest;
}

static err parse_failure(struct arena *a, const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_invalid_utf8:
		return err_detail(a, err_invalid, NULL, "the JSON is not valid UTF-8");
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return err_detail(a, err_invalid, NULL, "the JSON holds a NUL character");
	case json_error_numeric_overflow:
		return err_detail(a, err_invalid, NULL,
				  "the JSON holds a number that is out of range");
	default:
		return err_detail(a, err_invalid, NULL,
				  "the JSON is malformed at line %d, column %d", e->line,
				  e->column);
	}
}

static err parse(struct arena *a, str text, json_t **out)
{
	json_error_t e;

	if (nesting(text) > JSON_DEPTH)
		return err_detail(a, err_invalid, NULL, "the JSON is nested deeper than %d levels",
				  JSON_DEPTH);
	if (str_trim(text).n == 0) {
		*out = json_null();
		return OK;
	}
	memory_ran_out = false;
	*out = json_loadb(text.p, text.n, JSON_DECODE_ANY, &e);
	if (memory_ran_out) {
		json_decref(*out);
		return err_no_memory;
	}
	return *out ? OK : parse_failure(a, &e);
}

/* ---- values ---- */

/* Integers, and doubles that are integers: some clients send 5.0. */
static err read_int(const struct place *at, const json_t *v, int64_t min, int64_t max, int64_t *out)
{
	double d = json_number_value(v);

	if (!json_is_number(v) || d != trunc(d) || (json_is_real(v) && fabs(d) > 0x1p53))
		return place_invalid(at, "must be a whole number");
	*out = json_is_integer(v) ? json_integer_value(v) : (int64_t)d;
	if (*out < min || *out > max)
		return place_invalid(at, "must be between %lld and %lld", (long long)min,
				     (long long)max);
	return check_number(at, d);
}

static err read_i32(const struct place *at, const json_t *v, int32_t *out)
{
	int64_t wide = 0;

	TRY(read_int(at, v, INT32_MIN, INT32_MAX, &wide));
	*out = (int32_t)wide;
	return OK;
}

static err read_f64(const struct place *at, const json_t *v, double *out)
{
	if (!json_is_number(v))
		return place_invalid(at, "must be a number");
	*out = json_number_value(v);
	return check_number(at, *out);
}

static err read_bool(const struct place *at, const json_t *v, bool *out)
{
	if (!json_is_boolean(v))
		return place_invalid(at, "must be true or false");
	*out = json_is_true(v);
	return OK;
}

static err read_text(const struct place *at, enum kind kind, const json_t *v, void *out)
{
	if (!json_is_string(v))
		return place_invalid(at, "must be a text");
	return value_from_text(at, kind, (str){ json_string_value(v), json_string_length(v) }, out);
}

/* Writes a parsed value anew. Recursion is bounded by JSON_DEPTH. */
static void write_value(struct json_writer *w, json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		json_object_begin(w);
		json_object_foreach(v, key, member)
		{
			json_key(w, str_of(key));
			write_value(w, member);
		}
		json_object_end(w);
		break;
	case JSON_ARRAY:
		json_array_begin(w);
		json_array_foreach(v, i, member) write_value(w, member);
		json_array_end(w);
		break;
	case JSON_STRING:
		json_str(w, (str){ json_string_value(v), json_string_length(v) });
		break;
	case JSON_INTEGER:
		json_int(w, json_integer_value(v));
		break;
	case JSON_REAL:
		json_double(w, json_real_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(w, json_is_true(v));
		break;
	case JSON_NULL:
		json_nil(w);
		break;
	}
}

static err read_json(const struct place *at, json_t *v, struct json *out)
{
	struct json_writer w;

	json_init(&w, at->arena, 256);
	write_value(&w, v);
	*out = (struct json){ json_text(&w) };
	return OK;
}

static err read_nested(const struct place *at, const json_t *v, void *out)
{
	const struct field *f = at->field;

	if (f->ref) {
		assert(f->size);
		*(void **)out = arena_zalloc(at->arena, f->size);
		out = *(void **)out;
	}
	return read_record(at, at->arena, v, f->of, out, NULL);
}

static err read_list(const struct place *at, const json_t *v, struct list *out)
{
	const struct field *f = at->field;
	size_t n = json_array_size(v);
	char *records;

	assert(f->size);
	if (!json_is_array(v))
		return place_invalid(at, "must be a list");
	records = arena_zalloc(at->arena, n * f->size);
	for (size_t i = 0; i < n; i++) {
		struct place element = { at->arena, at->up, f, i };

		TRY(read_record(&element, at->arena, json_array_get(v, i), f->of,
				records + i * f->size, NULL));
	}
	out->size = f->size;
	return put_array(at, records, n, out);
}

static err read_value(const struct place *at, enum kind kind, json_t *v, void *out);

static err read_array(const struct place *at, json_t *v, void *out)
{
	size_t n = json_array_size(v), size = 0;
	enum kind kind = array_element(at->field->kind, &size);
	char *elements;

	assert(kind != K_END);
	if (!json_is_array(v))
		return place_invalid(at, "must be a list");
	elements = arena_zalloc(at->arena, n * size);
	for (size_t i = 0; i < n; i++) {
		struct place element = { at->arena, at->up, at->field, i };

		TRY(read_value(&element, kind, json_array_get(v, i), elements + i * size));
	}
	return put_array(at, elements, n, out);
}

static err read_value(const struct place *at, enum kind kind, json_t *v, void *out)
{
	switch (kind) {
	case K_BOOL:
		return read_bool(at, v, out);
	case K_I32:
		return read_i32(at, v, out);
	case K_I64:
		return read_int(at, v, INT64_MIN, INT64_MAX, out);
	case K_F64:
		return read_f64(at, v, out);
	case K_STR:
	case K_UUID:
	case K_TIME:
	case K_BYTES:
		return read_text(at, kind, v, out);
	case K_JSON:
		return read_json(at, v, out);
	case K_RECORD:
		return read_nested(at, v, out);
	case K_LIST:
		return read_list(at, v, out);
	default:
		return read_array(at, v, out);
	}
}

/* ---- records ---- */

static json_t *find_member(const json_t *object, const struct field *f)
{
	json_t *v = json_object_get(object, f->name);

	return v || !f->alias ? v : json_object_get(object, f->alias);
}

/* object: NULL has no members. */
static err read_record(const struct place *up, struct arena *a, const json_t *object,
		       const struct field *fields, void *record, struct present *present)
{
	if (object && !json_is_object(object))
		return up ? place_invalid(up, "must be an object")
			  : err_detail(a, err_invalid, NULL, "a JSON object is expected");
	for (const struct field *f = fields; f->name; f++) {
		struct place at = { a, up, f, NO_INDEX };
		json_t *v = f->hidden ? NULL : find_member(object, f);
		bool is_value = v && !json_is_null(v);

		if (f->required && !f->hidden && !is_value)
			return place_invalid(&at, "is required");
		if (v)
			present_mark(present, (size_t)(f - fields), !is_value);
		if (is_value)
			TRY(read_value(&at, f->kind, v, (char *)record + f->offset));
	}
	return OK;
}

static void release(void *root)
{
	json_decref(root);
}

err fields_from_json(struct arena *a, str text, const struct field *fields, void *record,
		     struct present *present)
{
	json_t *root = NULL;
	err e;

	if (present)
		*present = (struct present){ 0 };
	TRY(parse(a, text, &root));
	arena_defer(a, release, root);
	e = read_record(NULL, a, json_is_null(root) ? NULL : root, fields, record, present);
	arena_undefer(a, root);
	json_decref(root);
	return e;
}
