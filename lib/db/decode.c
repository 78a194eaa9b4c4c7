/*
 * What the send functions of src/backend/utils/adt write, read back. Nothing is converted that could lose
 * something: a bigint needs an int64_t, and numeric, inet or interval are cast by the statement. Text
 * and bytes are views into the result, which the arena releases.
 */
#include "lib/db/decode.h"

#include "lib/db/wire.h"

enum { MOST_DAYS = 10 * 1000 * 1000 };

static bool get_bool(struct arena *a, const char *p, int n, void *out)
{
	(void)a;
	*(bool *)out = n == 1 && *p;
	return n == 1;
}

/* Any integer type, by its width. */
static bool get_int(const char *p, int n, int64_t *out)
{
	if (n == 2)
		*out = (int16_t)wire_get16(p);
	else if (n == 4)
		*out = (int32_t)wire_get32(p);
	else if (n == 8)
		*out = (int64_t)wire_get64(p);
	else
		return false;
	return true;
}

static bool get_i32(struct arena *a, const char *p, int n, void *out)
{
	int64_t v;

	(void)a;
	if (n > 4 || !get_int(p, n, &v))
		return false;
	*(int32_t *)out = (int32_t)v;
	return true;
}

static bool get_i64(struct arena *a, const char *p, int n, void *out)
{
	(void)a;
	return get_int(p, n, out);
}

static bool get_f64(struct arena *a, const char *p, int n, void *out)
{
	uint32_t four;
	uint64_t eight;
	float f;

	(void)a;
	if (n == 4) {
		four = wire_get32(p);
		memcpy(&f, &four, sizeof(f));
		*(double *)out = f;
	} else if (n == 8) {
		eight = wire_get64(p);
		memcpy(out, &eight, sizeof(double));
	}
	return n == 4 || n == 8;
}

static bool get_str(struct arena *a, const char *p, int n, void *out)
{
	(void)a;
	*(str *)out = (str){ p, (size_t)n };
	return true;
}

static bool get_bytes(struct arena *a, const char *p, int n, void *out)
{
	(void)a;
	*(struct bytes *)out = (struct bytes){ (const uint8_t *)p, (size_t)n };
	return true;
}

static bool get_json(struct arena *a, const char *p, int n, void *out)
{
	return get_str(a, p, n, &((struct json *)out)->text);
}

/* A version byte, then the text. */
static bool get_jsonb(struct arena *a, const char *p, int n, void *out)
{
	return n > 1 && *p == 1 && get_json(a, p + 1, n - 1, out);
}

static bool get_uuid(struct arena *a, const char *p, int n, void *out)
{
	(void)a;
	if (n != sizeof(uuid))
		return false;
	memcpy(out, p, sizeof(uuid));
	return true;
}

/* The infinities are the ends of the range here and there; what lies beyond ours becomes one. */
static bool get_time(struct arena *a, const char *p, int n, void *out)
{
	int64_t us;

	(void)a;
	if (n != 8)
		return false;
	us = (int64_t)wire_get64(p);
	if (us != INT64_MAX && us != INT64_MIN && __builtin_add_overflow(us, WIRE_EPOCH, &us))
		us = INT64_MAX;
	((usec *)out)->us = us;
	return true;
}

/* "2026-01-25" */
static bool get_date(struct arena *a, const char *p, int n, void *out)
{
	char text[TIME_TEXT];
	int32_t day;

	if (n != 4)
		return false;
	day = (int32_t)wire_get32(p);
	if (day == INT32_MAX || day == INT32_MIN) {
		*(str *)out = day > 0 ? S("infinity") : S("-infinity");
		return true;
	}
	/* Beyond 9999 all are the same; days of other millennia would not fit in microseconds. */
	day = day > MOST_DAYS ? MOST_DAYS : day < -MOST_DAYS ? -MOST_DAYS : day;
	time_format((usec){ ((int64_t)day + WIRE_EPOCH_DAYS) * DAY }, text);
	*(str *)out = arena_copy(a, (str){ text, 10 });
	return true;
}

/* ---- arrays ---- */

/* Reads an array's head: one dimension or none. Sets *at to its first element. */
static bool array_open(const char *p, int n, uint32_t *count, const char **at)
{
	if (n < 12)
		return false;
	*count = 0;
	*at = p + 12;
	if (wire_get32(p) == 0)
		return true;
	if (wire_get32(p) != 1 || n < 20)
		return false;
	*count = wire_get32(p + 12);
	*at = p + 20;
	return *count <= (uint32_t)(n - 20) / 4;
}

/* The next element; *value is NULL for NULL. */
static bool array_next(const char **at, const char *end, const char **value, int *n)
{
	uint32_t size;

	if (end - *at < 4)
		return false;
	size = wire_get32(*at);
	*at += 4;
	*value = NULL;
	*n = 0;
	if (size == UINT32_MAX)
		return true;
	if (size > (size_t)(end - *at))
		return false;
	*value = *at;
	*n = (int)size;
	*at += size;
	return true;
}

/* Reads all elements with one decoder. NULL elements stay zero: absent, nil, 0. */
static bool get_array(struct arena *a, const char *p, int n, decode_fn *decode, size_t size,
		      void **v, size_t *count)
{
	const char *at, *value;
	uint32_t elements;
	char *to;
	int length;

	if (!array_open(p, n, &elements, &at))
		return false;
	*v = to = arena_zalloc(a, elements * size + 1); /* not NULL: that would be a NULL array */
	*count = elements;
	for (uint32_t i = 0; i < elements; i++, to += size)
		if (!array_next(&at, p + n, &value, &length)
		    || (value && !decode(a, value, length, to)))
			return false;
	return true;
}

static bool get_strs(struct arena *a, const char *p, int n, void *out)
{
	struct strs *s = out;
	void *v;

	if (!get_array(a, p, n, get_str, sizeof(str), &v, &s->n))
		return false;
	s->v = v;
	return true;
}

static bool get_uuids(struct arena *a, const char *p, int n, void *out)
{
	struct uuids *s = out;
	void *v;

	if (!get_array(a, p, n, get_uuid, sizeof(uuid), &v, &s->n))
		return false;
	s->v = v;
	return true;
}

static bool get_i32s(struct arena *a, const char *p, int n, void *out)
{
	struct i32s *s = out;
	void *v;

	if (!get_array(a, p, n, get_i32, sizeof(int32_t), &v, &s->n))
		return false;
	s->v = v;
	return true;
}

static bool get_i64s(struct arena *a, const char *p, int n, void *out)
{
	struct i64s *s = out;
	void *v;

	if (!get_array(a, p, n, get_i64, sizeof(int64_t), &v, &s->n))
		return false;
	s->v = v;
	return true;
}

/* ---- which type becomes what ---- */

/* Types without a fixed number (>= OID_FIRST_OF_USERS) are taken for enums or citext, whose binary
 * form is their text. */
static bool is_text(unsigned oid)
{
	return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR || oid == OID_NAME
		|| oid == OID_CHAR || oid == OID_UNKNOWN || oid >= OID_FIRST_OF_USERS;
}

static bool is_text_array(unsigned oid)
{
	return oid == OID_TEXT_ARRAY || oid == OID_VARCHAR_ARRAY || oid >= OID_FIRST_OF_USERS;
}

static decode_fn *only(unsigned oid, unsigned wanted, decode_fn *fn)
{
	return oid == wanted ? fn : NULL;
}

static decode_fn *text_decoder(unsigned oid)
{
	return is_text(oid) ? get_str : only(oid, OID_DATE, get_date);
}

static decode_fn *number_decoder(enum kind kind, unsigned oid)
{
	if (kind == K_F64)
		return oid == OID_FLOAT4 || oid == OID_FLOAT8 ? get_f64 : NULL;
	if (oid == OID_INT2 || oid == OID_INT4)
		return kind == K_I32 ? get_i32 : get_i64;
	return kind == K_I64 ? only(oid, OID_INT8, get_i64) : NULL;
}

decode_fn *decoder(enum kind kind, unsigned oid)
{
	switch (kind) {
	case K_BOOL:
		return only(oid, OID_BOOL, get_bool);
	case K_I32:
	case K_I64:
	case K_F64:
		return number_decoder(kind, oid);
	case K_STR:
		return text_decoder(oid);
	case K_UUID:
		return only(oid, OID_UUID, get_uuid);
	case K_TIME:
		return only(oid, OID_TIMESTAMPTZ, get_time);
	case K_JSON:
		return oid == OID_JSONB ? get_jsonb : only(oid, OID_JSON, get_json);
	case K_BYTES:
		return only(oid, OID_BYTEA, get_bytes);
	case K_STRS:
		return is_text_array(oid) ? get_strs : NULL;
	case K_UUIDS:
		return only(oid, OID_UUID_ARRAY, get_uuids);
	case K_I32S:
		return only(oid, OID_INT4_ARRAY, get_i32s);
	case K_I64S:
		return only(oid, OID_INT8_ARRAY, get_i64s);
	default:
		return NULL;
	}
}

size_t kind_size(enum kind kind)
{
	static const uint8_t sizes[] = {
		[K_BOOL] = sizeof(bool),
		[K_I32] = sizeof(int32_t),
		[K_I64] = sizeof(int64_t),
		[K_F64] = sizeof(double),
		[K_STR] = sizeof(str),
		[K_UUID] = sizeof(uuid),
		[K_TIME] = sizeof(usec),
		[K_JSON] = sizeof(struct json),
		[K_BYTES] = sizeof(struct bytes),
		[K_STRS] = sizeof(struct strs),
		[K_UUIDS] = sizeof(struct uuids),
		[K_I32S] = sizeof(struct i32s),
		[K_I64S] = sizeof(struct i64s),
		[K_LIST] = sizeof(struct list),
	};

	return kind < sizeof(sizes) ? sizes[kind] : 0;
}
