/* Forms in pieces of every size, and forms that are none. */
#include "lib/web/multipart.h"

#include "lib/base/test.h"

#include <stdio.h>

static struct arena *a;

/* A body that comes `step` bytes at a time. */
struct source {
	str rest;
	size_t step;
};

static err read_some(void *arg, void *buf, size_t n, size_t *got)
{
	struct source *s = arg;

	*got = s->rest.n < s->step ? s->rest.n : s->step;
	if (*got > n)
		*got = n;
	memcpy(buf, s->rest.p, *got);
	s->rest = str_slice(s->rest, *got, s->rest.n);
	return OK;
}

static err add_part(struct multipart *m, const struct part *part, str *text)
{
	str content;

	TRY(multipart_text(m, 1000, &content));
	*text = arena_printf(a, "%s[%.*s|%s|%s|%.*s]", text->p, (int)part->name.n, part->name.p,
			     part->filename.p ? arena_cstr(a, part->filename) : "-",
			     part->mime.p ? arena_cstr(a, part->mime) : "-", (int)content.n,
			     content.p);
	return OK;
}

/* The parts as text: [name|filename|type|content]. */
static err parse(const char *type, str body, size_t step, const char **out)
{
	struct source s = { body, step };
	struct multipart *m;
	struct part part;
	str text = S("");
	bool more;

	TRY(multipart_over(a, str_of(type), read_some, &s, &m));
	for (;;) {
		TRY(multipart_next(m, &part, &more));
		if (!more)
			break;
		TRY(add_part(m, &part, &text));
	}
	EXPECT_EQ(0, s.rest.n);
	*out = text.p;
	return OK;
}

static const char form[] = "multipart/form-data; boundary=\"x:y\"";

TEST(a_form_is_read_whatever_the_pieces_it_comes_in)
{
	str body = S(
		"to be ignored\r\n--x:y  \r\n"
		"Content-Disposition: form-data; name=type\r\n\r\n"
		"video\r\n--x:y\r\n"
		"content-disposition: form-data; filename=\"a \\\"b\\\";c.jpg\" ; name=\"media\"\r\n"
		"Content-Type: image/jpeg; q=1\r\n\r\n"
		"\r\n--x:\r\n-\r\n\r\n\r\n--x:y\r\n"
		"Content-Disposition: form-data; name=\"\"\r\n\r\n"
		"\r\n--x:y--\r\nand behind");
	const char *got;

	a = arena_new();
	for (size_t step = 1; step < body.n + 1; step++) {
		EXPECT_NULL(parse(form, body, step, &got).info);
		EXPECT_CSTR(
			"[type|-|-|video][media|a \"b\";c.jpg|image/jpeg|\r\n--x:\r\n-\r\n\r\n][|-|-|]",
			got);
	}
	arena_free(a);
}

TEST(what_is_no_form_is_refused)
{
	static const char *const types[] = { "", "multipart/form-data", "text/plain; boundary=b",
					     "multipart/form-data; boundary=",
					     "multipart/form-data; boundary" };
	static const char *const bodies[] = {
		"",
		"--x:y",
		"--x:y-",
		"--x:y\r\n",
		"--x:y\r\nContent-Disposition: form-data; name=a\r\n",
		"--x:y\r\nContent-Disposition: form-data; name=a\r\n\r\ncut off",
		"--x:y\r\nContent-Disposition: form-data; name=a\r\n\r\nvalue\r\n--x:y",
		"--x:y\r\nContent-Type: text/plain\r\n\r\nno name\r\n--x:y--",
		"--x:yz\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--x:y--",
		"--x:y\nContent-Disposition: form-data; name=a\n\nv\n--x:y--",
	};
	const char *got;

	a = arena_new();
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		EXPECT_TRUE(err_is(parse(types[i], S("--b--"), 9, &got), err_invalid));
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		for (size_t step = 1; step < 20; step += 9)
			EXPECT_TRUE(
				err_is(parse(form, str_of(bodies[i]), step, &got), err_invalid));
	arena_free(a);
}

TEST(endless_heads_and_endless_parts_are_refused)
{
	char *body;
	const char *got;
	size_t n = 0;

	a = arena_new();
	body = arena_alloc(a, 200000);
	n = (size_t)sprintf(body, "--x:y\r\nContent-Disposition: form-data; name=a\r\nX: ");
	memset(body + n, 'x', 100000);
	EXPECT_TRUE(err_is(parse(form, (str){ body, n + 100000 }, 4096, &got), err_invalid));
	n = 0;
	for (int i = 0; i < 33; i++)
		n += (size_t)sprintf(
			body + n, "--x:y\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n");
	n += (size_t)sprintf(body + n, "--x:y--");
	EXPECT_TRUE(err_is(parse(form, (str){ body, n }, 4096, &got), err_invalid));
	arena_free(a);
}

TEST(a_text_over_its_limit_is_too_large)
{
	str head = S("--x:y\r\nContent-Disposition: form-data; name=a\r\n\r\n");
	char *body;
	const char *got;

	a = arena_new();
	body = arena_alloc(a, 2000);
	memcpy(body, head.p, head.n);
	memset(body + head.n, 'v', 1001);
	memcpy(body + head.n + 1001, "\r\n--x:y--", 9);
	EXPECT_TRUE(err_is(parse(form, (str){ body, head.n + 1010 }, 300, &got), err_too_large));
	arena_free(a);
}
