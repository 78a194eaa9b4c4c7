/*
 * Neutral wording: whoever reads the map learns that something is there, not whom to fear. Whole words,
 * in any case; the longest phrase that fits wins because it stands first.
 */
#include "app/beacons/beacons.h"

static const struct {
	const char *phrase, *neutral;
} wording[] = {
	{ "immigration and customs enforcement", "Official Presence" },
	{ "border patrol", "Official Presence" },
	{ "homeland security", "Official Presence" },
	{ "ice agents", "Official Presence" },
	{ "police officers", "Official Presence" },
	{ "police", "Official Presence" },
	{ "cops", "Official Presence" },
	{ "sheriff", "Official Presence" },
	{ "raids", "Activity" },
	{ "raid", "Activity" },
	{ "arrests", "Activity" },
	{ "crackdown", "Activity" },
};
#define WORDING (sizeof(wording) / sizeof(*wording))

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
		|| (unsigned char)c >= 0x80;
}

/* The phrase that stands at the beginning of s as whole words, or NULL. */
static const char *neutral_at(str s, size_t *ret_length)
{
	for (size_t i = 0; i < WORDING; i++) {
		str phrase = str_of(wording[i].phrase);

		if (s.n < phrase.n || !str_ieq(str_slice(s, 0, phrase.n), phrase)
		    || (s.n > phrase.n && is_word(s.p[phrase.n])))
			continue;
		*ret_length = phrase.n;
		return wording[i].neutral;
	}
	return NULL;
}

static size_t append(char *out, size_t n, str s)
{
	for (size_t i = 0; i < s.n; i++)
		out[n++] = s.p[i];
	return n;
}

/* No phrase is shorter than 4 bytes and no replacement longer than 17, so five times the room is enough. */
str beacons_neutral(struct arena *a, str text)
{
	char *out = arena_alloc(a, text.n * 5 + 1);
	size_t n = 0;

	text = str_trim(text);
	for (size_t i = 0; i < text.n;) {
		bool begins = i == 0 || !is_word(text.p[i - 1]);
		size_t length;
		const char *neutral =
			begins ? neutral_at(str_slice(text, i, text.n), &length) : NULL;

		if (neutral) {
			n = append(out, n, str_of(neutral));
			i += length;
		} else if (is_space(text.p[i])) {
			if (n && out[n - 1] != ' ')
				out[n++] = ' ';
			i++;
		} else {
			out[n++] = text.p[i++];
		}
	}
	return (str){ out, n };
}
