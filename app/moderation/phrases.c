/*
 * The trie's nodes lie in one array. A node's children are a list of siblings; of the first level,
 * where they are many, each has its place in an index.
 */
#include "app/moderation/phrases.h"

#include "app/moderation/fold.h"

#include <assert.h>
#include <stdlib.h>

enum { NONE = 0, SYMBOLS = 128 };

struct node {
	char symbol;
	uint8_t class;
	uint16_t child, sibling;
};

struct phrases {
	struct node *nodes; /* [NONE] is unused */
	size_t used, room;
	uint16_t first[SYMBOLS];
	size_t count, doubled;
};

/* ---- building ---- */

static uint16_t add_node(struct phrases *p, char symbol)
{
	assert(p->used <= UINT16_MAX);
	if (p->used == p->room) {
		p->room *= 2;
		p->nodes = realloc(p->nodes, p->room * sizeof(*p->nodes));
		if (!p->nodes)
			abort();
	}
	p->nodes[p->used] = (struct node){ .symbol = symbol };
	return (uint16_t)p->used++;
}

static uint16_t find_child(const struct phrases *p, uint16_t parent, char symbol)
{
	if (parent == NONE)
		return p->first[(unsigned char)symbol];
	for (uint16_t i = p->nodes[parent].child; i != NONE; i = p->nodes[i].sibling)
		if (p->nodes[i].symbol == symbol)
			return i;
	return NONE;
}

static uint16_t child_for(struct phrases *p, uint16_t parent, char symbol)
{
	uint16_t child = find_child(p, parent, symbol);

	if (child != NONE)
		return child;
	child = add_node(p, symbol);
	if (parent == NONE) {
		p->first[(unsigned char)symbol] = child;
	} else {
		p->nodes[child].sibling = p->nodes[parent].child;
		p->nodes[parent].child = child;
	}
	return child;
}

static void add_phrase(struct phrases *p, str symbols, uint8_t class)
{
	uint16_t node = NONE;

	assert(symbols.n > 0);
	for (size_t i = 0; i < symbols.n; i++)
		node = child_for(p, node, symbols.p[i]);
	if (p->nodes[node].class) {
		p->doubled++;
		return;
	}
	p->nodes[node].class = class;
	p->count++;
}

struct phrases *phrases_new(const struct phrase_list *lists)
{
	struct phrases *p = calloc(1, sizeof(*p));
	struct arena *a = arena_new();

	if (!p)
		abort();
	p->room = 1024;
	p->nodes = calloc(p->room, sizeof(*p->nodes));
	if (!p->nodes)
		abort();
	p->used = NONE + 1;
	for (; lists->class; lists++) {
		str rest = str_of(lists->phrases);
		while (rest.p)
			add_phrase(p, fold(a, str_cut(&rest, ','), JOINERS_PART, NULL),
				   lists->class);
		arena_reset(a);
	}
	arena_free(a);
	return p;
}

void phrases_free(struct phrases *p)
{
	if (!p)
		return;
	free(p->nodes);
	free(p);
}

size_t phrases_count(const struct phrases *p)
{
	return p->count;
}

size_t phrases_doubled(const struct phrases *p)
{
	return p->doubled;
}

/* ---- looking up ---- */

struct search {
	const struct phrases *phrases;
	str symbols;
	size_t end; /* of the longest match so far */
	uint8_t class;
};

static bool is_end(str symbols, size_t at)
{
	return at >= symbols.n || symbols.p[at] == ' ' || symbols.p[at] == '\n';
}

static size_t run_length(str symbols, size_t at)
{
	size_t end = at + 1;

	while (end < symbols.n && symbols.p[end] == symbols.p[at])
		end++;
	return end - at;
}

/* The letters a symbol may stand for. */
static const char *readings(char symbol)
{
	static const char *const of_digit[] = { "o", "il", "z", "e", "a", "s", "g", "t", "b", "g" };
	static const char itself[][2] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
		"n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
	};

	if (symbol >= 'a' && symbol <= 'z')
		return itself[symbol - 'a'];
	if (symbol >= '0' && symbol <= '9')
		return of_digit[symbol - '0'];
	return symbol == ' ' ? " " : "";
}

static void note_match(struct search *s, uint8_t class, size_t end)
{
	while (!is_end(s->symbols, end) && s->symbols.p[end] == 's')
		end++;
	if (is_end(s->symbols, end) && end > s->end) {
		s->end = end;
		s->class = class;
	}
}

/* Goes on from a node that was reached with the symbols before `at`. Each node is reached at one place
 * only, so this is bounded by the phrases, whatever the text. */
static void search_from(struct search *s, uint16_t node, size_t at)
{
	const struct phrases *p = s->phrases;

	if (node != NONE && p->nodes[node].class)
		note_match(s, p->nodes[node].class, at);
	if (at >= s->symbols.n)
		return;
	size_t run = run_length(s->symbols, at);
	for (const char *c = readings(s->symbols.p[at]); *c; c++) {
		uint16_t child = find_child(p, node, *c);
		if (child == NONE)
			continue;
		search_from(s, child, run < 3 ? at + 1 : at + run);
		uint16_t twice = run < 3 ? NONE : find_child(p, child, *c);
		if (twice != NONE)
			search_from(s, twice, at + run);
	}
}

uint8_t phrases_find(const struct phrases *p, str symbols, size_t at, size_t *ret_end)
{
	struct search s = { .phrases = p, .symbols = symbols };

	search_from(&s, NONE, at);
	if (!s.class)
		for (s.end = at; !is_end(symbols, s.end);)
			s.end++;
	*ret_end = s.end;
	return s.class;
}
