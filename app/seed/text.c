/* Names and texts of the seeded world; see world.h. */
#include "app/seed/world.h"

#include <math.h>
#include <string.h>

enum {
	PLAIN_HANDLES = 72, /* names enough to go without a number */
	PADDED_FROM = 5000, /* posts; a world of this size gets a vocabulary of its size */
	VOCABULARY = 60000,
	SLOT_MAX = 16,
};

/* ---- names ---- */

/* How many of the people before this one write the same language, up to the number of plain names. */
static int nth_of_lang(const struct world *w, int person)
{
	int n = 0;

	if (person >= PLAIN_HANDLES)
		return person;
	for (int i = 0; i < person; i++)
		n += w->people[i].lang == w->people[person].lang;
	return n;
}

static void names_of(const struct world *w, int person, const struct seed_name **first,
		     const struct seed_name **last)
{
	const struct seed_lang *l = &seed_langs[w->people[person].lang];
	int n = nth_of_lang(w, person);

	*first = &l->first[n % l->nfirst];
	*last = &l->last[(n * 7 + n / l->nfirst) % l->nlast];
}

str person_handle(const struct world *w, struct arena *a, int person)
{
	const struct seed_name *first, *last;
	int n = nth_of_lang(w, person);
	const struct seed_lang *l = &seed_langs[w->people[person].lang];

	names_of(w, person, &first, &last);
	if (person >= PLAIN_HANDLES || n >= l->nfirst * l->nlast)
		return arena_printf(a, "%s_%s%d%s", first->ascii, last->ascii, person, w->suffix);
	return arena_printf(a, n % 2 ? "%s_%s%s" : "%s.%s%s", first->ascii, last->ascii, w->suffix);
}

/* Family names come first in Japanese. */
str person_name(const struct world *w, struct arena *a, int person)
{
	const struct seed_name *first, *last;

	names_of(w, person, &first, &last);
	if (w->people[person].lang == JA)
		return arena_printf(a, "%s %s", last->shown, first->shown);
	return arena_printf(a, "%s %s", first->shown, last->shown);
}

str person_bio(const struct world *w, int person)
{
	const struct seed_lang *l = &seed_langs[w->people[person].lang];
	struct rand_seq r = world_rand(w, W_NAME, person);

	return str_of(l->bios[rand_below(&r, (uint64_t)l->nbios)]);
}

/* ---- a vocabulary for large worlds ---- */

/* The k-th word: two to four syllables. */
static size_t put_word(char *to, int64_t k)
{
	static const char consonants[] = "bdfghklmnprstvz", vowels[] = "aeiou", ends[] = "nrslmt";
	char *p = to;

	for (int64_t left = k + 75; left > 0; left /= 75) {
		*p++ = consonants[left % 75 / 5];
		*p++ = vowels[left % 5];
	}
	*p++ = ends[k % 6];
	return (size_t)(p - to);
}

/* Words as often as in a language: the k-th most common about 1/k of the time (Zipf). */
static str padding(struct arena *a, struct rand_seq *r)
{
	size_t words = 3 + rand_below(r, 8), n = 0;
	char *p = arena_alloc(a, words * SLOT_MAX);

	for (size_t i = 0; i < words; i++) {
		double x = (double)rand_below(r, 1 << 24) / (1 << 24);

		p[n++] = ' ';
		n += put_word(p + n, (int64_t)pow(VOCABULARY, x) - 1);
	}
	return (str){ p, n };
}

/* ---- texts ---- */

/* Somebody the author follows, or nobody. */
static int pick_mentioned(const struct world *w, int author, struct rand_seq *r)
{
	size_t n = w->first[author + 1] - w->first[author];
	int other = n ? w->followed[w->first[author] + rand_below(r, n)] : NONE;

	return other != NONE && w->people[other].status == ACTIVE && follows(w, author, other)
		? other
		: NONE;
}

static str slot_value(const struct world *w, struct arena *a, str name, int author,
		      struct rand_seq *r, int *ret_mentioned)
{
	const char *const *values;
	int n;

	if (str_eq(name, S("who"))) {
		*ret_mentioned = pick_mentioned(w, author, r);
		return *ret_mentioned == NONE
			? S("a neighbour")
			: arena_printf(a, "@%s", person_handle(w, a, *ret_mentioned).p);
	}
	values = seed_slot(name.p, name.n, &n);
	return values ? str_of(values[rand_below(r, (uint64_t)n)]) : name;
}

static str fill(const struct world *w, struct arena *a, str text, int author, struct rand_seq *r,
		int *ret_mentioned)
{
	char *out = arena_alloc(a, text.n + 256), *p = out;

	while (text.n) {
		ptrdiff_t open = str_find_char(text, '{'), shut = str_find_char(text, '}');
		size_t plain = open < 0 ? text.n : (size_t)open;
		str value;

		memcpy(p, text.p, plain);
		p += plain;
		if (open < 0)
			break;
		value = slot_value(w, a, str_slice(text, plain + 1, (size_t)shut), author, r,
				   ret_mentioned);
		memcpy(p, value.p, value.n);
		p += value.n;
		text = str_slice(text, (size_t)shut + 1, text.n);
	}
	return (str){ out, (size_t)(p - out) };
}

str post_body(const struct world *w, struct arena *a, int post, int *ret_mentioned)
{
	const struct post *p = &w->posts[post];
	struct rand_seq r = world_rand(w, W_TEXT, post);
	const struct seed_lang *l = &seed_langs[w->people[p->author].lang];
	const char *pattern = p->parent == NONE ? seed_texts[p->text].text : l->replies[p->text];
	str text, more;

	*ret_mentioned = NONE;
	text = fill(w, a, str_of(pattern), p->author, &r, ret_mentioned);
	if (w->nposts < PADDED_FROM)
		return text;
	more = padding(a, &r);
	return arena_printf(a, "%.*s%.*s", (int)text.n, text.p, (int)more.n, more.p);
}

/* ---- hashtags ---- */

static bool is_tag_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		|| c == '_' || (unsigned char)c >= 0x80;
}

static bool has_tag(const str *tags, int n, str tag)
{
	for (int i = 0; i < n; i++)
		if (str_eq(tags[i], tag))
			return true;
	return false;
}

int body_tags(struct arena *a, str body, str *tags, int max)
{
	int n = 0;

	for (size_t i = 0; i < body.n && n < max; i++) {
		size_t from = i + 1, to = from;

		if (body.p[i] != '#')
			continue;
		while (to < body.n && is_tag_byte(body.p[to]))
			to++;
		if (to > from && !has_tag(tags, n, arena_lower(a, str_slice(body, from, to))))
			tags[n++] = arena_lower(a, str_slice(body, from, to));
		i = to - 1;
	}
	return n;
}
