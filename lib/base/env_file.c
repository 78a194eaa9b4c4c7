/* One line at a time: blank, comment or [export ]KEY=VALUE. */
#include "lib/base/env_file.h"

#include <string.h>

static bool is_key_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'
		|| (!first && ((c >= '0' && c <= '9') || c == '.'));
}

static bool is_key(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_key_char(s.p[i], i == 0))
			return false;
	return s.n > 0;
}

/* Up to a # behind white space, trimmed. */
static str unquoted(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '#' && (i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return str_trim(str_slice(s, 0, i));
	return str_trim(s);
}

/* Appends the character behind a backslash to out; what is no escape stays as it is. */
static char *put_escape(char *out, char c)
{
	static const char from[] = "nrt\"\\$", to[] = "\n\r\t\"\\$";
	const char *at = strchr(from, c);

	if (at && c) {
		*out++ = to[at - from];
		return out;
	}
	*out++ = '\\';
	*out++ = c;
	return out;
}

/* s begins with a quote; *ret_rest is what follows the closing one. */
static const char *quoted(struct arena *a, str s, str *ret_value, str *ret_rest)
{
	char quote = s.p[0];
	char *text = arena_alloc(a, s.n + 1), *p = text;
	size_t i = 1;

	for (; i < s.n && s.p[i] != quote; i++) {
		if (quote == '"' && s.p[i] == '\\' && i + 1 < s.n)
			p = put_escape(p, s.p[++i]);
		else
			*p++ = s.p[i];
	}
	if (i == s.n)
		return "the quote is not closed";
	*p = '\0';
	*ret_value = (str){ text, (size_t)(p - text) };
	*ret_rest = str_trim(str_slice(s, i + 1, s.n));
	return NULL;
}

const char *env_next(struct arena *a, str *rest, struct env_line *out)
{
	str line = str_trim(str_cut(rest, '\n')), key, behind = S("");
	const char *problem = NULL;

	*out = (struct env_line){ 0 };
	if (line.n == 0 || line.p[0] == '#')
		return NULL;
	if (str_starts(line, S("export ")) || str_starts(line, S("export\t")))
		line = str_trim(str_slice(line, 7, line.n));
	if (str_find_char(line, '=') < 0)
		return "there is no =";
	key = str_trim(str_cut(&line, '='));
	if (!is_key(key))
		return "what stands before the = is no name";
	line = str_trim(line);
	if (str_find_char(line, '\0') >= 0)
		return "there is a NUL character";
	out->value = line;
	if (line.n && (line.p[0] == '"' || line.p[0] == '\''))
		problem = quoted(a, line, &out->value, &behind);
	else
		out->value = arena_copy(a, unquoted(line));
	if (!problem && behind.n && behind.p[0] != '#')
		problem = "there is something behind the closing quote";
	out->key = problem ? (str){ 0 } : key;
	return problem;
}
