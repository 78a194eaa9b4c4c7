/*
 * See multipart.h. The delimiter is looked for in a buffer; bytes are handed out as soon as they cannot be
 * its beginning. What stands before the first delimiter is taken for a part that nobody reads, which is
 * right if a line break is put before the body: then its first line, too, begins behind one.
 */
#include "lib/web/multipart.h"

#include "lib/web/req.h"

enum { BUFFER = 128 * 1024, HEAD_MAX = 8 * 1024, BOUNDARY_MAX = 70, PARTS_MAX = 32 };

struct multipart {
	struct arena *arena;
	err (*read)(void *arg, void *buf, size_t n, size_t *got);
	void *arg;
	char *buf;
	size_t at, n; /* what is in the buffer and not handed out */
	bool ended;   /* the source */
	bool in_part;
	int parts;
	str delimiter; /* with its line break and dashes */
};

static err malformed(struct multipart *m, const char *what)
{
	return err_detail(m->arena, err_invalid, NULL, "the form is not valid: %s", what);
}

/* ---- header parameters ---- */

/* Cuts a quoted string's content, in which a backslash keeps the next character. */
static str cut_quoted(struct arena *a, str *rest)
{
	char *out = arena_alloc(a, rest->n + 1);
	size_t n = 0, i = 1;

	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		out[n++] = rest->p[i];
	}
	*rest = str_slice(*rest, i + 1, rest->n);
	out[n] = '\0';
	return (str){ out, n };
}

static str cut_value(struct arena *a, str *rest)
{
	size_t n = 0;
	str value;

	if (str_starts(*rest, S("\"")))
		return cut_quoted(a, rest);
	while (n < rest->n && rest->p[n] != ';')
		n++;
	value = str_trim(str_slice(*rest, 0, n));
	*rest = str_slice(*rest, n, rest->n);
	return value;
}

/* The parameter of that name behind the first ';' of a header's value; absent when there is none. */
static str parameter(struct arena *a, str header, str name)
{
	ptrdiff_t begin = str_find_char(header, ';');
	str rest = begin < 0 ? S("") : str_slice(header, (size_t)begin, header.n);

	while (str_starts(rest, S(";"))) {
		str key, value = { 0 };
		size_t n = 1;

		while (n < rest.n && rest.p[n] != '=' && rest.p[n] != ';')
			n++;
		key = str_trim(str_slice(rest, 1, n));
		rest = str_slice(rest, n, rest.n);
		if (str_starts(rest, S("="))) {
			rest = str_slice(rest, 1, rest.n);
			value = cut_value(a, &rest);
		}
		if (value.p && str_ieq(key, name))
			return value;
		while (!str_empty(rest) && *rest.p != ';')
			rest = str_slice(rest, 1, rest.n);
	}
	return (str){ 0 };
}

/* What stands before the parameters. */
static str main_value(str header)
{
	return str_trim(str_cut(&header, ';'));
}

/* ---- opening ---- */

err multipart_over(struct arena *a, str content_type,
		   err (*read)(void *arg, void *buf, size_t n, size_t *got), void *arg,
		   struct multipart **out)
{
	struct multipart *m = arena_zalloc(a, sizeof(*m));
	str boundary = parameter(a, content_type, S("boundary"));

	m->arena = a;
	m->read = read;
	m->arg = arg;
	if (!str_ieq(main_value(content_type), S("multipart/form-data")))
		return err_detail(a, err_invalid, NULL, "the body must be multipart/form-data");
	if (str_empty(boundary) || boundary.n > BOUNDARY_MAX)
		return malformed(m, "it names no boundary");
	m->delimiter = arena_printf(a, "\r\n--%.*s", (int)boundary.n, boundary.p);
	m->buf = arena_alloc(a, BUFFER);
	memcpy(m->buf, "\r\n", 2);
	m->n = 2;
	m->in_part = true;
	*out = m;
	return OK;
}

static err read_request(void *arg, void *buf, size_t n, size_t *got)
{
	return req_read(arg, buf, n, got);
}

err multipart_open(struct req *r, struct multipart **out)
{
	return multipart_over(r->arena, req_header(r, "Content-Type"), read_request, r, out);
}

/* ---- the buffer ---- */

static str buffered(const struct multipart *m)
{
	return (str){ m->buf + m->at, m->n - m->at };
}

/* At least one byte more, unless the source has ended. There is always room: nobody waits for more than
 * HEAD_MAX bytes. */
static err fill(struct multipart *m)
{
	size_t got = 0;

	if (m->ended)
		return malformed(m, "it ends too early");
	if (m->at) {
		memmove(m->buf, m->buf + m->at, m->n - m->at);
		m->n -= m->at;
		m->at = 0;
	}
	TRY(m->read(m->arg, m->buf + m->n, BUFFER - m->n, &got));
	m->n += got;
	m->ended = got == 0;
	return OK;
}

static err need(struct multipart *m, size_t n)
{
	while (m->n - m->at < n)
		TRY(fill(m));
	return OK;
}

/* ---- content ---- */

err multipart_piece(struct multipart *m, str *out)
{
	*out = S("");
	while (m->in_part) {
		str rest = buffered(m);
		ptrdiff_t end = str_find(rest, m->delimiter);
		size_t safe = rest.n < m->delimiter.n ? 0 : rest.n - m->delimiter.n + 1;

		if (end >= 0)
			safe = (size_t)end;
		m->in_part = end != 0;
		if (safe) {
			m->at += safe;
			*out = str_slice(rest, 0, safe);
			return OK;
		}
		if (m->in_part)
			TRY(fill(m));
	}
	return OK;
}

err multipart_text(struct multipart *m, size_t max, str *out)
{
	char *text = arena_alloc(m->arena, max + 1);
	size_t n = 0;
	str piece;

	for (;;) {
		TRY(multipart_piece(m, &piece));
		if (piece.n > max - n)
			return err_too_large;
		if (piece.n == 0)
			break;
		memcpy(text + n, piece.p, piece.n);
		n += piece.n;
	}
	text[n] = '\0';
	*out = (str){ text, n };
	return OK;
}

/* ---- parts ---- */

static void read_header(struct multipart *m, str line, struct part *out)
{
	str value = line, name = str_cut(&value, ':');

	if (!value.p)
		return;
	value = arena_copy(m->arena, str_trim(value));
	if (str_ieq(name, S("Content-Type")))
		out->mime = main_value(value);
	if (!str_ieq(name, S("Content-Disposition")))
		return;
	out->name = parameter(m->arena, value, S("name"));
	out->filename = parameter(m->arena, value, S("filename"));
}

/* From the line break behind the delimiter to the empty line. */
static err read_head(struct multipart *m, struct part *out)
{
	ptrdiff_t end;
	str head;

	while ((end = str_find(buffered(m), S("\r\n\r\n"))) < 0) {
		if (m->n - m->at > HEAD_MAX)
			return malformed(m, "a part's head is too large");
		TRY(fill(m));
	}
	head = str_slice(buffered(m), 2, (size_t)end < 2 ? 2 : (size_t)end);
	*out = (struct part){ 0 };
	while (head.p) {
		str line = str_cut(&head, '\n');

		read_header(m, str_trim(line), out);
	}
	m->at += (size_t)end + 4;
	if (!out->name.p)
		return malformed(m, "a part has no name");
	m->in_part = true;
	return OK;
}

static err drop_rest(struct multipart *m)
{
	while (!m->ended) {
		m->at = m->n;
		TRY(fill(m));
	}
	return OK;
}

err multipart_next(struct multipart *m, struct part *out, bool *more)
{
	str piece;

	do
		TRY(multipart_piece(m, &piece));
	while (!str_empty(piece));
	m->at += m->delimiter.n;
	TRY(need(m, 2));
	*more = !str_starts(buffered(m), S("--"));
	if (!*more)
		return drop_rest(m);
	if (++m->parts > PARTS_MAX)
		return malformed(m, "it has too many parts");
	while (*buffered(m).p == ' ' || *buffered(m).p == '\t') { /* RFC 2046: padding */
		m->at++;
		TRY(need(m, 2));
	}
	if (!str_starts(buffered(m), S("\r\n")))
		return malformed(m, "a boundary does not end its line");
	return read_head(m, out);
}
