/* Query strings into structs by field table. */
#include "lib/base/json.h"
#include "lib/base/place.h"

#include <assert.h>

/* The last pair called so, or an absent str. */
static str find_pair(const struct pair *pairs, size_t n, const char *name)
{
	while (name && n-- > 0)
		if (str_eq(pairs[n].name, str_of(name)))
			return pairs[n].value;
	return (str){ 0 };
}

/* Comma-separated; empty pieces are skipped. */
static err read_array(const struct place *at, enum kind element, size_t size, str text, void *out)
{
	size_t n = 0, most = 1;
	char *v;

	for (size_t i = 0; i < text.n; i++)
		most += text.p[i] == ',';
	v = arena_zalloc(at->arena, most * size);
	while (text.p) {
		struct place piece = { at->arena, at->up, at->field, n };
		str s = str_trim(str_cut(&text, ','));

		if (s.n == 0)
			continue;
		TRY(value_from_text(&piece, element, s, v + n * size));
		n++;
	}
	return put_array(at, v, n, out);
}

err fields_from_pairs(struct arena *a, const struct pair *pairs, size_t n,
		      const struct field *fields, void *record, struct present *present)
{
	if (present)
		*present = (struct present){ 0 };
	for (const struct field *f = fields; f->name; f++) {
		struct place at = { a, NULL, f, NO_INDEX };
		str text = find_pair(pairs, n, f->name);
		size_t size;
		enum kind element = array_element(f->kind, &size);

		if (!text.p)
			text = find_pair(pairs, n, f->alias);
		if (f->hidden || !text.p || (f->kind != K_STR && str_trim(text).n == 0)) {
			if (f->required && !f->hidden)
				return place_invalid(&at, "is required");
			continue;
		}
		if (element)
			TRY(read_array(&at, element, size, text, (char *)record + f->offset));
		else
			TRY(value_from_text(&at, f->kind, text, (char *)record + f->offset));
		present_mark(present, (size_t)(f - fields), false);
	}
	return OK;
}
