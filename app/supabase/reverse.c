/* See reverse.h. Keys that people have changed become rows of the landing zone, in the source's own shape; these go
 * to the source as they are, in the order in which they came about. */
#include "app/supabase/reverse.h"

#include "app/auth/auth.h"
#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/source.sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- what only this program can open ---- */

struct sealed {
	const char *kind, *id, *user, *text;
};

/* The key of a session's refresh tokens, or the secret of a second factor, as the old server has them. */
static bool open_one(struct move *m, struct arena *a, const struct sealed *s)
{
	str secret = m->options->jwt_secret, value;
	uuid id, user;

	if (!uuid_parse(str_of(s->id), &id) || !uuid_parse(str_of(s->user), &user))
		return move_fail(m, "a %s of nobody", s->kind);
	if (strcmp(s->kind, "session") == 0)
		value = auth_session_key(a, secret, id);
	else if (!auth_open_factor(a, secret, user, str_of(s->text), &value))
		return move_fail(m, "second factors do not open: was JWT_SECRET changed?");
	return move_do(m, &sql_move_back_opened,
		       (const char *[]){ s->kind, s->id, s->text, arena_cstr(a, value) });
}

static const char *kept(struct move *m, struct arena *a, int row, int column)
{
	return arena_cstr(a, str_of(script_value(m->db, row, column)));
}

static bool open_sealed(struct move *m, struct arena *a)
{
	struct sealed *s;
	int n;

	if (!move_do(m, &sql_move_back_sealed, (const char *[]){ KEYS_AT_ONCE }))
		return false;
	n = script_rows(m->db);
	if (n && !m->options->jwt_secret.p)
		return move_fail(m, "JWT_SECRET is not set; it opens what the project needs of %d",
				 n);
	s = arena_alloc(a, (size_t)n * sizeof(*s) + 1);
	for (int i = 0; i < n; i++)
		s[i] = (struct sealed){ kept(m, a, i, 0), kept(m, a, i, 1), kept(m, a, i, 2),
					kept(m, a, i, 3) };
	for (int i = 0; i < n; i++)
		if (!open_one(m, a, &s[i]))
			return false;
	return true;
}

/* ---- a batch ---- */

/* Keys and what they open are of one moment, so that no key goes back without it. */
static bool take_keys(struct move *m, struct arena *a, int64_t *ret_changes)
{
	if (!move_do(m, &sql_move_batch_begin, NULL) || !open_sealed(m, a)
	    || !move_do(m, &sql_move_back_batch, (const char *[]){ KEYS_AT_ONCE }))
		return false;
	*ret_changes = strtoll(script_value(m->db, 0, 0), NULL, 10);
	return move_do(m, &sql_move_commit, NULL);
}

static bool batch(struct move *m, struct arena *a, int64_t *ret_changes)
{
	int64_t rows;

	if (!take_keys(m, a, ret_changes))
		return false;
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

/* What people write meanwhile is not waited for: they may never stop. */
bool reverse_drain(struct move *m)
{
	char newest[24];
	int64_t changes;

	if (!move_do(m, &sql_move_back_last, NULL))
		return false;
	snprintf(newest, sizeof(newest), "%s", script_value(m->db, 0, 0));
	do
		if (!reverse_batch(m, &changes)
		    || !move_do(m, &sql_move_back_waits, (const char *[]){ newest }))
			return false;
	while (strcmp(script_value(m->db, 0, 0), "t") == 0);
	return true;
}
