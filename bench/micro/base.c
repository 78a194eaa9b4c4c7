/*
 * What the library's hot paths cost: writing a page of JSON, reading a body, values as text. The
 * median of several runs, since the machine is shared.
 *
 *	make micro
 */
#include "lib/base/arena.h"
#include "lib/base/json.h"
#include "lib/base/number.h"
#include "lib/base/rand.h"
#include "lib/web/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 9, ROWS = 20 };

struct author {
	uuid id;
	str handle, display_name, avatar_url;
	bool verified;
};

struct post {
	uuid id;
	str body;
	struct author author;
	struct strs tags;
	str image_url;
	int32_t likes, comments;
	bool liked, saved;
	double score;
	usec created_at, edited_at;
};

static const struct field author_fields[] = {
	FIELD(struct author, id),	    FIELD(struct author, handle),
	FIELD(struct author, display_name), FIELD(struct author, avatar_url),
	FIELD(struct author, verified),	    { 0 },
};

static const struct field post_fields[] = {
	FIELD(struct post, id),
	FIELD(struct post, body, .max = 500),
	FIELD(struct post, author, .of = author_fields),
	FIELD(struct post, tags),
	FIELD(struct post, image_url),
	FIELD(struct post, likes),
	FIELD(struct post, comments),
	FIELD(struct post, liked),
	FIELD(struct post, saved),
	FIELD(struct post, score),
	FIELD(struct post, created_at),
	FIELD(struct post, edited_at),
	{ 0 },
};

static struct arena *arena;
static struct post posts[ROWS];
static size_t bytes;

static void make_posts(void)
{
	static str tags[] = { S("morning"), S("garden") };
	struct post post = {
		.body = S(
			"Walked the long way home past the allotments this evening; the beans are up and "
			"somebody has written \"please water me\" on a slate.\nThree more weeks, they say, "
			"and there will be more courgettes than anyone on this street can eat. Bring a bag "
			"\xF0\x9F\xA5\x92"),
		.author = { .handle = S("fenwick_garden"),
			    .display_name = S("Rosalind Fenwick"),
			    .avatar_url = S("https://img.example.org/avatars/3f2b1c.webp") },
		.tags = { tags, 2 },
		.image_url = S("https://img.example.org/posts/2026/01/25/8e1f0c.webp"),
		.likes = 128,
		.comments = 7,
		.liked = true,
		.score = 0.7315,
		.created_at = { 1769335200123456 },
	};

	for (int i = 0; i < ROWS; i++) {
		posts[i] = post;
		posts[i].id = uuid_random();
		posts[i].author.id = uuid_random();
	}
}

static void write_page(void)
{
	struct list list = { posts, ROWS, sizeof(*posts) };
	struct json_writer w;

	arena_reset(arena);
	json_init(&w, arena, 16384);
	json_records(&w, post_fields, &list);
	bytes = json_text(&w).n;
}

static void read_post(void)
{
	struct post post = { 0 };

	arena_reset(arena);
	if (fields_from_json(
		    arena,
		    S("{\"body\":\"Walked the long way home \\u2014 past the allotments\","
		      "\"image_url\":\"https://img.example.org/a.webp\",\"tags\":[\"a\",\"b\"]}"),
		    post_fields, &post, NULL)
		    .info)
		abort();
}

static char text[64];

static void write_coordinate(void)
{
	static int millionths = 13404954;

	text[double_format(millionths++ / 1e6, text)] = '\0';
}

static void write_any_double(void)
{
	static double v = 1234.5;

	text[double_format(v, text)] = '\0';
	v += 0x1.23456789abcdefp-3;
}

static void write_time(void)
{
	time_format((usec){ 1769335200123456 }, text);
}

static void write_uuid(void)
{
	uuid_format(posts[0].id, text);
}

#define SECRET S("super-secret-jwt-token-with-at-least-32-characters")

static str token;

static void issue_token(void)
{
	struct token t = { .sub = posts[0].id,
			   .session = posts[1].id,
			   .expires = { 1769336100 * SECOND },
			   .issued = { 1769335200 * SECOND },
			   .role = S("authenticated"),
			   .audience = S("authenticated"),
			   .email = S("ann@example.org"),
			   .issuer = S("https://api.example.org/auth/v1") };

	arena_reset(arena);
	token = token_issue(arena, SECRET, &t);
}

static void verify_token(void)
{
	static char copy[1024];
	struct token t;

	if (token.p != copy) {
		memcpy(copy, token.p, token.n);
		token.p = copy;
	}
	arena_reset(arena);
	if (token_verify(arena, SECRET, token, (usec){ 1769335200 * SECOND }, &t).info)
		abort();
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name, void (*run)(void), int times)
{
	double ns[RUNS];

	for (int i = 0; i < RUNS; i++) {
		int64_t began = time_monotonic();

		for (int k = 0; k < times; k++)
			run();
		ns[i] = (double)(time_monotonic() - began) * 1000 / times;
	}
	qsort(ns, RUNS, sizeof(*ns), by_value);
	printf("%-28s %9.1f ns\n", name, ns[RUNS / 2]);
}

int main(void)
{
	arena = arena_new();
	make_posts();
	measure("page of 20 posts to JSON", write_page, 20000);
	printf("%-28s %9zu bytes\n", "  its length", bytes);
	measure("body of a post from JSON", read_post, 100000);
	measure("coordinate to text", write_coordinate, 1000000);
	measure("any double to text", write_any_double, 200000);
	measure("time to text", write_time, 1000000);
	measure("UUID to text", write_uuid, 1000000);
	measure("access token, issue", issue_token, 200000);
	measure("access token, verify", verify_token, 200000);
	printf("%-28s %9zu bytes\n", "  its length", token.n);
	arena_free(arena);
	return EXIT_SUCCESS;
}
