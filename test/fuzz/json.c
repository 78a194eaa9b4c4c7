/*
 * Bodies by field table: whatever is accepted can be written, and what was written reads back to the
 * same text.
 */
#include "lib/base/json.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>

struct inner {
	str word;
	int32_t n;
};
static const struct field inner_fields[] = {
	FIELD(struct inner, word, .max = 20),
	FIELD(struct inner, n),
	{ 0 },
};

struct body {
	bool b;
	int32_t small;
	int64_t big;
	double ratio;
	str text, choice;
	uuid id;
	usec at;
	struct json raw;
	struct strs words;
	struct uuids ids;
	struct i32s small_list;
	struct i64s big_list;
	struct inner one;
	struct list many;
};
static const struct field body_fields[] = {
	FIELD(struct body, b),
	FIELD(struct body, small),
	FIELD(struct body, big),
	FIELD(struct body, ratio),
	FIELD(struct body, text, .max = 5000, .alias = "txt"),
	FIELD(struct body, choice, .one_of = "public|followers"),
	FIELD(struct body, id),
	FIELD(struct body, at),
	FIELD(struct body, raw),
	FIELD(struct body, words, .max = 10),
	FIELD(struct body, ids),
	FIELD(struct body, small_list),
	FIELD(struct body, big_list),
	FIELD(struct body, one, .of = inner_fields),
	FIELD(struct body, many, .of = inner_fields, .size = sizeof(struct inner), .max = 10),
	{ 0 },
};

static str written(struct arena *a, const struct body *b)
{
	struct json_writer w;

	json_init(&w, a, 256);
	json_record(&w, body_fields, b);
	return json_text(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct body first = { 0 }, second = { 0 };
	struct present present;

	err e = fields_from_json(a, (str){ (const char *)data, size }, body_fields, &first,
				 &present);
	if (!e.info) {
		str once = written(a, &first);

		e = fields_from_json(a, once, body_fields, &second, NULL);
		if (e.info)
			fprintf(stderr, "refused: %.*s: %s\n", (int)once.n, once.p,
				e.info->message);
		assert(!e.info);
		assert(str_eq(once, written(a, &second)));
	} else {
		assert(e.info->code && e.info->message);
	}
	arena_free(a);
	return 0;
}
