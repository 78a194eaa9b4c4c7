/*
 * The JSON writer: the hottest code of a list reply. Every value reserves room once and is then
 * written by plain stores; text is copied sixteen bytes at a time as long as nothing needs escaping.
 */
#include "lib/base/json.h"

#include "lib/base/codec.h"
#include "lib/base/number.h"
#include "lib/base/utf8.h"

#include <assert.h>
#include <string.h>

enum { BLOCK = 16, LONGEST_ESCAPE = 6 };

static void grow(struct json_writer *w, size_t room)
{
	size_t cap = 2 * w->cap;

	if (cap < w->n + room)
		cap = w->n + room;
	w->p = arena_grow(w->arena, w->p, w->cap, cap);
	w->cap = cap;
}

static inline char *reserve(struct json_writer *w, size_t room)
{
	if (__builtin_expect(w->cap - w->n < room, false))
		grow(w, room);
	return w->p + w->n;
}

/* Room for a value of at most `room` bytes, its comma written. */
static inline char *begin_value(struct json_writer *w, size_t room)
{
	char *p = reserve(w, room + 1);

	if (w->comma)
		*p++ = ',';
	w->comma = true;
	return p;
}

static inline void end_at(struct json_writer *w, const char *end)
{
	w->n = (size_t)(end - w->p);
}

void json_init(struct json_writer *w, struct arena *a, size_t size_hint)
{
	size_t cap = size_hint < 64 ? 64 : size_hint;

	*w = (struct json_writer){ .arena = a, .p = arena_alloc(a, cap), .cap = cap };
}

str json_text(const struct json_writer *w)
{
	return (str){ w->p, w->n };
}

static inline void open_with(struct json_writer *w, char c)
{
	char *p = begin_value(w, 1);

	*p++ = c;
	w->comma = false;
	end_at(w, p);
}

static inline void close_with(struct json_writer *w, char c)
{
	char *p = reserve(w, 1);

	*p++ = c;
	w->comma = true;
	end_at(w, p);
}

void json_object_begin(struct json_writer *w)
{
	open_with(w, '{');
}

void json_object_end(struct json_writer *w)
{
	close_with(w, '}');
}

void json_array_begin(struct json_writer *w)
{
	open_with(w, '[');
}

void json_array_end(struct json_writer *w)
{
	close_with(w, ']');
}

/* ---- text ---- */

typedef signed char vector __attribute__((vector_size(BLOCK)));
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "copy_block finds the first byte lowest");

/* Copies a block. Returns how many of its bytes come before the first that needs a look: a control, a
 * quote, a backslash, or one outside ASCII (negative as signed char, so below ' ', too). Three compares on
 * SSE2 and NEON. */
static inline size_t copy_block(const char *p, char *out)
{
	uint64_t halves[2];
	vector v, odd;

	memcpy(&v, p, sizeof(v));
	memcpy(out, &v, sizeof(v));
	odd = (vector)(v < ' ') | (vector)(v == '"') | (vector)(v == '\\');
	memcpy(halves, &odd, sizeof(halves));
	if (halves[0])
		return (size_t)__builtin_ctzll(halves[0]) / 8;
	return halves[1] ? 8 + (size_t)__builtin_ctzll(halves[1]) / 8 : BLOCK;
}

static inline bool is_plain_byte(char c)
{
	return (signed char)c >= ' ' && c != '"' && c != '\\';
}

/* Copies what needs no escape, at most n bytes; returns how many. `out` has room for n + BLOCK. */
static inline size_t copy_plain(const char *p, size_t n, char *out)
{
	size_t i = 0;

	for (; i + BLOCK <= n; i += BLOCK) {
		size_t plain = copy_block(p + i, out + i);

		if (plain < BLOCK)
			return i + plain;
	}
	if (i < n && n >= BLOCK) /* the rest together with bytes that are copied already */
		return n - BLOCK + copy_block(p + n - BLOCK, out + n - BLOCK);
	for (; i < n && is_plain_byte(p[i]); i++)
		out[i] = p[i];
	return i;
}

/* Writes the byte or sequence at p, which is not plain; *ret_taken says how long it was. */
static char *put_special(const char *p, size_t left, char *out, size_t *ret_taken)
{
	static const char letters[' '] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};
	size_t n = utf8_sequence(p, left);
	char c = *p;

	*ret_taken = n ? n : 1;
	if (n != 1) {
		memcpy(out, n ? p : "\xEF\xBF\xBD", n ? n : 3);
		return out + (n ? n : 3);
	}
	*out++ = '\\';
	if (c == '"' || c == '\\') {
		*out++ = c;
	} else if (letters[(uint8_t)c]) {
		*out++ = letters[(uint8_t)c];
	} else {
		memcpy(out, "u00", 3);
		out[3] = (char)('0' + (c >> 4));
		out[4] = "0123456789abcdef"[c & 15];
		out += 5;
	}
	return out;
}

size_t json_escape(str s, char *out)
{
	char *p = out;

	for (size_t i = 0, taken; i < s.n; i += taken) {
		if (is_plain_byte(s.p[i])) {
			*p++ = s.p[i];
			taken = 1;
		} else {
			p = put_special(s.p + i, s.n - i, p, &taken);
		}
	}
	return (size_t)(p - out);
}

/* A quoted string behind what is written; w->n is brought up to date only when room runs out. */
static void put_string(struct json_writer *w, str s)
{
	const size_t slack = BLOCK + LONGEST_ESCAPE + 2; /* beyond what is left of s */
	char *p = reserve(w, s.n + slack);
	size_t i = 0, taken;

	*p++ = '"';
	for (;;) {
		size_t plain = copy_plain(s.p + i, s.n - i, p);

		p += plain;
		i += plain;
		if (i == s.n)
			break;
		p = put_special(s.p + i, s.n - i, p, &taken);
		i += taken;
		end_at(w, p);
		p = reserve(w, s.n - i + slack);
	}
	*p++ = '"';
	end_at(w, p);
}

void json_str(struct json_writer *w, str v)
{
	if (!v.p) {
		json_nil(w);
		return;
	}
	end_at(w, begin_value(w, 0));
	put_string(w, v);
}

void json_key(struct json_writer *w, str key)
{
	json_str(w, key.p ? key : S(""));
	*reserve(w, 1) = ':';
	w->n++;
	w->comma = false;
}

/* ---- other values ---- */

static inline void put_literal(struct json_writer *w, str text)
{
	char *p = begin_value(w, text.n);

	memcpy(p, text.p, text.n);
	end_at(w, p + text.n);
}

void json_nil(struct json_writer *w)
{
	put_literal(w, S("null"));
}

void json_bool(struct json_writer *w, bool v)
{
	put_literal(w, v ? S("true") : S("false"));
}

void json_raw(struct json_writer *w, str json)
{
	put_literal(w, json.p ? json : S("null"));
}

void json_int(struct json_writer *w, int64_t v)
{
	char *p = begin_value(w, INT_TEXT_MAX);

	end_at(w, p + int_format(v, p));
}

void json_double(struct json_writer *w, double v)
{
	char *p = begin_value(w, DOUBLE_TEXT_MAX);

	end_at(w, p + double_format(v, p));
}

void json_uuid(struct json_writer *w, uuid v)
{
	char *p;

	if (uuid_is_nil(v)) {
		json_nil(w);
		return;
	}
	p = begin_value(w, UUID_TEXT + 2);
	*p = '"';
	uuid_format(v, p + 1);
	p[UUID_TEXT + 1] = '"';
	end_at(w, p + UUID_TEXT + 2);
}

void json_time(struct json_writer *w, usec v)
{
	char *p;

	if (v.us == 0) {
		json_nil(w);
		return;
	}
	p = begin_value(w, TIME_TEXT + 2);
	*p = '"';
	time_format(v, p + 1);
	p[TIME_TEXT + 1] = '"';
	end_at(w, p + TIME_TEXT + 2);
}

void json_bytes(struct json_writer *w, struct bytes v)
{
	char *p;

	if (!v.p) {
		json_nil(w);
		return;
	}
	p = begin_value(w, BASE64_LENGTH(v.n) + 2);
	*p++ = '"';
	p += base64_encode(v.p, v.n, p);
	*p++ = '"';
	end_at(w, p);
}

/* ---- records ---- */

static bool is_absent(const struct field *f, const void *v)
{
	switch (f->kind) {
	case K_BOOL:
		return false;
	case K_I32:
		return f->optional && *(const int32_t *)v == 0;
	case K_I64:
		return f->optional && *(const int64_t *)v == 0;
	case K_F64:
		return f->optional && *(const double *)v == 0;
	case K_UUID:
		return uuid_is_nil(*(const uuid *)v);
	case K_TIME:
		return ((const usec *)v)->us == 0;
	case K_RECORD:
		return f->ref && *(void *const *)v == NULL;
	case K_STR:
	case K_JSON:
	case K_BYTES:
		return *(const void *const *)v == NULL;
	default: /* arrays and lists begin with their pointer, too */
		return (f->optional || f->omit_absent) && *(const void *const *)v == NULL;
	}
}

static void put_strs(struct json_writer *w, const struct strs *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_str(w, a->v[i]);
}

static void put_uuids(struct json_writer *w, const struct uuids *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_uuid(w, a->v[i]);
}

static void put_i32s(struct json_writer *w, const struct i32s *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_int(w, a->v[i]);
}

static void put_i64s(struct json_writer *w, const struct i64s *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_int(w, a->v[i]);
}

static void put_array(struct json_writer *w, const struct field *f, const void *v)
{
	assert(f->kind >= K_STRS && f->kind <= K_I64S);
	json_array_begin(w);
	if (f->kind == K_STRS)
		put_strs(w, v);
	else if (f->kind == K_UUIDS)
		put_uuids(w, v);
	else if (f->kind == K_I32S)
		put_i32s(w, v);
	else
		put_i64s(w, v);
	json_array_end(w);
}

static void put_text(struct json_writer *w, const struct field *f, str v)
{
	json_str(w, f->address && w->address ? w->address(w->address_arg, v) : v);
}

static void put_value(struct json_writer *w, const struct field *f, const void *v)
{
	switch (f->kind) {
	case K_BOOL:
		json_bool(w, *(const bool *)v);
		break;
	case K_I32:
		json_int(w, *(const int32_t *)v);
		break;
	case K_I64:
		json_int(w, *(const int64_t *)v);
		break;
	case K_F64:
		json_double(w, *(const double *)v);
		break;
	case K_STR:
		put_text(w, f, *(const str *)v);
		break;
	case K_UUID:
		json_uuid(w, *(const uuid *)v);
		break;
	case K_TIME:
		json_time(w, *(const usec *)v);
		break;
	case K_JSON:
		json_raw(w, ((const struct json *)v)->text);
		break;
	case K_BYTES:
		json_bytes(w, *(const struct bytes *)v);
		break;
	case K_RECORD:
		json_record(w, f->of, f->ref ? *(const void *const *)v : v);
		break;
	case K_LIST:
		json_records(w, f->of, v);
		break;
	default:
		put_array(w, f, v);
	}
}

/* Names in tables are identifiers: nothing to escape. */
static inline void put_name(struct json_writer *w, const char *name)
{
	size_t n = strlen(name);
	char *p = begin_value(w, n + 3);

	*p++ = '"';
	memcpy(p, name, n);
	memcpy(p + n, "\":", 2);
	w->comma = false;
	end_at(w, p + n + 2);
}

static inline void put_member(struct json_writer *w, const struct field *f, const char *name,
			      const void *v, bool absent)
{
	put_name(w, name);
	if (absent)
		json_nil(w);
	else
		put_value(w, f, v);
}

void json_members(struct json_writer *w, const struct field *fields, const void *record)
{
	for (const struct field *f = fields; f->name; f++) {
		const void *v = (const char *)record + f->offset;
		bool absent = is_absent(f, v);

		if (f->hidden || (absent && f->omit_absent))
			continue;
		put_member(w, f, f->name, v, absent);
		if (f->alias)
			put_member(w, f, f->alias, v, absent);
	}
}

void json_record(struct json_writer *w, const struct field *fields, const void *record)
{
	json_object_begin(w);
	json_members(w, fields, record);
	json_object_end(w);
}

void json_records(struct json_writer *w, const struct field *fields, const struct list *list)
{
	json_array_begin(w);
	for (size_t i = 0; i < list->n; i++)
		json_record(w, fields, (const char *)list->v + i * list->size);
	json_array_end(w);
}
