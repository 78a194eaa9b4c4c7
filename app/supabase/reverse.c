/* See reverse.h. Keys that people have changed become rows of the landing zone, in the source's own shape; these go
 * to the source as they are, in the order in which they came about. */
#include "app/supabase/reverse.h"

#include "app/supabase/cutover.sql.h"
#include "app/supabase/source.sql.h"

#include <stdlib.h>

#define KEYS_AT_ONCE "5000"
#define ROWS_AT_ONCE "2000"

/* A transaction there. */
static bool put_there(struct move *m, const char *const rows[4])
{
	return move_there(m, &sql_move_source_begin, NULL)
		&& move_there(m, &sql_move_source_quiet, NULL)
		&& move_there(m, &sql_move_source_apply, rows)
		&& move_there(m, &sql_move_source_commit, NULL);
}

static bool push(struct move *m, struct arena *a, int64_t *ret_rows)
{
	const char *rows[4], *until;

	if (!move_do(m, &sql_move_outgoing, (const char *[]){ ROWS_AT_ONCE }))
		return false;
	*ret_rows = strtoll(script_value(m->db, 0, 5), NULL, 10);
	if (!*ret_rows)
		return true;
	for (int i = 0; i < 4; i++)
		rows[i] = arena_cstr(a, str_of(script_value(m->db, 0, i)));
	until = arena_cstr(a, str_of(script_value(m->db, 0, 4)));
	return put_there(m, rows) && move_do(m, &sql_move_outgoing_done, &until);
}

static bool batch(struct move *m, struct arena *a, int64_t *ret_changes)
{
	int64_t rows;

	if (!move_do(m, &sql_move_back_batch, (const char *[]){ KEYS_AT_ONCE }))
		return false;
	*ret_changes = strtoll(script_value(m->db, 0, 0), NULL, 10);
	do {
		arena_reset(a);
		if (!push(m, a, &rows))
			return false;
		*ret_changes += rows;
	} while (rows);
	return true;
}

bool reverse_batch(struct move *m, int64_t *ret_changes)
{
	struct arena *a = arena_new();
	bool good = batch(m, a, ret_changes);

	arena_free(a);
	return good;
}

bool reverse_drain(struct move *m)
{
	int64_t changes;

	do
		if (!reverse_batch(m, &changes))
			return false;
	while (changes);
	return true;
}
