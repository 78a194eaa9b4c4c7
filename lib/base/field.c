/* What is true of a record wherever it comes from: names, bounds, the sentence an error is. */
#include "lib/base/field.h"

#include "lib/base/codec.h"
#include "lib/base/json.h"
#include "lib/base/place.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

static uint64_t bit_of(const struct field *fields, const char *name)
{
	size_t i = 0;

	while (fields[i].name && strcmp(fields[i].name, name) != 0)
		i++;
	assert(fields[i].name && i < 64);
	return UINT64_C(1) << i;
}

bool present_has(const struct present *p, const struct field *fields, const char *name)
{
	return (p->set & bit_of(fields, name)) != 0;
}

bool present_null(const struct present *p, const struct field *fields, const char *name)
{
	return (p->nulls & bit_of(fields, name)) != 0;
}

void present_mark(struct present *p, size_t i, bool is_null)
{
	if (!p)
		return;
	assert(i < 64);
	*(is_null ? &p->nulls : &p->set) |= UINT64_C(1) << i;
}

/* ---- clearing ---- */

void fields_clear(const struct field *fields, void *record)
{
	assert(fields->whole);
	memset(record, 0, fields->whole);
}

/* ---- errors ---- */

static str path_of(const struct place *at)
{
	str before = at->up ? path_of(at->up) : S("");
	const char *dot = at->up ? "." : "";

	if (at->index == NO_INDEX)
		return arena_printf(at->arena, "%.*s%s%s", (int)before.n, before.p, dot,
				    at->field->name);
	return arena_printf(at->arena, "%.*s%s%s[%zu]", (int)before.n, before.p, dot,
			    at->field->name, at->index);
}

err place_invalid(const struct place *at, const char *format, ...)
{
	const char *path = path_of(at).p;
	va_list args;
	str what;

	va_start(args, format);
	what = arena_vprintf(at->arena, format, args);
	va_end(args);
	return err_detail(at->arena, err_invalid, path, "%s %s", path, what.p);
}

err field_invalid(struct arena *a, const struct field *f, const char *what)
{
	return place_invalid(&(struct place){ a, NULL, f, NO_INDEX }, "%s", what);
}

/* ---- bounds ---- */

static const char *plural(double n)
{
	return n == 1 ? "" : "s";
}

enum kind array_element(enum kind kind, size_t *ret_size)
{
	switch (kind) {
	case K_STRS:
		*ret_size = sizeof(str);
		return K_STR;
	case K_UUIDS:
		*ret_size = sizeof(uuid);
		return K_UUID;
	case K_I32S:
		*ret_size = sizeof(int32_t);
		return K_I32;
	case K_I64S:
		*ret_size = sizeof(int64_t);
		return K_I64;
	default:
		return K_END;
	}
}

static err check_count(const struct place *at, size_t n)
{
	const struct field *f = at->field;

	if ((double)n < f->min)
		return place_invalid(at, "must have at least %.15g element%s", f->min,
				     plural(f->min));
	if (f->max > 0 && (double)n > f->max)
		return place_invalid(at, "must have at most %.15g element%s", f->max,
				     plural(f->max));
	return OK;
}

err put_array(const struct place *at, void *v, size_t n, void *out)
{
	TRY(check_count(at, n));
	/* Every array type is a pointer and a count; copied by bytes, as their types differ. */
	memcpy(out, &(struct bytes){ v, n }, sizeof(struct bytes));
	return OK;
}

err check_number(const struct place *at, double v)
{
	const struct field *f = at->field;

	if (f->has_range && !(v >= f->min && v <= f->max))
		return place_invalid(at, "must be between %.15g and %.15g", f->min, f->max);
	return OK;
}

static bool is_one_of(str s, const char *choices)
{
	str rest = str_of(choices);

	while (rest.p)
		if (str_eq(s, str_cut(&rest, '|')))
			return true;
	return false;
}

static err not_one_of(const struct place *at)
{
	str all = S(""), rest = str_of(at->field->one_of);

	while (rest.p) {
		str choice = str_cut(&rest, '|');

		all = arena_printf(at->arena, "%s%s%.*s", all.p, all.n ? ", " : "", (int)choice.n,
				   choice.p);
	}
	return place_invalid(at, "must be one of %s", all.p);
}

static err check_text(const struct place *at, str s)
{
	const struct field *f = at->field;
	double n = (double)str_utf8_length(s);
	bool is_array = f->kind != K_STR; /* then min and max count its elements */

	if (n < 0)
		return place_invalid(at, "must be valid UTF-8 without NUL characters");
	if (!is_array && n < f->min)
		return f->min == 1 ? place_invalid(at, "must not be empty")
				   : place_invalid(at, "must be at least %.15g characters", f->min);
	if (!is_array && f->max > 0 && n > f->max)
		return place_invalid(at, "must be at most %.15g character%s", f->max,
				     plural(f->max));
	if (f->one_of && !is_one_of(s, f->one_of))
		return not_one_of(at);
	return OK;
}

/* ---- values ---- */

static err text_from_text(const struct place *at, str text, str *out)
{
	text = at->field->keep_space ? text : str_trim(text);
	TRY(check_text(at, text));
	*out = arena_copy(at->arena, text);
	return OK;
}

static err bytes_from_text(const struct place *at, str text, struct bytes *out)
{
	uint8_t *p = arena_alloc(at->arena, DECODED_MAX(text.n));
	size_t n;

	if (!base64_decode(text, p, &n))
		return place_invalid(at, "must be base64");
	TRY(check_count(at, n));
	*out = (struct bytes){ p, n };
	return OK;
}

static err bool_from_text(const struct place *at, str text, bool *out)
{
	*out = str_eq(text, S("true")) || str_eq(text, S("1"));
	if (!*out && !str_eq(text, S("false")) && !str_eq(text, S("0")))
		return place_invalid(at, "must be true or false");
	return OK;
}

static err int_from_text(const struct place *at, str text, int64_t *out)
{
	if (!str_to_i64(text, out))
		return place_invalid(at, "must be a whole number");
	return check_number(at, (double)*out);
}

static err double_from_text(const struct place *at, str text, double *out)
{
	if (!str_to_f64(text, out))
		return place_invalid(at, "must be a number");
	return check_number(at, *out);
}

static err i32_from_text(const struct place *at, str text, int32_t *out)
{
	int64_t v;

	TRY(int_from_text(at, text, &v));
	if (v < INT32_MIN || v > INT32_MAX)
		return place_invalid(at, "must be between %d and %d", INT32_MIN, INT32_MAX);
	*out = (int32_t)v;
	return OK;
}

err value_from_text(const struct place *at, enum kind kind, str text, void *out)
{
	switch (kind) {
	case K_STR:
		return text_from_text(at, text, out);
	case K_UUID:
		return uuid_parse(str_trim(text), out) ? OK : place_invalid(at, "must be a UUID");
	case K_TIME:
		return time_parse(str_trim(text), out)
			? OK
			: place_invalid(at, "must be a time like 2026-01-25T10:00:00Z");
	case K_BYTES:
		return bytes_from_text(at, str_trim(text), out);
	case K_BOOL:
		return bool_from_text(at, str_trim(text), out);
	case K_I32:
		return i32_from_text(at, str_trim(text), out);
	case K_I64:
		return int_from_text(at, str_trim(text), out);
	case K_F64:
		return double_from_text(at, str_trim(text), out);
	default:
		assert(!"a plain kind");
		return err_internal;
	}
}
