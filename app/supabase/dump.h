/*
 * The reader of plain SQL dumps: cuts a script into statements the way psql does, without running any. It
 * knows strings (plain, E'', U&''), quoted names, dollar quotes, nested comments, parentheses, bodies between
 * BEGIN ATOMIC and END, psql's meta commands, and the data behind COPY … FROM stdin, which may look like
 * anything at all.
 *
 * Everything returned is a view of the script; the file is mapped, so memory does not grow with it. Format:
 * psql/psqlscan.l of PostgreSQL 15; https://www.postgresql.org/docs/15/sql-syntax-lexical.html
 */
#pragma once

#include "lib/base/arena.h"

enum piece_kind {
	PIECE_END,
	PIECE_SQL,    /* a statement, without its semicolon */
	PIECE_META,   /* a line that begins with a backslash */
	PIECE_BROKEN, /* the script ends within something: .problem */
};

struct piece {
	enum piece_kind kind;
	str text;	 /* from its first word on */
	str data;	 /* of COPY … FROM stdin: the lines before "\."; absent for all others */
	size_t from, to; /* where it stands in the script: first byte, and behind the last */
	const char *problem;
};

struct dump {
	str script;
	size_t at; /* where the next piece is looked for */
};

/* The next piece; moves past it. */
struct piece dump_next(struct dump *d);

/* Maps a file for reading until the arena goes. False: *problem says why. */
bool dump_map(struct arena *a, const char *path, str *out, const char **problem);

/* ---- words of a statement ---- */

/* The next token from *at on, moving past it; absent at the end. Comments are passed over. */
str dump_token(str text, size_t *at);

/* A token as it is to be understood: names in lower case, or what stands between their quotes. */
str dump_name(struct arena *a, str token);

/* A statement's first tokens, so. */
enum { WORDS = 16 };
struct words {
	str w[WORDS];
	size_t end[WORDS]; /* where each ends in the text */
	int n;
};
struct words dump_words(struct arena *a, str text);

/* Cuts the next row "(…)" of the values of an INSERT, from *at on. False: there is none; what stands at *at
 * is then the end of the list. */
bool dump_row(str text, size_t *at, str *out);
