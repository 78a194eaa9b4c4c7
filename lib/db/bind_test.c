/* Parameters and columns: every kind there and back, and what must not fit. */
#include "lib/db/pg_test.h"

struct everything {
	bool flag;
	int32_t small;
	int64_t big;
	double ratio;
	str text;
	uuid id;
	usec at;
	struct json doc;
	struct bytes raw;
	struct strs words;
	struct uuids ids;
	struct i32s smalls;
	struct i64s bigs;
	str day;
};

static const struct field everything_fields[] = {
	FIELD(struct everything, flag),
	FIELD(struct everything, small),
	FIELD(struct everything, big),
	FIELD(struct everything, ratio),
	FIELD(struct everything, text),
	FIELD(struct everything, id),
	FIELD(struct everything, at),
	FIELD(struct everything, doc),
	FIELD(struct everything, raw),
	FIELD(struct everything, words),
	FIELD(struct everything, ids),
	FIELD(struct everything, smalls),
	FIELD(struct everything, bigs),
	FIELD(struct everything, day),
	{ 0 },
};

STMT(echo,
     "SELECT $14 AS day, $1 AS flag, $2 AS small, $3 AS big, $4 AS ratio, $5 AS text, $6 AS id, "
     "$7 AS at, $8 AS doc, $9 AS raw, $10 AS words, $11 AS ids, $12 AS smalls, $13 AS bigs",
     .read = true,
     KINDS(K_BOOL, K_I32, K_I64, K_F64, K_STR, K_UUID, K_TIME, K_JSON, K_BYTES, K_STRS, K_UUIDS,
	   K_I32S, K_I64S, K_DATE));

static err echo_all(struct db *db, const struct everything *in, int32_t day, struct everything *out)
{
	return db_one(db, &echo, everything_fields, out, ARG(in->flag), ARG(in->small),
		      ARG(in->big), ARG(in->ratio), ARG(in->text), ARG(in->id), ARG(in->at),
		      ARG(in->doc), ARG(in->raw), ARG(in->words), ARG(in->ids), ARG(in->smalls),
		      ARG(in->bigs), ARG(day));
}

DB_TEST(every_kind_comes_back_as_it_went)
{
	str words[] = { S("a"), S(""), { 0 }, S("\"{},\\ ü") };
	uuid ids[] = { uuid_random(), uuid_random() };
	int32_t smalls[] = { INT32_MIN, 0, INT32_MAX };
	int64_t bigs[] = { INT64_MIN, -1, INT64_MAX };
	const uint8_t raw[] = { 0, 255, 0, 39 };
	struct everything in = {
		.flag = true,
		.small = -7,
		.big = INT64_C(-9007199254740993),
		.ratio = 0.1,
		.text = S("naïve \U0001f600 'quoted'"),
		.id = uuid_random(),
		.at = { INT64_C(1769335200123456) },
		.doc = { S("{\"a\": [1, null]}") },
		.raw = { raw, sizeof(raw) },
		.words = { words, 4 },
		.ids = { ids, 2 },
		.smalls = { smalls, 3 },
		.bigs = { bigs, 3 },
	};
	struct everything out;

	memset(&out, 0xee, sizeof(out));
	EXPECT_OK(echo_all(db, &in, 20478, &out));
	EXPECT_TRUE(out.flag);
	EXPECT_EQ(in.small, out.small);
	EXPECT_EQ(in.big, out.big);
	EXPECT_TRUE(out.ratio == 0.1);
	EXPECT_STR(in.text.p, out.text);
	EXPECT_TRUE(uuid_eq(in.id, out.id));
	EXPECT_EQ(in.at.us, out.at.us);
	EXPECT_STR(in.doc.text.p, out.doc.text);
	EXPECT_EQ(4, out.raw.n);
	EXPECT_MEM(raw, out.raw.p, 4);
	EXPECT_EQ(4, out.words.n);
	EXPECT_STR("a", out.words.v[0]);
	EXPECT_STR("", out.words.v[1]);
	EXPECT_STR(NULL, out.words.v[2]);
	EXPECT_STR(words[3].p, out.words.v[3]);
	EXPECT_EQ(2, out.ids.n);
	EXPECT_TRUE(uuid_eq(ids[1], out.ids.v[1]));
	EXPECT_EQ(3, out.smalls.n);
	EXPECT_MEM(smalls, out.smalls.v, sizeof(smalls));
	EXPECT_EQ(3, out.bigs.n);
	EXPECT_MEM(bigs, out.bigs.v, sizeof(bigs));
	EXPECT_STR("2026-01-25", out.day);
}

DB_TEST(what_is_absent_is_null_and_comes_back_absent)
{
	struct everything in = { 0 }, out;

	memset(&in, 0, sizeof(in)); /* padding, too */
	memset(&out, 0, sizeof(out));
	out.small = 1;
	out.text = S("old");
	out.words.n = 3;
	EXPECT_OK(db_one(db, &echo, everything_fields, &out, arg_null(), arg_null(), arg_null(),
			 arg_null(), ARG(in.text), ARG(in.id), ARG(in.at), ARG(in.doc), ARG(in.raw),
			 ARG(in.words), ARG(in.ids), ARG(in.smalls), ARG(in.bigs), arg_null()));
	EXPECT_MEM(&in, &out, sizeof(in));
}

DB_TEST(empty_is_not_null)
{
	str none[1];
	uuid no_id[1];
	int32_t no_small[1];
	int64_t no_big[1];
	struct everything in = {
		.text = S(""),
		.raw = { (const uint8_t *)"", 0 },
		.words = { none, 0 },
		.ids = { no_id, 0 },
		.smalls = { no_small, 0 },
		.bigs = { no_big, 0 },
	};
	struct everything out;

	EXPECT_OK(echo_all(db, &in, 0, &out));
	EXPECT_STR("", out.text);
	EXPECT_TRUE(out.raw.p && out.raw.n == 0);
	EXPECT_TRUE(out.words.v && out.words.n == 0);
	EXPECT_TRUE(out.ids.v && out.ids.n == 0);
	EXPECT_TRUE(out.smalls.v && out.smalls.n == 0);
	EXPECT_TRUE(out.bigs.v && out.bigs.n == 0);
	EXPECT_STR("1970-01-01", out.day);
}

DB_TEST(infinities_and_ends_of_time)
{
	struct everything in = { .at = { INT64_MAX } }, out;

	EXPECT_OK(echo_all(db, &in, INT32_MAX, &out));
	EXPECT_EQ(INT64_MAX, out.at.us);
	in.at.us = INT64_MIN;
	EXPECT_OK(echo_all(db, &in, 0, &out));
	EXPECT_EQ(INT64_MIN, out.at.us);
	in.at.us = INT64_MIN + 1; /* before 4714 BC */
	EXPECT_OK(echo_all(db, &in, 0, &out));
	EXPECT_EQ(INT64_MIN, out.at.us);
	in.at.us = -INT64_C(2208988800000000);
	EXPECT_OK(echo_all(db, &in, 0, &out));
	EXPECT_EQ(-INT64_C(2208988800000000), out.at.us);
	in.at.us = INT64_MAX - 1; /* in 294247 AD */
	EXPECT_OK(echo_all(db, &in, 0, &out));
	EXPECT_EQ(INT64_MAX - 1, out.at.us);
	EXPECT_ERR(err_invalid, echo_all(db, &in, INT32_MAX - 1, &out)); /* no such date */
}

struct odd {
	str name, one, fixed, kind, nothing;
	int32_t small;
	int64_t wide;
	double four;
	struct json plain;
	struct strs names;
};

static const struct field odd_fields[] = {
	FIELD(struct odd, name),
	FIELD(struct odd, one),
	FIELD(struct odd, fixed),
	FIELD(struct odd, kind),
	FIELD(struct odd, nothing),
	FIELD(struct odd, small),
	FIELD(struct odd, wide),
	FIELD(struct odd, four),
	FIELD(struct odd, plain),
	FIELD(struct odd, names),
	{ 0 },
};

STMT(odd_types,
     "SELECT 'n'::name AS name, 'r'::\"char\" AS one, 'ab'::char(3) AS fixed, "
     "'happy'::mood AS kind, NULL AS nothing, 7::int2 AS small, (-8)::int4 AS wide, "
     "0.5::float4 AS four, '[1,  2]'::json AS plain, ARRAY['sad', NULL]::mood[] AS names",
     .read = true);

DB_TEST(narrower_types_and_enums_fit)
{
	struct odd out;

	pg_sql(pg_url(), "CREATE TYPE mood AS ENUM ('sad', 'happy')");
	EXPECT_OK(db_one(db, &odd_types, odd_fields, &out));
	EXPECT_STR("n", out.name);
	EXPECT_STR("r", out.one);
	EXPECT_STR("ab ", out.fixed);
	EXPECT_STR("happy", out.kind);
	EXPECT_STR(NULL, out.nothing);
	EXPECT_EQ(7, out.small);
	EXPECT_EQ(-8, out.wide);
	EXPECT_TRUE(out.four == 0.5);
	EXPECT_STR("[1,  2]", out.plain.text);
	EXPECT_EQ(2, out.names.n);
	EXPECT_STR("sad", out.names.v[0]);
	EXPECT_STR(NULL, out.names.v[1]);
}

/* ---- shapes ---- */

struct author {
	str handle;
	int64_t karma;
};
struct post {
	int64_t id;
	struct author author;
	struct author *editor;
	struct list replies;
};
static const struct field author_fields[] = {
	FIELD(struct author, handle),
	FIELD(struct author, karma),
	{ 0 },
};
static const struct field post_fields[] = {
	FIELD(struct post, id),
	FIELD(struct post, author, .of = author_fields),
	FIELD(struct post, editor, .of = author_fields, .ref = true, .size = sizeof(struct author)),
	FIELD(struct post, replies, .of = post_fields),
	{ 0 },
};

STMT(nested_rows,
     "SELECT g AS id, 'a' || g AS \"author.handle\", g * 10 AS \"author.karma\", "
     "CASE WHEN g > 1 THEN 'e' END AS \"editor.handle\", "
     "CASE WHEN g > 1 THEN 5 END::bigint AS \"editor.karma\" "
     "FROM generate_series(1, $1) g ORDER BY g",
     .read = true, KINDS(K_I64));

DB_TEST(nested_records_come_from_dotted_columns)
{
	struct list list;
	const struct post *posts;

	EXPECT_OK(db_list(db, &nested_rows, post_fields, sizeof(struct post), &list, ARG(2)));
	EXPECT_EQ(2, list.n);
	EXPECT_EQ(sizeof(struct post), list.size);
	posts = list.v;
	EXPECT_EQ(1, posts[0].id);
	EXPECT_STR("a1", posts[0].author.handle);
	EXPECT_EQ(20, posts[1].author.karma);
	EXPECT_NULL(posts[0].editor);
	EXPECT_STR("e", posts[1].editor->handle);
	EXPECT_EQ(5, posts[1].editor->karma);
	EXPECT_TRUE(posts[0].replies.n == 0 && !posts[0].replies.v);

	EXPECT_OK(db_list(db, &nested_rows, post_fields, sizeof(struct post), &list, ARG(0)));
	EXPECT_EQ(0, list.n);
}

struct number {
	int32_t n;
};
static const struct field number_fields[] = { FIELD(struct number, n), { 0 } };

STMT(lacks_column, "SELECT 1 AS m", .read = true);
STMT(has_extra, "SELECT 1 AS n, 2 AS m", .read = true);
STMT(too_wide, "SELECT 1::bigint AS n", .read = true);
STMT(numeric_column, "SELECT 1::numeric AS n", .read = true);
STMT(two_rows, "SELECT n FROM generate_series(1, 2) n", .read = true);
STMT(no_rows, "SELECT 1 AS n WHERE false", .read = true);
STMT(int_param, "SELECT $1 AS n", .read = true, KINDS(K_I32));

DB_TEST(what_does_not_fit_is_refused)
{
	struct number out = { 42 };

	EXPECT_ERR(err_internal, db_one(db, &lacks_column, number_fields, &out));
	EXPECT_ERR(err_internal, db_one(db, &has_extra, number_fields, &out));
	EXPECT_ERR(err_internal, db_one(db, &too_wide, number_fields, &out));
	EXPECT_ERR(err_internal, db_one(db, &numeric_column, number_fields, &out));
	EXPECT_ERR(err_internal, db_one(db, &two_rows, number_fields, &out));
	EXPECT_ERR(err_not_found, db_one(db, &no_rows, number_fields, &out));
	EXPECT_ERR(err_internal, db_one(db, &int_param, number_fields, &out, ARG(S("1"))));
	EXPECT_ERR(err_internal, db_one(db, &int_param, number_fields, &out, ARG(INT64_C(1))));
	EXPECT_EQ(42, out.n);
	EXPECT_OK(db_one(db, &int_param, number_fields, &out, ARG(1)));
	EXPECT_EQ(1, out.n);
}

STMT(matrix, "SELECT ARRAY[[1, 2], [3, 4]] AS v", .read = true);

struct numbers {
	struct i32s v;
};
static const struct field numbers_fields[] = { FIELD(struct numbers, v), { 0 } };

DB_TEST(arrays_of_arrays_are_refused)
{
	struct numbers out;

	EXPECT_ERR(err_internal, db_one(db, &matrix, numbers_fields, &out));
}

STMT(bad_text, "SELECT length($1) AS n", .read = true, KINDS(K_STR));
STMT(bad_json, "SELECT jsonb_array_length($1) AS n", .read = true, KINDS(K_JSON));

DB_TEST(texts_the_server_refuses_are_invalid)
{
	struct number out;

	EXPECT_ERR(err_invalid, db_one(db, &bad_text, number_fields, &out, ARG(S("a\0b"))));
	EXPECT_ERR(err_invalid, db_one(db, &bad_text, number_fields, &out, ARG(S("\xff"))));
	EXPECT_ERR(err_invalid,
		   db_one(db, &bad_json, number_fields, &out, ARG(((struct json){ S("[1,") }))));
	EXPECT_ERR(err_invalid,
		   db_one(db, &bad_json, number_fields, &out, ARG(((struct json){ S("{}") }))));
	EXPECT_OK(db_one(db, &bad_text, number_fields, &out, ARG(S("ü"))));
	EXPECT_EQ(1, out.n);
}
