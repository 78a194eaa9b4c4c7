#include "lib/base/arena.h"
#include "lib/base/json.h"
#include "lib/base/test.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct key {
	int32_t key_id;
	str label;
	struct strs tags;
};

static const struct field key_fields[] = {
	FIELD(struct key, key_id, .required = true),
	FIELD(struct key, label, .max = 5),
	FIELD(struct key, tags),
	{ 0 },
};

struct body {
	bool yes;
	int32_t small;
	int64_t large;
	double ratio;
	str text;
	str choice;
	str raw;
	uuid id;
	usec at;
	struct json extra;
	struct bytes bytes;
	struct strs tags;
	struct uuids ids;
	struct i32s counts;
	struct i64s sums;
	struct key key;
	struct key *other;
	struct list keys;
	str internal;
};

static const struct field body_fields[] = {
	FIELD(struct body, yes),
	FIELD(struct body, small, .min = -5, .max = 50, .has_range = true),
	FIELD(struct body, large),
	FIELD(struct body, ratio, .min = 0, .max = 0.5, .has_range = true),
	FIELD(struct body, text, .min = 2, .max = 5, .alias = "body"),
	FIELD(struct body, choice, .one_of = "public|followers"),
	FIELD(struct body, raw, .keep_space = true),
	FIELD(struct body, id),
	FIELD(struct body, at),
	FIELD(struct body, extra),
	FIELD(struct body, bytes, .max = 4),
	FIELD(struct body, tags, .min = 1, .max = 3, .one_of = "a|b|c"),
	FIELD(struct body, ids),
	FIELD(struct body, counts),
	FIELD(struct body, sums),
	FIELD(struct body, key, .of = key_fields),
	FIELD(struct body, other, .of = key_fields, .ref = true, .size = sizeof(struct key)),
	FIELD(struct body, keys, .of = key_fields, .size = sizeof(struct key), .max = 2),
	FIELD(struct body, internal, .hidden = true, .required = true),
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

static err read_body(const char *text, struct body *out)
{
	*out = (struct body){ 0 };
	return fields_from_json(arena, str_of(text), body_fields, out, NULL);
}

static struct body good(const char *text)
{
	struct body b;
	err e = read_body(text, &b);

	if (e.info)
		fail_msg("%s: %s", text, e.info->message);
	return b;
}

/* The text is refused with this sentence about this field. */
static void expect_bad(const char *field, const char *message, const char *text)
{
	struct body b;
	err e = read_body(text, &b);

	if (!e.info)
		fail_msg("accepted: %s", text);
	EXPECT_TRUE(err_is(e, err_invalid));
	EXPECT_CSTR(message, e.info->message);
	if (field)
		EXPECT_CSTR(field, e.info->field);
	else
		EXPECT_NULL(e.info->field);
}

static void expect_str(const char *want, str got)
{
	EXPECT_TRUE(got.p != NULL);
	EXPECT_CSTR(want, got.p);
	EXPECT_EQ(strlen(want), got.n);
}

TEST(every_kind_is_read)
{
	struct body b = good(
		"{\"yes\":true,\"small\":-5,\"large\":9223372036854775807,\"ratio\":0.25,"
		"\"text\":\" gr\xC3\xBC\xC3\x9F \",\"choice\":\"followers\",\"raw\":\" x \","
		"\"id\":\"01234567-89ab-cdef-fedc-ba9876543210\",\"at\":\"2026-01-25T10:00:00Z\","
		"\"extra\":{\"b\": [1, 2.50, null, true, false, \"x\\ny\"], \"a\": {}},"
		"\"bytes\":\"_-8\",\"tags\":[\" a \",\"c\"],"
		"\"ids\":[\"01234567-89ab-cdef-fedc-ba9876543210\"],\"counts\":[1,-2],\"sums\":[3],"
		"\"key\":{\"key_id\":7,\"label\":\"one\"},\"other\":{\"key_id\":8},"
		"\"keys\":[{\"key_id\":9},{\"key_id\":10,\"tags\":[\"x\"]}]}");

	EXPECT_TRUE(b.yes);
	EXPECT_EQ(-5, b.small);
	EXPECT_EQ(INT64_MAX, b.large);
	EXPECT_TRUE(b.ratio == 0.25);
	expect_str("gr\xC3\xBC\xC3\x9F", b.text);
	expect_str("followers", b.choice);
	expect_str(" x ", b.raw);
	EXPECT_EQ(0x67, b.id.b[3]);
	EXPECT_EQ(1769335200 * SECOND, b.at.us);
	EXPECT_TRUE(str_eq(S("{\"b\":[1,2.5,null,true,false,\"x\\ny\"],\"a\":{}}"), b.extra.text));
	EXPECT_EQ(2, b.bytes.n);
	EXPECT_MEM("\xFF\xEF", b.bytes.p, 2);
	EXPECT_EQ(2, b.tags.n);
	expect_str("a", b.tags.v[0]);
	EXPECT_EQ(1, b.ids.n);
	EXPECT_EQ(2, b.counts.n);
	EXPECT_EQ(-2, b.counts.v[1]);
	EXPECT_EQ(3, b.sums.v[0]);
	EXPECT_EQ(7, b.key.key_id);
	expect_str("one", b.key.label);
	EXPECT_EQ(8, b.other->key_id);
	EXPECT_EQ(2, b.keys.n);
	EXPECT_EQ(sizeof(struct key), b.keys.size);
	EXPECT_EQ(10, ((struct key *)b.keys.v)[1].key_id);
	expect_str("x", ((struct key *)b.keys.v)[1].tags.v[0]);
}

TEST(nothing_null_and_white_space_are_an_empty_object)
{
	static const struct body zero;
	static const char *const texts[] = { "", " \r\n\t ", "null", " null ", "{}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct body b = good(texts[i]);

		EXPECT_MEM(&zero, &b, sizeof(b));
	}
}

TEST(unknown_hidden_and_repeated_members)
{
	struct body b = good(
		"{\"nobody\":{\"knows\":[1]},\"internal\":\"set me\",\"text\":\"one\",\"text\":\"two\"}");

	expect_str("two", b.text);
	EXPECT_NULL(b.internal.p);
}

TEST(an_alias_is_a_second_name)
{
	expect_str("hello", good("{\"body\":\"hello\"}").text);
	expect_str("one", good("{\"body\":\"two\",\"text\":\"one\"}").text);
}

TEST(present_tells_set_from_null_from_missing)
{
	struct body b = { 0 };
	struct present p = { ~UINT64_C(0), ~UINT64_C(0) };

	EXPECT_TRUE(err_is(OK,
			   fields_from_json(arena,
					    S("{\"yes\":false,\"text\":null,\"body\":\"alias\"}"),
					    body_fields, &b, &p)));
	EXPECT_TRUE(present_has(&p, body_fields, "yes"));
	EXPECT_FALSE(present_null(&p, body_fields, "yes"));
	EXPECT_FALSE(present_has(&p, body_fields, "text"));
	EXPECT_TRUE(present_null(&p, body_fields, "text"));
	EXPECT_FALSE(present_has(&p, body_fields, "small"));
	EXPECT_FALSE(present_null(&p, body_fields, "small"));
	EXPECT_NULL(b.text.p);
}

TEST(documents_that_are_none)
{
	expect_bad(NULL, "the JSON is malformed at line 1, column 8", "{\"yes\":}");
	expect_bad(NULL, "the JSON is malformed at line 2, column 1", "{\"yes\":true,\n}");
	expect_bad(NULL, "the JSON is malformed at line 1, column 4", "{} x");
	expect_bad(NULL, "a JSON object is expected", "[]");
	expect_bad(NULL, "a JSON object is expected", "7");
	expect_bad(NULL, "a JSON object is expected", "\"null\"");
	expect_bad(NULL, "the JSON is not valid UTF-8", "{\"text\":\"\xFF\"}");
	expect_bad(NULL, "the JSON is not valid UTF-8", "{\"\xED\xA0\x80\":1}");
	expect_bad(NULL, "the JSON holds a NUL character", "{\"text\":\"a\\u0000b\"}");
	expect_bad(NULL, "the JSON holds a NUL character", "{\"a\\u0000b\":1}");
	expect_bad(NULL, "the JSON holds a number that is out of range", "{\"nobody\":1e400}");
	expect_bad(NULL, "the JSON holds a number that is out of range",
		   "{\"large\":99999999999999999999}");
	expect_bad(NULL, "the JSON is malformed at line 1, column 16", "{\"text\":\"\\ud800\"}");
}

TEST(nul_bytes_in_the_text_are_refused)
{
	struct body b = { 0 };

	EXPECT_TRUE(
		err_is(err_invalid,
		       fields_from_json(arena, S("{\"text\":\"a\0b\"}"), body_fields, &b, NULL)));
	EXPECT_TRUE(err_is(err_invalid, fields_from_json(arena, S("{}\0"), body_fields, &b, NULL)));
}

TEST(nesting_is_bounded)
{
	static char text[10000];

	snprintf(text, sizeof(text), "{\"extra\":%.*s%.*s}", 31, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		 31, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	good(text);
	snprintf(text, sizeof(text), "{\"extra\":%.*s%.*s}", 32, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		 32, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	expect_bad(NULL, "the JSON is nested deeper than 32 levels", text);
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	expect_bad(NULL, "the JSON is nested deeper than 32 levels", text);
	/* Brackets within strings are text, quotes behind a backslash do not end one. */
	good("{\"raw\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\"}");
}

TEST(wrong_types_are_named)
{
	expect_bad("yes", "yes must be true or false", "{\"yes\":1}");
	expect_bad("yes", "yes must be true or false", "{\"yes\":\"true\"}");
	expect_bad("small", "small must be a whole number", "{\"small\":\"1\"}");
	expect_bad("small", "small must be a whole number", "{\"small\":1.5}");
	expect_bad("small", "small must be a whole number", "{\"small\":1e300}");
	expect_bad("small", "small must be a whole number", "{\"small\":true}");
	expect_bad("ratio", "ratio must be a number", "{\"ratio\":\"0.1\"}");
	expect_bad("text", "text must be a text", "{\"text\":5}");
	expect_bad("text", "text must be a text", "{\"body\":{}}");
	expect_bad("id", "id must be a text", "{\"id\":5}");
	expect_bad("id", "id must be a UUID", "{\"id\":\"me\"}");
	expect_bad("at", "at must be a time like 2026-01-25T10:00:00Z", "{\"at\":\"tomorrow\"}");
	expect_bad("bytes", "bytes must be base64", "{\"bytes\":\"a\"}");
	expect_bad("tags", "tags must be a list", "{\"tags\":\"a,b\"}");
	expect_bad("tags[1]", "tags[1] must be a text", "{\"tags\":[\"a\",2]}");
	expect_bad("tags[0]", "tags[0] must be a text", "{\"tags\":[null]}");
	expect_bad("ids[0]", "ids[0] must be a UUID", "{\"ids\":[\"x\"]}");
	expect_bad("counts[0]", "counts[0] must be a whole number", "{\"counts\":[[]]}");
	expect_bad("key", "key must be an object", "{\"key\":[]}");
	expect_bad("other", "other must be an object", "{\"other\":7}");
	expect_bad("keys", "keys must be a list", "{\"keys\":{}}");
	expect_bad("keys[0]", "keys[0] must be an object", "{\"keys\":[null]}");
}

TEST(whole_numbers_may_be_written_as_doubles)
{
	EXPECT_EQ(5, good("{\"small\":5.0}").small);
	EXPECT_EQ(-3000, good("{\"large\":-3e3}").large);
	EXPECT_TRUE(good("{\"ratio\":0}").ratio == 0);
}

TEST(bounds_are_named)
{
	expect_bad("small", "small must be between -5 and 50", "{\"small\":-6}");
	expect_bad("small", "small must be between -5 and 50", "{\"small\":51}");
	expect_bad("small", "small must be between -2147483648 and 2147483647",
		   "{\"small\":2147483648}");
	expect_bad("small", "small must be between -2147483648 and 2147483647",
		   "{\"small\":-2147483649}");
	expect_bad("ratio", "ratio must be between 0 and 0.5", "{\"ratio\":0.51}");
	expect_bad("text", "text must be at most 5 characters", "{\"text\":\"123456\"}");
	expect_bad("text", "text must be at least 2 characters", "{\"text\":\"  1  \"}");
	expect_bad("text", "text must be at least 2 characters", "{\"text\":\"\"}");
	EXPECT_EQ(10, good("{\"text\":\"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\"}").text.n);
	expect_bad("choice", "choice must be one of public, followers", "{\"choice\":\"only_me\"}");
	expect_bad("choice", "choice must be one of public, followers",
		   "{\"choice\":\"public|followers\"}");
	expect_bad("bytes", "bytes must have at most 4 elements", "{\"bytes\":\"AAAAAAA=\"}");
	expect_bad("tags", "tags must have at least 1 element", "{\"tags\":[]}");
	expect_bad("tags", "tags must have at most 3 elements",
		   "{\"tags\":[\"a\",\"a\",\"a\",\"a\"]}");
	expect_bad("tags[0]", "tags[0] must be one of a, b, c", "{\"tags\":[\"d\"]}");
	expect_bad("keys", "keys must have at most 2 elements",
		   "{\"keys\":[{\"key_id\":1},{\"key_id\":1},{\"key_id\":1}]}");
}

TEST(errors_deep_inside_name_the_way)
{
	expect_bad("key.key_id", "key.key_id is required", "{\"key\":{}}");
	expect_bad("key.label", "key.label must be at most 5 characters",
		   "{\"key\":{\"key_id\":1,\"label\":\"123456\"}}");
	expect_bad("keys[1].tags[2]", "keys[1].tags[2] must be a text",
		   "{\"keys\":[{\"key_id\":1},{\"key_id\":2,\"tags\":[\"\",\"\",{}]}]}");
}

struct login {
	str handle;
};

TEST(required_members)
{
	static const struct field fields[] = {
		FIELD(struct login, handle, .required = true, .min = 1),
		{ 0 },
	};
	struct login in = { 0 };
	err e = fields_from_json(arena, S("{}"), fields, &in, NULL);

	EXPECT_CSTR("handle is required", e.info->message);
	e = fields_from_json(arena, S("null"), fields, &in, NULL);
	EXPECT_CSTR("handle is required", e.info->message);
	e = fields_from_json(arena, S("{\"handle\":null}"), fields, &in, NULL);
	EXPECT_CSTR("handle is required", e.info->message);
	e = fields_from_json(arena, S("{\"handle\":\"  \"}"), fields, &in, NULL);
	EXPECT_CSTR("handle must not be empty", e.info->message);
	e = field_invalid(arena, fields, "is taken");
	EXPECT_CSTR("handle is taken", e.info->message);
	EXPECT_CSTR("handle", e.info->field);
}

TEST(metacharacters_are_just_text)
{
	expect_str("'\"\\;--%$1", good("{\"raw\":\"'\\\"\\\\;--%$1\"}").raw);
	expect_str("\xF0\x9F\x98\x80", good("{\"raw\":\"\\ud83d\\ude00\"}").raw);
}

static void back_to_boundary(void *boundary)
{
	longjmp(*(jmp_buf *)boundary, 1);
}

/* Fails the n-th allocation, the parser's or the arena's, until none is left to fail. */
TEST(running_out_of_memory_is_an_error_and_leaks_nothing)
{
	static char
		text[20000]; /* long enough that the arena has to allocate even in plain builds */
	volatile bool passed = false;
	volatile int errors = 0;
	jmp_buf boundary;

	snprintf(
		text, sizeof(text),
		"{\"raw\":\"%9000d\",\"tags\":[\"a\",\"b\"],\"large\":1,\"ratio\":0.5,\"extra\":{}}",
		1);
	for (volatile long n = 1; !passed && n < 1000; n++) {
		struct arena *volatile a = arena_new();
		struct body b = { 0 };

		arena_set_oom(a, back_to_boundary, &boundary);
		if (setjmp(boundary) == 0) {
			arena_fail_nth(n);
			err e = fields_from_json(a, str_of(text), body_fields, &b, NULL);

			passed = !e.info;
			errors += err_is(e, err_no_memory);
			EXPECT_TRUE(passed || err_is(e, err_no_memory));
		}
		EXPECT_EQ(passed, arena_fail_nth(0));
		arena_free(a);
	}
	EXPECT_TRUE(passed);
	EXPECT_TRUE(errors > 10);
}

/* What a handler's record held before it is read does not show through, whatever the table names. */
TEST(a_record_is_cleared_as_a_whole)
{
	static const struct field some_fields[] = {
		FIELD(struct body, text),
		{ 0 },
	};
	static const struct body zero;
	struct body b;

	memset(&b, 0xa5, sizeof(b));
	fields_clear(some_fields, &b);
	EXPECT_MEM(&zero, &b, sizeof(b));
}
