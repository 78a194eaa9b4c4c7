/* Cursors round-trip, and nothing else passes for one; limit and offset as old clients send them. */
#include "lib/web/page.h"

#include "lib/base/rand.h"
#include "lib/base/test.h"

#include <string.h>

static const struct route posts = { .path = "/api/v1/posts", .page = 20 };
static const struct route users = { .path = "/api/v1/users", .page = 10, .page_max = 100 };

static struct req request(struct arena *a, const struct route *route)
{
	return (struct req){ .arena = a, .route = route };
}

/* Reads a page with one query parameter. */
static err read_with(struct req *r, str name, str value, struct page *out)
{
	struct pair *pair = arena_alloc(r->arena, sizeof(*pair));

	*pair = (struct pair){ name, value };
	r->query = pair;
	r->nquery = 1;
	return page_read(r, out);
}

TEST(page_defaults_and_bounds)
{
	static const struct {
		str name, value;
		int32_t limit, offset;
	} cases[] = {
		{ S("other"), S("x"), 10, 0 },
		{ S("limit"), S("7"), 7, 0 },
		{ S("limit"), S("100"), 100, 0 },
		{ S("limit"), S("101"), 100, 0 },
		{ S("limit"), S("9000000000"), 100, 0 },
		{ S("limit"), S("0"), 10, 0 },
		{ S("limit"), S("-3"), 10, 0 },
		{ S("offset"), S("40"), 10, 40 },
		{ S("offset"), S("-40"), 10, 0 },
		{ S("offset"), S("9000000000"), 10, INT32_MAX },
		{ S("cursor"), S(""), 10, 0 },
	};
	struct arena *a = arena_new();
	struct req r = request(a, &users);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct page p;
		EXPECT_NULL(read_with(&r, cases[i].name, cases[i].value, &p).info);
		EXPECT_EQ(cases[i].limit, p.limit);
		EXPECT_EQ(cases[i].offset, p.offset);
		EXPECT_FALSE(p.after);
		EXPECT_TRUE(page_time(&p).us == INT64_MAX);
	}
	EXPECT_EQ(50, page_limit_max(&posts));
	arena_free(a);
}

TEST(page_refuses_what_is_no_number)
{
	struct arena *a = arena_new();
	struct req r = request(a, &posts);
	struct page p;
	err e = read_with(&r, S("limit"), S("ten"), &p);

	EXPECT_TRUE(err_is(e, err_invalid));
	EXPECT_CSTR("limit", e.info->field);
	EXPECT_TRUE(err_is(read_with(&r, S("offset"), S("1;--"), &p), err_invalid));
	arena_free(a);
}

TEST(page_cursor_brings_key_and_id_back)
{
	static const int64_t keys[] = { 0, 1, -1, INT64_MIN, INT64_MAX, INT64_C(1769335200123456) };
	struct arena *a = arena_new();
	struct req r = request(a, &posts);
	struct page full = { .limit = 20 }, p;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		uuid id = uuid_random();
		EXPECT_NULL(
			read_with(&r, S("cursor"), page_next(&r, &full, 20, keys[i], id), &p).info);
		EXPECT_TRUE(p.after);
		EXPECT_TRUE(p.key == keys[i]);
		EXPECT_TRUE(uuid_eq(p.id, id));
		EXPECT_TRUE(page_time(&p).us == keys[i]);
	}
	EXPECT_NULL(page_next(&r, &full, 19, 1, p.id).p);
	EXPECT_NULL(page_next(&r, &full, 0, 1, p.id).p);
	arena_free(a);
}

TEST(page_cursor_wins_over_offset)
{
	struct arena *a = arena_new();
	struct req r = request(a, &posts);
	struct page full = { .limit = 20 }, p;
	struct pair pairs[] = {
		{ S("offset"), S("40") },
		{ S("cursor"), page_next(&r, &full, 20, 5, uuid_random()) },
	};

	r.query = pairs;
	r.nquery = 2;
	EXPECT_NULL(page_read(&r, &p).info);
	EXPECT_TRUE(p.after);
	EXPECT_EQ(0, p.offset);
	arena_free(a);
}

TEST(page_refuses_the_cursor_of_another_list)
{
	struct arena *a = arena_new();
	struct req mine = request(a, &posts), other = request(a, &users);
	struct page full = { .limit = 20 }, p;
	str cursor = page_next(&mine, &full, 20, 5, uuid_random());
	err e = read_with(&other, S("cursor"), cursor, &p);

	EXPECT_TRUE(err_is(e, err_invalid));
	EXPECT_CSTR("cursor", e.info->field);
	EXPECT_TRUE(strstr(e.info->message, "another list"));
	arena_free(a);
}

/* Cut at every length, each bit of it flipped, bytes added: never a page, never a crash. */
TEST(page_refuses_garbled_cursors)
{
	struct arena *a = arena_new();
	struct req r = request(a, &posts);
	struct page full = { .limit = 20 }, p;
	str cursor = page_next(&r, &full, 20, 5, uuid_random());

	for (size_t n = 1; n < cursor.n; n++)
		EXPECT_TRUE(err_is(read_with(&r, S("cursor"), str_slice(cursor, 0, n), &p),
				   err_invalid));
	for (size_t bit = 0; bit < cursor.n * 8; bit++) {
		char *bad = memcpy(arena_alloc(a, cursor.n), cursor.p, cursor.n);
		bad[bit / 8] = (char)(bad[bit / 8] ^ 1 << bit % 8);
		EXPECT_TRUE(err_is(read_with(&r, S("cursor"), (str){ bad, cursor.n }, &p),
				   err_invalid));
	}
	str longer = arena_printf(a, "%.*sA", (int)cursor.n, cursor.p);
	EXPECT_TRUE(err_is(read_with(&r, S("cursor"), longer, &p), err_invalid));
	EXPECT_TRUE(err_is(read_with(&r, S("cursor"), S("' OR 1=1 --"), &p), err_invalid));
	arena_free(a);
}

TEST(page_after_reads_the_last_record)
{
	struct row {
		str text;
		usec at;
		uuid id;
	} rows[2] = { { S("a"), { 7 }, { { 1 } } }, { S("b"), { 5 }, { { 2 } } } };
	struct arena *a = arena_new();
	struct req r = request(a, &posts);
	struct list list = { rows, 2, sizeof(*rows) };
	struct page full = { .limit = 2 }, p;
	str cursor =
		page_after(&r, &full, &list, offsetof(struct row, at), offsetof(struct row, id));

	EXPECT_NULL(read_with(&r, S("cursor"), cursor, &p).info);
	EXPECT_EQ(5, p.key);
	EXPECT_MEM(rows[1].id.b, p.id.b, sizeof(p.id.b));
	list.n = 1;
	EXPECT_NULL(page_after(&r, &full, &list, 0, 0).p);
	list = (struct list){ 0 };
	EXPECT_NULL(page_after(&r, &full, &list, 0, 0).p);
	arena_free(a);
}

TEST(page_survives_random_cursors)
{
	struct rand_seq seq = { 42 };
	struct arena *a = arena_new();
	struct req r = request(a, &posts);
	struct page p;

	for (int i = 0; i < 20000; i++) {
		char text[60];
		size_t n = rand_below(&seq, sizeof(text));
		for (size_t j = 0; j < n; j++)
			text[j] = (char)(i % 2 ? rand_next(&seq) : 'A' + rand_below(&seq, 26));
		err e = read_with(&r, S("cursor"), (str){ text, n }, &p);
		bool blank = str_trim((str){ text, n }).n == 0;
		EXPECT_TRUE(blank ? !e.info : err_is(e, err_invalid));
		arena_reset(a);
	}
	arena_free(a);
}
