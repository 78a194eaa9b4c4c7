#include "lib/base/arena.h"
#include "lib/base/json.h"
#include "lib/base/test.h"

#include <string.h>

struct query {
	bool has_video;
	int32_t limit;
	int64_t since;
	double lat;
	str q;
	uuid id;
	usec before;
	struct bytes tag;
	struct strs kinds;
	struct i32s levels;
	struct uuids ids;
	struct i64s sums;
	str internal;
};

static const struct field query_fields[] = {
	FIELD(struct query, has_video),
	FIELD(struct query, limit, .min = 1, .max = 100, .has_range = true),
	FIELD(struct query, since),
	FIELD(struct query, lat, .min = -90, .max = 90, .has_range = true, .alias = "latitude"),
	FIELD(struct query, q, .max = 5),
	FIELD(struct query, id),
	FIELD(struct query, before),
	FIELD(struct query, tag),
	FIELD(struct query, kinds, .max = 2),
	FIELD(struct query, levels),
	FIELD(struct query, ids),
	FIELD(struct query, sums),
	FIELD(struct query, internal, .hidden = true),
	{ 0 },
};

static struct arena *arena;

[[gnu::constructor]] static void make_arena(void)
{
	arena = arena_new();
}

[[gnu::destructor]] static void end_arena(void)
{
	arena_free(arena);
}

static err read_one(str name, str value, struct query *out, struct present *present)
{
	struct pair pair = { name, value };

	*out = (struct query){ 0 };
	return fields_from_pairs(arena, &pair, 1, query_fields, out, present);
}

static struct query good(const char *name, const char *value)
{
	struct query q;
	struct present p;
	err e = read_one(str_of(name), str_of(value), &q, &p);

	if (e.info)
		fail_msg("%s=%s: %s", name, value, e.info->message);
	EXPECT_EQ(0, p.nulls);
	return q;
}

static void expect_bad(const char *message, const char *name, const char *value)
{
	struct query q;
	err e = read_one(str_of(name), str_of(value), &q, NULL);

	if (!e.info)
		fail_msg("accepted: %s=%s", name, value);
	EXPECT_TRUE(err_is(err_invalid, e));
	EXPECT_CSTR(message, e.info->message);
}

TEST(every_kind_is_read_from_text)
{
	EXPECT_TRUE(good("has_video", "true").has_video);
	EXPECT_TRUE(good("has_video", "1").has_video);
	EXPECT_FALSE(good("has_video", "false").has_video);
	EXPECT_FALSE(good("has_video", "0").has_video);
	EXPECT_EQ(20, good("limit", " 20 ").limit);
	EXPECT_EQ(INT64_MIN, good("since", "-9223372036854775808").since);
	EXPECT_TRUE(good("lat", "-13.404954").lat == -13.404954);
	EXPECT_TRUE(good("latitude", "1e1").lat == 10);
	EXPECT_CSTR("a b", good("q", " a b ").q.p);
	EXPECT_EQ(0xEF, good("id", "01234567-89ab-cdef-fedc-ba9876543210").id.b[7]);
	EXPECT_EQ(1769335200 * SECOND, good("before", "2026-01-25T10:00:00Z").before.us);
	EXPECT_EQ(3, good("tag", "AAAA").tag.n);
}

TEST(arrays_are_comma_separated)
{
	struct query q = good("kinds", "hazard, ,police");

	EXPECT_EQ(2, q.kinds.n);
	EXPECT_CSTR("hazard", q.kinds.v[0].p);
	EXPECT_CSTR("police", q.kinds.v[1].p);
	q = good("levels", "1,-2,3");
	EXPECT_EQ(3, q.levels.n);
	EXPECT_EQ(-2, q.levels.v[1]);
	q = good("ids", "01234567-89ab-cdef-fedc-ba9876543210");
	EXPECT_EQ(1, q.ids.n);
	EXPECT_EQ(5000000000, good("sums", "5000000000").sums.v[0]);
}

TEST(an_empty_value_is_a_text_or_nothing)
{
	struct query q;
	struct present p;

	q = good("q", "");
	EXPECT_TRUE(q.q.p != NULL && q.q.n == 0);
	EXPECT_FALSE(read_one(S("limit"), S(" "), &q, &p).info != NULL);
	EXPECT_FALSE(present_has(&p, query_fields, "limit"));
	EXPECT_EQ(0, good("ids", "").ids.n);
}

TEST(the_last_pair_of_a_name_counts)
{
	struct pair pairs[] = { { S("q"), S("one") },
				{ S("other"), S("x") },
				{ S("q"), S("two") },
				{ S("internal"), S("set me") } };
	struct query q = { 0 };
	struct present p;

	EXPECT_TRUE(err_is(OK, fields_from_pairs(arena, pairs, 4, query_fields, &q, &p)));
	EXPECT_CSTR("two", q.q.p);
	EXPECT_TRUE(present_has(&p, query_fields, "q"));
	EXPECT_FALSE(present_has(&p, query_fields, "lat"));
	EXPECT_NULL(q.internal.p);
}

TEST(bad_values_are_named)
{
	expect_bad("has_video must be true or false", "has_video", "yes");
	expect_bad("limit must be a whole number", "limit", "ten");
	expect_bad("limit must be a whole number", "limit", "99999999999999999999");
	expect_bad("limit must be between 1 and 100", "limit", "0");
	expect_bad("levels[0] must be between -2147483648 and 2147483647", "levels", "2147483648");
	expect_bad("levels[1] must be between -2147483648 and 2147483647", "levels",
		   "1,-2147483649");
	expect_bad("lat must be a number", "lat", "1e400");
	expect_bad("lat must be a number", "lat", "nan");
	expect_bad("lat must be between -90 and 90", "lat", "91");
	expect_bad("q must be at most 5 characters", "q", "123456");
	expect_bad("q must be valid UTF-8 without NUL characters", "q", "\xFF");
	expect_bad("id must be a UUID", "id", "' OR 1=1");
	expect_bad("before must be a time like 2026-01-25T10:00:00Z", "before", "2026");
	expect_bad("tag must be base64", "tag", "!");
	expect_bad("kinds must have at most 2 elements", "kinds", "a,b,c");
	expect_bad("ids[1] must be a UUID", "ids", "01234567-89ab-cdef-fedc-ba9876543210,x");
}

TEST(nul_is_refused)
{
	struct query q;

	EXPECT_TRUE(err_is(err_invalid, read_one(S("q"), S("a\0b"), &q, NULL)));
}

TEST(required_parameters)
{
	static const struct field fields[] = {
		FIELD(struct query, lat, .required = true),
		{ 0 },
	};
	struct query q = { 0 };
	struct pair empty = { S("lat"), S("") };

	EXPECT_CSTR("lat is required",
		    fields_from_pairs(arena, NULL, 0, fields, &q, NULL).info->message);
	EXPECT_CSTR("lat is required",
		    fields_from_pairs(arena, &empty, 1, fields, &q, NULL).info->message);
}
