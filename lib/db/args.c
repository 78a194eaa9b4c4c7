/*
 * Parameters in PostgreSQL's binary format (the recv functions of src/backend/utils/adt). A call and all
 * its parameters are one arena allocation, but for what has to be put together: arrays and JSON.
 */
#include "lib/db/call.h"

#include "lib/base/log.h"
#include "lib/db/wire.h"

#include <assert.h>
#include <string.h>

struct arg arg_bool(bool v)
{
	return (struct arg){ .kind = K_BOOL, .v.b = v };
}

struct arg arg_i32(int32_t v)
{
	return (struct arg){ .kind = K_I32, .v.i32 = v };
}

struct arg arg_i64(int64_t v)
{
	return (struct arg){ .kind = K_I64, .v.i64 = v };
}

struct arg arg_f64(double v)
{
	return (struct arg){ .kind = K_F64, .v.f64 = v };
}

struct arg arg_str(str v)
{
	return (struct arg){ .kind = K_STR, .v.s = v };
}

struct arg arg_uuid(uuid v)
{
	return (struct arg){ .kind = K_UUID, .v.id = v };
}

struct arg arg_time(usec v)
{
	return (struct arg){ .kind = K_TIME, .v.t = v };
}

struct arg arg_json(struct json v)
{
	return (struct arg){ .kind = K_JSON, .v.json = v };
}

struct arg arg_bytes(struct bytes v)
{
	return (struct arg){ .kind = K_BYTES, .v.bytes = v };
}

struct arg arg_strs(struct strs v)
{
	return (struct arg){ .kind = K_STRS, .v.strs = v };
}

struct arg arg_uuids(struct uuids v)
{
	return (struct arg){ .kind = K_UUIDS, .v.uuids = v };
}

struct arg arg_i32s(struct i32s v)
{
	return (struct arg){ .kind = K_I32S, .v.i32s = v };
}

struct arg arg_i64s(struct i64s v)
{
	return (struct arg){ .kind = K_I64S, .v.i64s = v };
}

struct arg arg_null(void)
{
	return (struct arg){ .kind = K_END };
}

struct arg arg_when(bool has, struct arg a)
{
	return has ? a : arg_null();
}

static Oid type_of(enum kind kind)
{
	static const Oid types[] = {
		[K_BOOL] = OID_BOOL,	    [K_I32] = OID_INT4,		[K_I64] = OID_INT8,
		[K_F64] = OID_FLOAT8,	    [K_STR] = OID_TEXT,		[K_UUID] = OID_UUID,
		[K_TIME] = OID_TIMESTAMPTZ, [K_JSON] = OID_JSONB,	[K_BYTES] = OID_BYTEA,
		[K_STRS] = OID_TEXT_ARRAY,  [K_UUIDS] = OID_UUID_ARRAY, [K_I32S] = OID_INT4_ARRAY,
		[K_I64S] = OID_INT8_ARRAY,  [K_DATE] = OID_DATE,
	};

	assert(kind < sizeof(types) / sizeof(*types) && types[kind]);
	return types[kind];
}

void stmt_types(const struct stmt *s, Oid types[static STMT_PARAMS])
{
	for (int i = 0; i < s->nparams; i++)
		types[i] = type_of(s->kinds[i]);
}

/* ---- values ---- */

/* One parameter on its way into a call. `room`: 8 bytes for a number. */
struct slot {
	struct arena *arena;
	char *room;
	const char *value;
	int length;
	bool too_long;
};

static void put_view(struct slot *s, const void *p, size_t n)
{
	s->value = p;
	s->length = (int)n;
	s->too_long = n > WIRE_MAX;
}

static void put_i64(struct slot *s, int64_t v)
{
	wire_put64(s->room, (uint64_t)v);
	put_view(s, s->room, 8);
}

static void put_i32(struct slot *s, int32_t v)
{
	wire_put32(s->room, (uint32_t)v);
	put_view(s, s->room, 4);
}

/* The ends of usec's range mean infinity, as they do in PostgreSQL's timestamps. */
static void put_time(struct slot *s, usec t)
{
	int64_t us = t.us;

	if (us == 0)
		return;
	if (us != INT64_MAX && us != INT64_MIN && __builtin_sub_overflow(us, WIRE_EPOCH, &us))
		us = INT64_MIN;
	put_i64(s, us);
}

static void put_f64(struct slot *s, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_i64(s, (int64_t)bits);
}

/* jsonb_recv: a version byte, then the text. */
static void put_json(struct slot *s, str text)
{
	char *p;

	if (!text.p)
		return;
	if (text.n >= WIRE_MAX) {
		s->too_long = true;
		return;
	}
	p = arena_alloc(s->arena, text.n + 1);
	p[0] = 1;
	memcpy(p + 1, text.p, text.n);
	put_view(s, p, text.n + 1);
}

/* array_recv: dimensions, "has nulls", element type; size and lower bound of each dimension; elements
 * as length and bytes. Returns the place of the first element, or NULL: there is none to write. */
static char *put_array(struct slot *s, Oid element, size_t n, size_t bytes)
{
	size_t size = n ? 20 + bytes : 12;
	char *p;

	if (n > WIRE_MAX / 8 || size > WIRE_MAX) {
		s->too_long = true;
		return NULL;
	}
	p = arena_alloc(s->arena, size);
	wire_put32(p, n ? 1 : 0);
	wire_put32(p + 4, 0);
	wire_put32(p + 8, element);
	put_view(s, p, size);
	if (!n)
		return NULL;
	wire_put32(p + 12, (uint32_t)n);
	wire_put32(p + 16, 1);
	return p + 20;
}

/* An absent string within an array is NULL, as outside of one. */
static void put_strs(struct slot *s, struct strs v)
{
	size_t bytes = 0;
	bool nulls = false;
	char *p;

	for (size_t i = 0; i < v.n; i++) {
		bytes += 4 + (v.v[i].p ? v.v[i].n : 0);
		nulls |= !v.v[i].p;
	}
	p = put_array(s, OID_TEXT, v.n, bytes);
	if (!p)
		return;
	wire_put32(p - 16, nulls);
	for (size_t i = 0; i < v.n; i++) {
		str one = v.v[i];

		wire_put32(p, one.p ? (uint32_t)one.n : UINT32_MAX);
		p += 4;
		if (one.p) {
			memcpy(p, one.p, one.n);
			p += one.n;
		}
	}
}

static void put_uuids(struct slot *s, struct uuids v)
{
	char *p = put_array(s, OID_UUID, v.n, v.n * 20);

	for (size_t i = 0; p && i < v.n; i++, p += 20) {
		wire_put32(p, 16);
		memcpy(p + 4, v.v[i].b, 16);
	}
}

static void put_i32s(struct slot *s, struct i32s v)
{
	char *p = put_array(s, OID_INT4, v.n, v.n * 8);

	for (size_t i = 0; p && i < v.n; i++, p += 8) {
		wire_put32(p, 4);
		wire_put32(p + 4, (uint32_t)v.v[i]);
	}
}

static void put_i64s(struct slot *s, struct i64s v)
{
	char *p = put_array(s, OID_INT8, v.n, v.n * 12);

	for (size_t i = 0; p && i < v.n; i++, p += 12) {
		wire_put32(p, 8);
		wire_put64(p + 4, (uint64_t)v.v[i]);
	}
}

/* Leaves the value NULL for what is absent. */
static void put(struct slot *s, const struct arg *a)
{
	switch (a->kind) {
	case K_BOOL:
		s->room[0] = a->v.b;
		put_view(s, s->room, 1);
		break;
	case K_I32:
		put_i32(s, a->v.i32);
		break;
	case K_I64:
		put_i64(s, a->v.i64);
		break;
	case K_F64:
		put_f64(s, a->v.f64);
		break;
	case K_STR:
		put_view(s, a->v.s.p, a->v.s.n);
		break;
	case K_UUID:
		if (uuid_is_nil(a->v.id))
			break;
		memcpy(s->room, a->v.id.b, sizeof(uuid));
		put_view(s, s->room, sizeof(uuid));
		break;
	case K_TIME:
		put_time(s, a->v.t);
		break;
	case K_JSON:
		put_json(s, a->v.json.text);
		break;
	case K_BYTES:
		put_view(s, a->v.bytes.p, a->v.bytes.n);
		break;
	case K_STRS:
		if (a->v.strs.v)
			put_strs(s, a->v.strs);
		break;
	case K_UUIDS:
		if (a->v.uuids.v)
			put_uuids(s, a->v.uuids);
		break;
	case K_I32S:
		if (a->v.i32s.v)
			put_i32s(s, a->v.i32s);
		break;
	case K_I64S:
		if (a->v.i64s.v)
			put_i64s(s, a->v.i64s);
		break;
	default:
		break;
	}
}

/* ---- calls ---- */

/* Makes the argument one of the declared kind where nothing can be lost. */
static bool fit(struct arg *a, enum kind declared)
{
	if (a->kind == K_I32 && declared == K_I64)
		*a = arg_i64(a->v.i32);
	if (a->kind == K_I32 && declared == K_DATE) {
		if (a->v.i32 != INT32_MAX
		    && __builtin_sub_overflow(a->v.i32, WIRE_EPOCH_DAYS, &a->v.i32))
			a->v.i32 = INT32_MIN; /* -infinity */
		return true;
	}
	return a->kind == declared || a->kind == K_END;
}

static bool add_arg(struct call *call, struct slot *slot, int i, struct arg a)
{
	const struct stmt *s = call->stmt;

	if (!fit(&a, s->kinds[i])) {
		log_error("argument of another kind than its statement declares",
			  LOG("statement", s->name), LOG("parameter", i + 1));
		return false;
	}
	put(slot, &a);
	if (slot->too_long) {
		log_warn("argument too long", LOG("statement", s->name), LOG("parameter", i + 1));
		return false;
	}
	call->values[i] = slot->value;
	call->lengths[i] = slot->length;
	return true;
}

static void release(void *p)
{
	struct call *call = p;

	call_abandon(call);
	PQclear(call->result);
}

/* A call, room for its parameters' numbers (*room), and the two arrays, in one piece. */
static struct call *allocate(struct arena *a, const struct stmt *s, char **room)
{
	size_t n = s->nparams;
	struct call *call =
		arena_alloc(a, sizeof(*call) + n * (sizeof(uuid) + sizeof(char *) + sizeof(int)));

	*call = (struct call){ .stmt = s };
	*room = (char *)(call + 1);
	call->values = (void *)(*room + n * sizeof(uuid));
	call->lengths = (void *)(call->values + n);
	arena_defer(a, release, call);
	return call;
}

struct call *call_new(struct arena *a, const struct stmt *s, va_list args)
{
	char *room;
	struct call *call = allocate(a, s, &room);

	for (int i = 0; i < s->nparams; i++, room += sizeof(uuid)) {
		struct slot slot = { .arena = a, .room = room };

		if (!add_arg(call, &slot, i, va_arg(args, struct arg)))
			return NULL;
	}
	return call;
}

struct call *call_plain(struct arena *a, const struct stmt *s)
{
	char *room;

	assert(s->nparams == 0);
	return allocate(a, s, &room);
}
