/* See dump.h. */
#include "app/supabase/dump.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- characters ---- */

static bool begins_name(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool in_name(char c)
{
	return begins_name(c) || isdigit((unsigned char)c) || c == '$';
}

static char at(str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* ---- what is passed over as one; each returns where it ends, s.n + 1 when it does not ---- */

/* A quote of this kind, doubled when it stands inside; with backslashes in E''. */
static size_t skip_quoted(str s, size_t i, char quote, bool backslashes)
{
	for (i++; i < s.n; i++) {
		if (backslashes && s.p[i] == '\\')
			i++;
		else if (s.p[i] == quote && at(s, i + 1) == quote)
			i++;
		else if (s.p[i] == quote)
			return i + 1;
	}
	return s.n + 1;
}

/* Comments in comments count. */
static size_t skip_block_comment(str s, size_t i)
{
	int depth = 0;

	for (; i + 1 < s.n; i++) {
		if (s.p[i] == '/' && s.p[i + 1] == '*') {
			depth++;
			i++;
		} else if (s.p[i] == '*' && s.p[i + 1] == '/') {
			i++;
			if (--depth == 0)
				return i + 1;
		}
	}
	return s.n + 1;
}

static size_t skip_line(str s, size_t i)
{
	const char *end = i < s.n ? memchr(s.p + i, '\n', s.n - i) : NULL;

	return end ? (size_t)(end - s.p) + 1 : s.n;
}

/* $tag$ … $tag$; i itself when no tag begins there. */
static size_t skip_dollar_quoted(str s, size_t i)
{
	size_t n = i + 1;
	const char *end;

	if (isdigit((unsigned char)at(s, n)))
		return i;
	while (n < s.n && in_name(s.p[n]) && s.p[n] != '$')
		n++;
	if (at(s, n) != '$')
		return i;
	n = n + 1 - i;
	end = memmem(s.p + i + n, s.n - i - n, s.p + i, n);
	return end ? (size_t)(end - s.p) + n : s.n + 1;
}

static size_t skip_name(str s, size_t i)
{
	while (i < s.n && in_name(s.p[i]))
		i++;
	return i;
}

/* Space and comments; s.n + 1 when a comment does not end. */
static size_t skip_blank(str s, size_t i)
{
	while (i < s.n) {
		if (is_space(s.p[i]))
			i++;
		else if (s.p[i] == '-' && at(s, i + 1) == '-')
			i = skip_line(s, i);
		else if (s.p[i] == '/' && at(s, i + 1) == '*')
			i = skip_block_comment(s, i);
		else
			break;
	}
	return i;
}

/* One token that begins at i, which is no blank. */
static size_t skip_token(str s, size_t i)
{
	char c = s.p[i];
	size_t end;

	if ((c == 'e' || c == 'E') && at(s, i + 1) == '\'')
		return skip_quoted(s, i + 1, '\'', true);
	if (begins_name(c))
		return skip_name(s, i);
	if (isdigit((unsigned char)c)) {
		while (i < s.n && (isalnum((unsigned char)s.p[i]) || s.p[i] == '.'))
			i++;
		return i;
	}
	if (c == '\'' || c == '"')
		return skip_quoted(s, i, c, false);
	if (c == '$') {
		end = skip_dollar_quoted(s, i);
		return end == i ? i + 1 : end;
	}
	return i + 1;
}

/* ---- statements ---- */

static bool is_word(str token, const char *word)
{
	return str_ieq(token, str_of(word));
}

/* How deep we are in parentheses and, in a function's definition, in BEGIN and CASE. */
struct nesting {
	int words, parens, begins;
	bool create, function;
};

static void follow(struct nesting *n, str token)
{
	if (is_word(token, "("))
		n->parens++;
	else if (is_word(token, ")") && n->parens > 0)
		n->parens--;
	if (!begins_name(*token.p))
		return;
	if (n->words == 0)
		n->create = is_word(token, "create");
	if (n->create && n->words < 4
	    && (is_word(token, "function") || is_word(token, "procedure")))
		n->function = true;
	n->words++;
	if (!n->function || n->parens > 0)
		return;
	if (is_word(token, "begin") || (is_word(token, "case") && n->begins > 0))
		n->begins++;
	else if (is_word(token, "end") && n->begins > 0)
		n->begins--;
}

/* Where the statement that begins at i ends: at its semicolon, or s.n + 1. */
static size_t statement_end(str s, size_t i)
{
	struct nesting n = { 0 };

	while (i < s.n) {
		size_t from = i;

		if (s.p[i] == ';' && n.parens == 0 && n.begins == 0)
			return i;
		i = skip_token(s, i);
		if (i > s.n)
			break;
		follow(&n, str_slice(s, from, i));
		i = skip_blank(s, i);
	}
	return s.n + 1;
}

/* COPY … FROM stdin, whatever options follow. */
static bool is_copy_in(str text)
{
	bool in = false;
	size_t i = 0;
	str last = { 0 };

	if (text.n < 5 || !str_ieq(str_slice(text, 0, 4), S("copy")) || in_name(text.p[4]))
		return false;
	while (i < text.n && !in) {
		size_t from = i;
		str token;

		i = skip_token(text, i);
		token = str_slice(text, from, i);
		in = is_word(last, "from") && is_word(token, "stdin");
		last = token;
		i = skip_blank(text, i);
	}
	return in;
}

/* The lines from *at on up to the one that is "\."; moves past that. */
static bool take_copy_data(str s, size_t *pos, str *out)
{
	size_t from = *pos, i = from;

	while (i < s.n) {
		size_t next = skip_line(s, i), end = next;

		while (end > i && (s.p[end - 1] == '\n' || s.p[end - 1] == '\r'))
			end--;
		if (end == i + 2 && s.p[i] == '\\' && s.p[i + 1] == '.') {
			*out = str_slice(s, from, i);
			*pos = next;
			return true;
		}
		i = next;
	}
	return false;
}

static struct piece broken(struct piece p, const char *problem)
{
	p.kind = PIECE_BROKEN;
	p.problem = problem;
	return p;
}

static struct piece take_statement(struct dump *d, struct piece p)
{
	str s = d->script;
	size_t end = statement_end(s, p.from);

	if (end > s.n)
		return broken(p, "the file ends within a statement");
	p.kind = PIECE_SQL;
	p.text = str_slice(s, p.from, end);
	p.to = end + 1;
	if (is_copy_in(p.text)) {
		p.to = skip_line(s, p.to);
		if (!take_copy_data(s, &p.to, &p.data))
			return broken(p, "the file ends within the rows of a table");
	}
	d->at = p.to;
	return p;
}

struct piece dump_next(struct dump *d)
{
	str s = d->script;
	struct piece p = { .kind = PIECE_END };

	do
		p.from = skip_blank(s, d->at);
	while (at(s, p.from) == ';' && (d->at = p.from + 1));
	if (p.from > s.n)
		return broken(p, "the file ends within a comment");
	if (p.from == s.n)
		return p;
	if (s.p[p.from] != '\\')
		return take_statement(d, p);
	d->at = p.to = skip_line(s, p.from);
	p.kind = PIECE_META;
	p.text = str_trim(str_slice(s, p.from, p.to));
	return p;
}

/* ---- files ---- */

static void unmap(void *arg)
{
	str *s = arg;

	munmap((void *)(uintptr_t)s->p, s->n);
}

/* What is empty cannot be mapped, and needs not. */
static bool map(struct arena *a, int fd, str *out)
{
	str *s = arena_zalloc(a, sizeof(*s));
	struct stat st;
	void *p;

	*out = S("");
	if (fstat(fd, &st) != 0)
		return false;
	if (st.st_size == 0)
		return true;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	madvise(p, (size_t)st.st_size, MADV_SEQUENTIAL);
	*s = (str){ p, (size_t)st.st_size };
	arena_defer(a, unmap, s);
	*out = *s;
	return true;
}

bool dump_map(struct arena *a, const char *path, str *out, const char **problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && map(a, fd, out);

	if (!good)
		*problem = arena_printf(a, "%s: %s", path, strerror(errno)).p;
	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- words ---- */

str dump_token(str text, size_t *pos)
{
	size_t from = skip_blank(text, *pos);

	if (from >= text.n) {
		*pos = text.n;
		return (str){ 0 };
	}
	*pos = skip_token(text, from);
	if (*pos > text.n)
		*pos = text.n;
	return str_slice(text, from, *pos);
}

str dump_name(struct arena *a, str token)
{
	char *name;
	size_t n = 0;

	if (*token.p != '"')
		return begins_name(*token.p) ? arena_lower(a, token) : token;
	name = arena_alloc(a, token.n);
	for (size_t i = 1; i + 1 < token.n; i++) {
		i += token.p[i] == '"' && i + 2 < token.n;
		name[n++] = token.p[i];
	}
	return (str){ name, n };
}

struct words dump_words(struct arena *a, str text)
{
	struct words w = { 0 };
	size_t i = 0;
	str token;

	while (w.n < WORDS && (token = dump_token(text, &i)).p) {
		w.end[w.n] = i;
		w.w[w.n++] = dump_name(a, token);
	}
	return w;
}

bool dump_row(str text, size_t *pos, str *out)
{
	size_t i = skip_blank(text, *pos), from;
	int depth = 0;

	if (at(text, i) == ',')
		i = skip_blank(text, i + 1);
	if (at(text, i) != '(')
		return false;
	from = i;
	while (i < text.n) {
		depth += text.p[i] == '(';
		depth -= text.p[i] == ')';
		i = skip_token(text, i);
		if (depth == 0) {
			*out = str_slice(text, from, i);
			*pos = i;
			return true;
		}
		i = skip_blank(text, i);
	}
	return false;
}
