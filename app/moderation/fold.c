/*
 * Two passes. The first turns each code point into at most one mark, a symbol or one of
 *
 *	. and -   a joiner that ends a sentence where it joins nothing, and one that does not
 *	$ ! @     what they mean depends on their neighbours
 *
 * and drops what nobody sees. The second decides the marks by their neighbours and parts the words.
 */
#include "app/moderation/fold.h"

#include <string.h>

enum { GAP = ' ', BREAK = '\n', OTHER = '~', DROP = 0 };

/* How a range of code points is read: all as one mark, or through a map (repeated as often as need be). */
struct range {
	int32_t from, to;
	char mark;
	const char *map;
};

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* U+00C0 … U+017F without accents; × and ÷ are gaps. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo ouuuuyts"
			    "aaaaaaaceeeeiiiidnooooo ouuuuyty"
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
			    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* Letters of other scripts that look like Latin ones; the rest stays foreign. */
static const char greek[] = "ab~~ezh~ik~mn~o~p~~ty~x~~iyaeniuaby~e~n~ik~uv~o~p~otu~x~w";
static const char cyrillic[] = "a~b~~e~~~~k~mho~pcty~x~~~~~~~~~~"
			       "a~b~~e~~~~k~mho~pcty~x~~~~~~~~~~"
			       "ee~~~siij~~~~~~~";

static const struct range ranges[] = {
	{ 0x0080, 0x00A0, GAP, NULL },
	{ 0x00A1, 0x00A1, BREAK, NULL },
	{ 0x00AA, 0x00AA, 'a', NULL },
	{ 0x00AD, 0x00AD, DROP, NULL }, /* soft hyphen */
	{ 0x00B4, 0x00B4, DROP, NULL },
	{ 0x00B5, 0x00B5, 'u', NULL },
	{ 0x00B7, 0x00B7, '-', NULL },
	{ 0x00BA, 0x00BA, 'o', NULL },
	{ 0x00BF, 0x00BF, BREAK, NULL },
	{ 0x00C0, 0x017F, 0, latin },
	{ 0x02BC, 0x02BC, DROP, NULL }, /* an apostrophe */
	{ 0x0300, 0x036F, DROP, NULL }, /* combining accents */
	{ 0x0391, 0x03C9, 0, greek },
	{ 0x0410, 0x045F, 0, cyrillic },
	{ 0x061C, 0x061C, DROP, NULL },
	{ 0x115F, 0x1160, DROP, NULL },
	{ 0x180B, 0x180F, DROP, NULL },
	{ 0x1AB0, 0x1AFF, DROP, NULL },
	{ 0x1DC0, 0x1DFF, DROP, NULL },
	{ 0x2000, 0x200A, GAP, NULL },
	{ 0x200B, 0x200F, DROP, NULL }, /* zero width, joiners, directions */
	{ 0x2010, 0x2015, '-', NULL },
	{ 0x2018, 0x2019, DROP, NULL },
	{ 0x2022, 0x2022, '-', NULL },
	{ 0x2026, 0x2026, BREAK, NULL },
	{ 0x2028, 0x2029, BREAK, NULL },
	{ 0x202A, 0x202E, DROP, NULL },
	{ 0x2060, 0x206F, DROP, NULL },
	{ 0x20D0, 0x20FF, DROP, NULL },
	{ 0x24B6, 0x24E9, 0, alphabet }, /* in circles */
	{ 0x2764, 0x2764, '+', NULL },
	{ 0x3002, 0x3002, BREAK, NULL },
	{ 0x3164, 0x3164, DROP, NULL },
	{ 0xFE00, 0xFE0F, DROP, NULL },
	{ 0xFE20, 0xFE2F, DROP, NULL },
	{ 0xFEFF, 0xFEFF, DROP, NULL },
	{ 0xFF01, 0xFF01, BREAK, NULL },
	{ 0xFF10, 0xFF19, 0, digits }, /* full width */
	{ 0xFF1F, 0xFF1F, BREAK, NULL },
	{ 0xFF21, 0xFF3A, 0, alphabet },
	{ 0xFF41, 0xFF5A, 0, alphabet },
	{ 0xFFA0, 0xFFA0, DROP, NULL },
	{ 0x1D400, 0x1D6A3, 0, alphabet }, /* mathematical */
	{ 0x1D7CE, 0x1D7FF, 0, digits },
	{ 0x1F130, 0x1F149, 0, alphabet }, /* in squares */
	{ 0x1F150, 0x1F169, 0, alphabet },
	{ 0x1F170, 0x1F189, 0, alphabet },
	{ 0x1F389, 0x1F389, '+', NULL },
	{ 0x1F44F, 0x1F44F, '+', NULL },
	{ 0x1F495, 0x1F49F, '+', NULL },
	{ 0x1F60D, 0x1F60D, '+', NULL },
	{ 0x1F64F, 0x1F64F, '+', NULL },
	{ 0x1F917, 0x1F917, '+', NULL },
	{ 0x1F970, 0x1F970, '+', NULL },
	{ 0xE0000, 0xE0FFF, DROP, NULL }, /* tags, variation selectors */
};

/* The range that holds a code point, NULL when none does. */
static const struct range *find_range(int32_t point)
{
	size_t low = 0, high = sizeof(ranges) / sizeof(*ranges);

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (point > ranges[middle].to)
			low = middle + 1;
		else if (point < ranges[middle].from)
			high = middle;
		else
			return &ranges[middle];
	}
	return NULL;
}

/* Blocks without letters: punctuation, symbols, emoji. */
static bool has_no_letters(int32_t point)
{
	return point < 0xC0 || (point >= 0x2000 && point < 0x2C00)
		|| (point >= 0x3000 && point < 0x3040) || (point >= 0xFF00 && point < 0xFF66)
		|| (point >= 0x1F000 && point < 0x20000);
}

static char mark_of_point(int32_t point)
{
	const struct range *r = find_range(point);

	if (!r)
		return has_no_letters(point) ? GAP : OTHER;
	return r->map ? r->map[(size_t)(point - r->from) % strlen(r->map)] : r->mark;
}

static char mark_of_ascii(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return (char)c;
	switch (c) {
	case '.':
	case '$':
	case '!':
	case '@':
		return (char)c;
	case '-':
	case '_':
	case '*':
	case '|':
		return '-';
	case '\'':
	case '`':
		return DROP;
	case '?':
	case '\n':
		return BREAK;
	default:
		return GAP;
	}
}

/* First pass. Returns the number of marks; there are no more than bytes. */
static size_t mark(str text, char *out)
{
	size_t n = 0;

	for (size_t at = 0; at < text.n;) {
		unsigned char c = (unsigned char)text.p[at];
		char m;
		if (c < 0x80) {
			m = mark_of_ascii(c);
			at++;
		} else {
			size_t start = at;
			int32_t point = str_utf8_next(text, &at);
			if (point < 0)
				at = start + 1;
			m = point < 0 ? GAP : mark_of_point(point);
		}
		if (m != DROP)
			out[n++] = m;
	}
	return n;
}

/* Second pass: reads marks, writes symbols. */
struct folder {
	const char *marks;
	size_t n, at;
	char *out;
	size_t length;
	size_t word;	 /* where the word being written begins */
	bool has_letter; /* that word */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || c == OTHER;
}

static bool is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

static char mark_at(const struct folder *f, size_t at)
{
	return at < f->n ? f->marks[at] : GAP;
}

/* Ends a word; digits alone stand for no letters. */
static void part(struct folder *f, char with)
{
	if (f->length > f->word) {
		if (!f->has_letter) {
			f->out[f->word] = OTHER;
			f->length = f->word + 1;
		}
		f->out[f->length++] = with;
	} else if (with == BREAK && f->length > 0) {
		f->out[f->length - 1] = BREAK;
	}
	f->word = f->length;
	f->has_letter = false;
}

static void add(struct folder *f, char symbol)
{
	f->out[f->length++] = symbol;
	f->has_letter |= !(symbol >= '0' && symbol <= '9');
}

static void add_word(struct folder *f, char symbol)
{
	part(f, GAP);
	add(f, symbol);
	part(f, GAP);
}

/* A run of joiners; true when it stands between letters. */
static bool join(struct folder *f, enum joiners joiners)
{
	size_t end = f->at;
	bool stop = false;

	for (; mark_at(f, end) == '.' || mark_at(f, end) == '-'; end++)
		stop |= f->marks[end] == '.';
	bool inner = f->at > 0 && is_word(f->marks[f->at - 1]) && is_word(mark_at(f, end));
	if (!inner || joiners == JOINERS_PART)
		part(f, stop && !inner ? BREAK : GAP);
	f->at = end - 1;
	return inner;
}

/* $, ! and @ within a word are letters in disguise, written as the digits that look alike. */
static void decide(struct folder *f, char c)
{
	bool before = f->at > 0 && is_word(f->marks[f->at - 1]);
	bool after = is_letter(mark_at(f, f->at + 1));

	if (c == '$' && after)
		add(f, '5');
	else if (c == '!' && before && after)
		add(f, '1');
	else if (c == '@' && before && after)
		add(f, '4');
	else if (c == '@' && after)
		add_word(f, '@');
	else
		part(f, c == '!' ? BREAK : GAP);
}

str fold(struct arena *a, str text, enum joiners joiners, bool *ret_joiners)
{
	char *marks = arena_alloc(a, text.n + 1);
	struct folder f = { .marks = marks, .n = mark(text, marks) };
	bool inner = false;

	f.out = arena_alloc(a, 2 * f.n + 2);
	for (; f.at < f.n; f.at++) {
		char c = marks[f.at];
		if (is_word(c))
			add(&f, c);
		else if (c == '.' || c == '-')
			inner |= join(&f, joiners);
		else if (c == '+')
			add_word(&f, c);
		else if (c == GAP || c == BREAK)
			part(&f, c);
		else
			decide(&f, c);
	}
	part(&f, GAP);
	if (ret_joiners)
		*ret_joiners = inner;
	return (str){ f.out, f.length ? f.length - 1 : 0 };
}
