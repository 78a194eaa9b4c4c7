/* See rows.h. However large a statement is, memory holds a piece of it at a time, and a commit comes after
 * each CHUNK. */
#include "app/supabase/rows.h"

#include "app/supabase/move.sql.h"

#include <stdlib.h>

enum { CHUNK = 32 << 20, INSERT_CHUNK = 2 << 20 };

/* ---- where the rows go ---- */

/* "(a, "b")" behind the table's name, as an array for the database and its length. Without a list: none. */
static const char *columns(struct landing *l, size_t *at)
{
	struct arena *a = l->arena;
	str text = l->piece.text, token, list = S("{");
	size_t i = *at;

	token = dump_token(text, &i);
	if (!str_eq(token, S("(")))
		return NULL;
	while ((token = dump_token(text, &i)).p && !str_eq(token, S(")"))) {
		str name = dump_name(a, token);
		char *quoted = arena_alloc(a, 2 * name.n + 1);
		size_t n = 0;

		if (str_eq(token, S(",")))
			continue;
		for (size_t k = 0; k < name.n; k++) {
			if (name.p[k] == '"' || name.p[k] == '\\')
				quoted[n++] = '\\';
			quoted[n++] = name.p[k];
		}
		list = arena_printf(a, "%.*s%s\"%.*s\"", (int)list.n, list.p, list.n > 1 ? "," : "",
				    (int)n, quoted);
	}
	*at = i;
	return arena_printf(a, "%.*s}", (int)list.n, list.p).p;
}

/* Runs the text that a statement has prepared in a setting; an empty one is nothing to do. */
static bool run_prepared(struct script *db)
{
	const char *text = script_value(db, 0, 0);

	return !text || !*text || script_run(db, &sql_move_table_make_now, NULL);
}

/* The table takes what is coming: it exists, and computes or counts none of these columns by itself. */
static bool prepare_table(struct landing *l, const char *names)
{
	struct script *db = l->move->db;
	const char *schema = arena_cstr(l->arena, l->verdict.schema);
	const char *name = arena_cstr(l->arena, l->verdict.name);

	if (!script_run(db, &sql_move_table_exists, (const char *[]){ schema, name }))
		return false;
	if (strcmp(script_value(db, 0, 0), "t") != 0) {
		if (!names) {
			l->problem =
				"rows of a table that the dump does not define, without their columns";
			return false;
		}
		return script_run(db, &sql_move_table_make, (const char *[]){ schema, name, names })
			&& run_prepared(db);
	}
	return !names
		|| (script_run(db, &sql_move_columns_plain, (const char *[]){ schema, name, names })
		    && run_prepared(db));
}

/* Goes on where a killed run has committed. */
static bool resume(struct landing *l, const char *names)
{
	struct script *db = l->move->db;
	const char *file = arena_printf(l->arena, "%d", l->file).p;
	const char *at = arena_printf(l->arena, "%zu", l->piece.from).p;

	if (!script_run(db, &sql_move_partial, (const char *[]){ l->move->run, file, at }))
		return false;
	if (script_rows(db) == 0)
		return prepare_table(l, names);
	l->row_at = strtoull(script_value(db, 0, 0), NULL, 10);
	l->rows = strtoll(script_value(db, 0, 1), NULL, 10);
	return true;
}

/* ---- COPY ---- */

/* The end of the last whole line of at most CHUNK bytes from `from` on, or of the first. */
static size_t chunk_end(str data, size_t from)
{
	size_t end = from + CHUNK;
	const char *newline;

	if (end >= data.n)
		return data.n;
	newline = memrchr(data.p + from, '\n', CHUNK);
	if (!newline)
		newline = memchr(data.p + end, '\n', data.n - end);
	return newline ? (size_t)(newline - data.p) + 1 : data.n;
}

bool rows_copy(struct landing *l)
{
	struct script *db = l->move->db;
	size_t at = l->verdict.name_end;
	str data = l->piece.data;

	if (!resume(l, columns(l, &at)))
		return false;
	do {
		size_t end = chunk_end(data, l->row_at);
		int64_t rows = 0;

		if (!script_copy(db, l->piece.text)
		    || !script_copy_data(db, str_slice(data, l->row_at, end))
		    || !script_copy_end(db, &rows))
			return false;
		l->rows += rows;
		l->row_at = end;
		if (end < data.n && !landing_checkpoint(l))
			return false;
	} while (l->row_at < data.n);
	return true;
}

/* ---- INSERT ---- */

/* Behind the VALUES of the statement; 0: it has none outside of parentheses. */
static size_t values_end(str text, size_t at)
{
	int depth = 0;
	str token;

	while ((token = dump_token(text, &at)).p) {
		depth += str_eq(token, S("("));
		depth -= str_eq(token, S(")"));
		if (depth == 0 && str_ieq(token, S("values")))
			return at;
		if (depth == 0 && str_ieq(token, S("select")))
			return 0;
	}
	return 0;
}

/* Where the list of rows ends and something like ON CONFLICT may follow. */
static str insert_tail(str text, size_t at)
{
	str row;

	while (dump_row(text, &at, &row))
		;
	return str_slice(text, at, text.n);
}

/* Sends rows from l->row_at on, up to INSERT_CHUNK bytes of them. *ret_more: there are more. */
static bool insert_some(struct landing *l, str head, str tail, char *room, bool *ret_more)
{
	size_t n = head.n, at = l->row_at;
	int64_t rows = 0, changed;
	str text = l->piece.text, row, all;

	memcpy(room, head.p, head.n);
	while (dump_row(text, &at, &row)) {
		if (rows && n + row.n + tail.n + 2 > INSERT_CHUNK)
			break;
		if (n + row.n + tail.n + 2 > INSERT_CHUNK) /* one row fills it alone */
			room = memcpy(arena_alloc(l->arena, n + row.n + tail.n + 2), room, n);
		if (rows)
			room[n++] = ',';
		memcpy(room + n, row.p, row.n);
		n += row.n;
		rows++;
		l->row_at = at;
	}
	*ret_more = rows > 0 && dump_row(text, &(size_t){ l->row_at }, &row);
	if (!rows)
		return true;
	memcpy(room + n, tail.p, tail.n);
	all = (str){ room, n + tail.n };
	l->rows += rows;
	return script_text(l->move->db, all, &changed);
}

bool rows_insert(struct landing *l)
{
	size_t at = l->verdict.name_end, since = 0;
	const char *names = columns(l, &at);
	str text = l->piece.text, tail;
	size_t values = values_end(text, l->verdict.name_end);
	char *room;
	bool more;

	if (!values || values > INSERT_CHUNK / 2) {
		l->problem = "an INSERT without a list of VALUES";
		return false;
	}
	l->row_at = values;
	if (!resume(l, names))
		return false;
	tail = insert_tail(text, values);
	room = arena_alloc(l->arena, INSERT_CHUNK);
	do {
		size_t before = l->row_at;

		if (!insert_some(l, str_slice(text, 0, values), tail, room, &more))
			return false;
		since += l->row_at - before;
		if (more && since >= CHUNK) {
			since = 0;
			if (!landing_checkpoint(l))
				return false;
		}
	} while (more);
	return true;
}

int64_t rows_count(const struct piece *p)
{
	int64_t n = 0;

	for (size_t i = 0; i < p->data.n; i++)
		n += p->data.p[i] == '\n';
	if (!p->data.p && str_ieq(str_slice(p->text, 0, 6), S("insert"))) {
		size_t at = values_end(p->text, 0);
		str row;

		while (at && dump_row(p->text, &at, &row))
			n++;
	}
	return n;
}
