/* The rollback: see supabase.h and cutover.c. Until the phase is "transformed" this side can still stay the writer, and
 * does when something goes wrong; from then on the project becomes it. */
#include "app/supabase/cutover.h"

#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/live.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/reverse.h"
#include "app/supabase/source.sql.h"
#include "app/supabase/supabase.h"
#include "lib/base/time.h"

enum { LITTLE = 500, CATCH_UP_MS = 600000 };

/* Nobody reads from the slot any more. */
static bool wait_until_idle(struct move *m)
{
	const char *idle;

	do {
		move_pause(5);
		if (!move_there(m, &sql_move_source_slot_idle, NULL))
			return false;
		idle = script_value(m->source, 0, 0);
	} while (idle && strcmp(idle, "t") != 0);
	return true;
}

/* What we have written there is not to come back, when others may write there again. The slot forgets it, but would
 * know it again after a crash of its server; so this side remembers, too, where it goes on. */
static bool skip_own(struct move *m)
{
	const char *at;

	if (!wait_until_idle(m) || !move_there(m, &sql_move_source_advance, NULL)
	    || !move_there(m, &sql_move_source_lsn, NULL))
		return false;
	at = script_value(m->source, 0, 0);
	return move_do(m, &sql_move_sub_advance, &at);
}

static bool take_back(struct cutover *c)
{
	struct move *m = &c->m;

	return cutover_hold(c) && move_do(m, &sql_move_gate_seal, NULL) && reverse_drain(m)
		&& cutover_compare_counts(c) && move_there(m, &sql_move_source_sequences_on, NULL)
		&& skip_own(m) && move_do(m, &sql_move_begin, NULL)
		&& move_do(m, &sql_move_sending, (const char *[]){ "f" })
		&& move_do(m, &sql_move_look_again, NULL)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "transformed" })
		&& move_do(m, &sql_move_commit, NULL);
}

/* Most of the work is done while people still write here. They never stop: little enough is left when a batch is small. */
static bool catch_up(struct move *m)
{
	int64_t changes, until = time_monotonic() + CATCH_UP_MS * MILLISECOND;

	do
		if (!reverse_batch(m, &changes))
			return false;
	while (changes > LITTLE && time_monotonic() < until);
	return true;
}

static bool return_all(struct cutover *c)
{
	return live_connect(&c->m) && cutover_take_over(c, "returning") && catch_up(&c->m)
		&& take_back(c) && cutover_give_back(c);
}

static bool rollback(struct cutover *c)
{
	struct move *m = &c->m;
	bool live;

	if (cutover_is(c, "archived"))
		return move_fail(m, "it is archived: there is no way back any more");
	if (cutover_is(c, "cutover") || cutover_is(c, "transformed"))
		return cutover_rest(c, &live);
	if (!cutover_is(c, "live") && !cutover_is(c, "returning"))
		return move_fail(m, "the phase is %s", m->phase);
	if (return_all(c))
		return true;
	if (!cutover_rest(c, &live))
		return false;
	if (!live)
		m->problem = NULL;
	return !live;
}

bool move_rollback(struct arena *a, const struct move_options *o, struct move_steps *out,
		   const char **problem)
{
	struct cutover c = { .steps = out };
	bool good = cutover_begin(&c, a, o) && rollback(&c);

	cutover_end(&c, problem);
	return good;
}
