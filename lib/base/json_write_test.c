#include "lib/base/arena.h"
#include "lib/base/json.h"
#include "lib/base/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct arena *arena;

static struct json_writer *writer(size_t hint)
{
	static struct json_writer w;

	if (!arena)
		arena = arena_new();
	json_init(&w, arena, hint);
	return &w;
}

/* Checks the document and ends its arena. */
static void expect_json(const char *want, const struct json_writer *w)
{
	EXPECT_CSTR(want, arena_cstr(arena, json_text(w)));
	arena_free(arena);
	arena = NULL;
}

TEST(commas_are_the_writers)
{
	struct json_writer *w = writer(0);

	json_object_begin(w);
	json_key(w, S("a"));
	json_array_begin(w);
	json_int(w, 1);
	json_int(w, -2);
	json_array_begin(w);
	json_array_end(w);
	json_object_begin(w);
	json_object_end(w);
	json_nil(w);
	json_array_end(w);
	json_key(w, S("b\"\n"));
	json_bool(w, true);
	json_key(w, (str){ 0 });
	json_bool(w, false);
	json_key(w, S("raw"));
	json_raw(w, S("{\"x\":1}"));
	json_key(w, S("none"));
	json_raw(w, (str){ 0 });
	json_object_end(w);
	expect_json(
		"{\"a\":[1,-2,[],{},null],\"b\\\"\\n\":true,\"\":false,\"raw\":{\"x\":1},\"none\":null}",
		w);
}

TEST(values)
{
	struct json_writer *w = writer(10);
	uuid id = { { 0xAB } };

	json_array_begin(w);
	json_double(w, 0.1);
	json_double(w, NAN);
	json_str(w, S("text"));
	json_str(w, (str){ 0 });
	json_str(w, S(""));
	json_uuid(w, id);
	json_uuid(w, (uuid){ { 0 } });
	json_time(w, (usec){ 1 });
	json_time(w, (usec){ 0 });
	json_bytes(w, (struct bytes){ (const uint8_t *)"hello", 5 });
	json_bytes(w, (struct bytes){ (const uint8_t *)"", 0 });
	json_bytes(w, (struct bytes){ 0 });
	json_array_end(w);
	expect_json("[0.1,null,\"text\",null,\"\",\"ab000000-0000-0000-0000-000000000000\",null,"
		    "\"1970-01-01T00:00:00.000001Z\",null,\"aGVsbG8=\",\"\",null]",
		    w);
}

static const struct {
	const char *text, *json;
} escapes[] = {
	{ "it's a/b <&> \x7F", "it's a/b <&> \x7F" },
	{ "\"quoted\" \\ back", "\\\"quoted\\\" \\\\ back" },
	{ "\b\t\n\f\r\x01\x1F", "\\b\\t\\n\\f\\r\\u0001\\u001f" },
	{ "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
	  "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80" },
	{ "\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "a\xED\xA0\x80z", "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz" },
};

/* Each text behind, within and across the blocks that are copied at once. */
TEST(only_what_json_asks_for_is_escaped)
{
	static const char filler[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char text[200], want[400], escaped[JSON_ESCAPED_MAX(200)];

	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++)
		for (int before = 0; before < 36; before++)
			for (int after = 0; after < 36; after += 5) {
				struct json_writer *w = writer(0);
				size_t n;

				snprintf(text, sizeof(text), "%.*s%s%.*s", before, filler,
					 escapes[i].text, after, filler);
				snprintf(want, sizeof(want), "\"%.*s%s%.*s\"", before, filler,
					 escapes[i].json, after, filler);
				json_str(w, str_of(text));
				expect_json(want, w);
				n = json_escape(str_of(text), escaped);
				EXPECT_EQ(strlen(want) - 2, n);
				EXPECT_MEM(want + 1, escaped, n);
			}
}

TEST(nul_is_escaped)
{
	struct json_writer *w = writer(0);

	json_str(w, S("a\0b"));
	expect_json("\"a\\u0000b\"", w);
}

TEST(the_buffer_grows)
{
	struct json_writer *w = writer(0);
	static char want[20000];
	char *p = want;

	json_array_begin(w);
	*p++ = '[';
	for (int i = 0; i < 1000; i++) {
		json_str(w, S("\x01\x02"));
		p += sprintf(p, "%s\"%s\"", i ? "," : "", "\\u0001\\u0002");
	}
	json_array_end(w);
	strcpy(p, "]");
	EXPECT_TRUE(strlen(want) > 8192);
	expect_json(want, w);
}

TEST(the_buffer_grows_to_one_large_value)
{
	struct json_writer *w = writer(0);
	char *digits = arena_zalloc(arena, 3001);

	memset(digits, '7', 3000);
	json_raw(w, str_of(digits));
	EXPECT_EQ(3000, json_text(w).n);
	expect_json(digits, w);
}

/* ---- records ---- */

struct author {
	str handle;
	bool verified;
};

static const struct field author_fields[] = {
	FIELD(struct author, handle),
	FIELD(struct author, verified),
	{ 0 },
};

struct everything {
	bool yes;
	int32_t small;
	int64_t large;
	double ratio;
	str text;
	uuid id;
	usec at;
	struct json extra;
	struct bytes bytes;
	struct strs tags;
	struct uuids ids;
	struct i32s counts;
	struct i64s sums;
	struct author author;
	struct author *editor;
	struct list others;
	str secret;
};

static const struct field every_field[] = {
	FIELD(struct everything, yes),
	FIELD(struct everything, small),
	FIELD(struct everything, large),
	FIELD(struct everything, ratio),
	FIELD(struct everything, text, .alias = "body"),
	FIELD(struct everything, id),
	FIELD(struct everything, at),
	FIELD(struct everything, extra),
	FIELD(struct everything, bytes),
	FIELD(struct everything, tags),
	FIELD(struct everything, ids),
	FIELD(struct everything, counts),
	FIELD(struct everything, sums),
	FIELD(struct everything, author, .of = author_fields),
	FIELD(struct everything, editor, .of = author_fields, .ref = true),
	FIELD(struct everything, others, .of = author_fields),
	FIELD(struct everything, secret, .hidden = true),
	{ 0 },
};

TEST(a_record_of_every_kind)
{
	str tags[] = { S("a"), S("b") };
	uuid ids[] = { { { 1 } }, { { 2 } } };
	int32_t counts[] = { 1, -2 };
	int64_t sums[] = { INT64_MAX };
	struct author authors[] = { { S("bob"), true }, { S("eve"), false } };
	struct everything r = {
		.yes = true,
		.small = 3,
		.large = -4,
		.ratio = 0.5,
		.text = S("hi"),
		.id = { { 9 } },
		.at = { SECOND },
		.extra = { S("[1]") },
		.bytes = { (const uint8_t *)"\xFF", 1 },
		.tags = { tags, 2 },
		.ids = { ids, 2 },
		.counts = { counts, 2 },
		.sums = { sums, 1 },
		.author = { S("ann"), true },
		.editor = &authors[1],
		.secret = S("never"),
		.others = { authors, 2, sizeof(*authors) },
	};
	struct json_writer *w = writer(0);

	json_record(w, every_field, &r);
	expect_json(
		"{\"yes\":true,\"small\":3,\"large\":-4,\"ratio\":0.5,\"text\":\"hi\",\"body\":\"hi\","
		"\"id\":\"09000000-0000-0000-0000-000000000000\",\"at\":\"1970-01-01T00:00:01.000000Z\","
		"\"extra\":[1],\"bytes\":\"/w==\",\"tags\":[\"a\",\"b\"],"
		"\"ids\":[\"01000000-0000-0000-0000-000000000000\",\"02000000-0000-0000-0000-000000000000\"],"
		"\"counts\":[1,-2],\"sums\":[9223372036854775807],"
		"\"author\":{\"handle\":\"ann\",\"verified\":true},"
		"\"editor\":{\"handle\":\"eve\",\"verified\":false},"
		"\"others\":[{\"handle\":\"bob\",\"verified\":true},{\"handle\":\"eve\",\"verified\":false}]}",
		w);
}

TEST(absent_values_are_null_and_arrays_empty)
{
	struct everything r = { 0 };
	struct json_writer *w = writer(0);

	json_record(w, every_field, &r);
	expect_json(
		"{\"yes\":false,\"small\":0,\"large\":0,\"ratio\":0,\"text\":null,\"body\":null,"
		"\"id\":null,\"at\":null,\"extra\":null,\"bytes\":null,\"tags\":[],\"ids\":[],"
		"\"counts\":[],\"sums\":[],\"author\":{\"handle\":null,\"verified\":false},"
		"\"editor\":null,\"others\":[]}",
		w);
}

TEST(optional_numbers_and_arrays_are_null)
{
	static const struct field fields[] = {
		FIELD(struct everything, yes, .optional = true),
		FIELD(struct everything, small, .optional = true),
		FIELD(struct everything, large, .optional = true),
		FIELD(struct everything, ratio, .optional = true),
		FIELD(struct everything, tags, .optional = true),
		FIELD(struct everything, others, .of = author_fields, .optional = true),
		{ 0 },
	};
	struct everything r = { 0 };
	struct json_writer *w = writer(0);
	str none[1];

	json_array_begin(w);
	json_record(w, fields, &r);
	r = (struct everything){ .small = 1,
				 .large = 2,
				 .ratio = 3,
				 .tags = { none, 0 },
				 .others = { none, 0, 1 } };
	json_record(w, fields, &r);
	json_array_end(w);
	expect_json(
		"[{\"yes\":false,\"small\":null,\"large\":null,\"ratio\":null,\"tags\":null,\"others\":null},"
		"{\"yes\":false,\"small\":1,\"large\":2,\"ratio\":3,\"tags\":[],\"others\":[]}]",
		w);
}

TEST(absent_members_can_be_left_out)
{
	static const struct field fields[] = {
		FIELD(struct everything, text, .omit_absent = true, .alias = "body"),
		FIELD(struct everything, small),
		FIELD(struct everything, id, .omit_absent = true),
		FIELD(struct everything, tags, .omit_absent = true),
		FIELD(struct everything, large, .omit_absent = true),
		{ 0 },
	};
	struct everything r = { 0 };
	struct json_writer *w = writer(0);

	json_object_begin(w);
	json_key(w, S("first"));
	json_int(w, 1);
	json_members(w, fields, &r);
	json_key(w, S("last"));
	json_int(w, 2);
	json_object_end(w);
	expect_json("{\"first\":1,\"small\":0,\"large\":0,\"last\":2}", w);
}

TEST(lists_of_records)
{
	struct author authors[] = { { S("ann"), true }, { S("bob"), false } };
	struct list list = { authors, 2, sizeof(*authors) };
	struct json_writer *w = writer(0);

	json_array_begin(w);
	json_records(w, author_fields, &list);
	json_records(w, author_fields, &(struct list){ 0 });
	json_array_end(w);
	expect_json(
		"[[{\"handle\":\"ann\",\"verified\":true},{\"handle\":\"bob\",\"verified\":false}],[]]",
		w);
}
