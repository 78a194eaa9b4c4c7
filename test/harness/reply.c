/* Looking into replies, and the checks on them. */
#include "test/harness/internal.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHOWN = 1500, TRIES = 1000 };

void t_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs(h_vprintf(format, args), stderr);
	va_end(args);
	fputc('\n', stderr);
	_fail(__FILE__, __LINE__);
	abort();
}

/* Says what came instead, and leaves the test. */
[[gnu::noreturn]] static void wrong(const char *file, int line, const struct t_reply *r,
				    const char *what)
{
	print_error("%s\n%s -> %d\n%.*s%s\n", what, r->request, r->status, SHOWN, r->body,
		    r->size > SHOWN ? " …" : "");
	_fail(file, line);
	abort();
}

/* Parsed replies are kept with what else the test keeps; one reply is asked several things in a row. */
static json_t *parsed(const struct t_reply *r)
{
	static const struct t_reply *last;
	static json_t *json;

	if (last != r) {
		json_decref(json);
		json = json_loadb(r->body, r->size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		last = r;
	}
	return json;
}

/* "a.b[2].c", NULL when something on the way is missing. */
static json_t *look_up(const struct t_reply *r, const char *path)
{
	json_t *at = parsed(r);
	char key[128];

	while (at && *path) {
		size_t n = strcspn(path, ".[");

		if (*path == '.') {
			path++;
		} else if (*path == '[') {
			at = json_array_get(at, (size_t)strtoul(path + 1, NULL, 10));
			path += strcspn(path, "]") + 1;
		} else {
			snprintf(key, sizeof(key), "%.*s", (int)n, path);
			at = json_object_get(at, key);
			path += n;
		}
	}
	return at;
}

static const char *text_of(const json_t *json)
{
	const char *text;
	char *dump;

	if (!json)
		return NULL;
	if (json_is_string(json))
		return h_keep_text(json_string_value(json), json_string_length(json));
	dump = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	text = t_fmt("%s", dump);
	free(dump);
	return text;
}

const char *t_json(const struct t_reply *r, const char *path)
{
	return text_of(look_up(r, path));
}

long long t_json_int(const struct t_reply *r, const char *path)
{
	json_t *json = look_up(r, path);

	if (!json_is_integer(json))
		wrong(__FILE__, __LINE__, r, t_fmt("%s is no integer", path));
	return json_integer_value(json);
}

size_t t_json_count(const struct t_reply *r, const char *path)
{
	json_t *json = look_up(r, path);

	if (!json_is_array(json))
		wrong(__FILE__, __LINE__, r, t_fmt("%s is no array", path));
	return json_array_size(json);
}

int t_json_find(const struct t_reply *r, const char *path, const char *member, const char *value)
{
	size_t n = t_json_count(r, path);

	for (size_t i = 0; i < n; i++) {
		const char *text = t_json(r, t_fmt("%s[%zu].%s", path, i, member));

		if (text && strcmp(text, value) == 0)
			return (int)i;
	}
	return -1;
}

/* ---- checks ---- */

const struct t_reply *t_expect_status(int want, const struct t_reply *r, const char *file, int line)
{
	if (r->status != want)
		wrong(file, line, r, t_fmt("status is %d, expected %d", r->status, want));
	return r;
}

/* Finds a member, or leaves the test. */
static json_t *need(const struct t_reply *r, const char *path, bool (*is)(const json_t *),
		    const char *what, const char *file, int line)
{
	json_t *json = look_up(r, path);

	if (!json || !is(json))
		wrong(file, line, r,
		      t_fmt("%s is %s, expected %s", path, json ? text_of(json) : "missing", what));
	return json;
}

static bool is_integer(const json_t *json)
{
	return json_is_integer(json);
}

static bool is_number(const json_t *json)
{
	return json_is_number(json);
}

static bool is_string(const json_t *json)
{
	return json_is_string(json);
}

static bool is_boolean(const json_t *json)
{
	return json_is_boolean(json);
}

static bool is_array(const json_t *json)
{
	return json_is_array(json);
}

void t_expect_int(long long want, const struct t_reply *r, const char *path, const char *file,
		  int line)
{
	const char *what = t_fmt("%lld", want);

	if (json_integer_value(need(r, path, is_integer, what, file, line)) != want)
		wrong(file, line, r, t_fmt("%s is %s, expected %s", path, t_json(r, path), what));
}

void t_expect_num(double want, const struct t_reply *r, const char *path, const char *file,
		  int line)
{
	const char *what = t_fmt("%.15g", want);
	double got = json_number_value(need(r, path, is_number, what, file, line));

	if (fabs(got - want) > 1e-9 * fmax(1, fabs(want)))
		wrong(file, line, r, t_fmt("%s is %.15g, expected %s", path, got, what));
}

void t_expect_str(const char *want, const struct t_reply *r, const char *path, const char *file,
		  int line)
{
	const char *got = json_string_value(need(r, path, is_string, want, file, line));

	if (strcmp(got, want) != 0)
		wrong(file, line, r, t_fmt("%s is \"%s\", expected \"%s\"", path, got, want));
}

void t_expect_bool(bool want, const struct t_reply *r, const char *path, const char *file, int line)
{
	const char *what = want ? "true" : "false";

	if (json_boolean_value(need(r, path, is_boolean, what, file, line)) != want)
		wrong(file, line, r, t_fmt("%s is %s, expected %s", path, t_json(r, path), what));
}

void t_expect_none(const struct t_reply *r, const char *path, const char *file, int line)
{
	json_t *json = look_up(r, path);

	if (!parsed(r))
		wrong(file, line, r, "the reply is no JSON");
	if (json && !json_is_null(json))
		wrong(file, line, r, t_fmt("%s is %s, expected none", path, text_of(json)));
}

void t_expect_count(size_t want, const struct t_reply *r, const char *path, const char *file,
		    int line)
{
	size_t n = json_array_size(need(r, path, is_array, "an array", file, line));

	if (n != want)
		wrong(file, line, r, t_fmt("%s has %zu elements, expected %zu", path, n, want));
}

void t_expect_header(const char *want, const struct t_reply *r, const char *name, const char *file,
		     int line)
{
	const char *got = t_header(r, name);

	if (want ? !got || strcmp(got, want) != 0 : got != NULL)
		wrong(file, line, r,
		      t_fmt("header %s is %s, expected %s", name, got ? got : "absent",
			    want ? want : "none"));
}

void t_wait_again(int tries, const char *what, const char *file, int line)
{
	const struct timespec tick = { .tv_nsec = 20000000 };

	if (tries >= TRIES) {
		print_error("did not come true: %s\n", what);
		_fail(file, line);
	}
	nanosleep(&tick, NULL);
}
