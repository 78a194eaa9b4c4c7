/*
 * Hashtags and mentions in a text. Letters are what Unicode calls letters: the C.UTF-8 locale of the
 * C library knows them, and it is the collation of the database as well.
 */
#include "app/posts/posts.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

str posts_visibility(str sent)
{
	return str_eq(sent, S("only_me")) ? S("private") : sent;
}

#define TAG_MAX	   64
#define HANDLE_MAX 30

/* Made once for all loops. Where the C library lacks it, letters are those of ASCII. */
static locale_t letters;

static void load_letters(void)
{
	letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!letters)
		letters = newlocale(LC_CTYPE_MASK, "C", NULL);
}

static locale_t unicode(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_letters);
	return letters;
}

static bool in_word(char mark, int32_t cp)
{
	if (cp == '_')
		return true;
	if (mark == '@')
		return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z')
			|| (cp >= '0' && cp <= '9') || cp == '.';
	return cp >= 0 && iswalnum_l((wint_t)cp, unicode());
}

/* Bytes of the word at the beginning of s, whose code points are at most `most`; 0 when it is longer. */
static size_t word_length(str s, char mark, size_t most)
{
	size_t at = 0, end = 0, points = 0;

	for (;;) {
		int32_t cp = str_utf8_next(s, &at);

		if (cp < 0 || !in_word(mark, cp))
			break;
		end = at;
		points++;
	}
	while (mark == '@' && end > 0
	       && s.p[end - 1] == '.') { /* a full stop, not part of the name */
		end--;
		points--;
	}
	return points <= most ? end : 0;
}

static size_t encode(int32_t cp, char *out)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

static str lower_unicode(struct arena *a, str s)
{
	char *out = arena_alloc(a, s.n * 2 + 4);
	size_t at = 0, n = 0;

	for (int32_t cp; (cp = str_utf8_next(s, &at)) >= 0;)
		n += encode((int32_t)towlower_l((wint_t)cp, unicode()), out + n);
	return (str){ out, n };
}

static bool has(const struct strs *list, str s)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], s))
			return true;
	return false;
}

struct strs posts_marked(struct arena *a, str text, char mark, size_t most, struct strs *spelled)
{
	struct strs found = { arena_alloc(a, most * sizeof(str)), 0 };
	struct strs typed = { arena_alloc(a, most * sizeof(str)), 0 };
	size_t longest = mark == '@' ? HANDLE_MAX : TAG_MAX;
	bool fresh = true; /* the byte before this one ends a word */

	for (size_t i = 0; i < text.n && found.n < most; i++) {
		str rest = str_slice(text, i + 1, text.n);
		size_t n = text.p[i] == mark && fresh ? word_length(rest, mark, longest) : 0;

		fresh = !((unsigned char)text.p[i] >= 0x80 || in_word('@', text.p[i]))
			|| text.p[i] == '.';
		if (!n)
			continue;
		str word = str_slice(rest, 0, n), low = lower_unicode(a, word);
		if (!has(&found, low)) {
			typed.v[typed.n++] = word;
			found.v[found.n++] = low;
		}
		i += n;
		fresh = false;
	}
	if (spelled)
		*spelled = typed;
	return found;
}
