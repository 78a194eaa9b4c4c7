/* What is looked at before a cutover, while nothing has been touched: see supabase.h. Nothing here changes anything. */
#include "app/supabase/cutover.h"
#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/source.sql.h"
#include "app/supabase/supabase.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum {
	LAG_MS = 2000, /* more before the hold is no time to begin */
	PLACE_TRIES = 100,
	SILENT_TRIES = 200,
	DISK_MB = 1024,
	SHOWN = 1000 /* bytes of what differs */
};

/* Somebody has our place: a follower, which keeps things up to date while we look at them. It takes its place
 * again a moment after another command has given it back. */
static bool check_follower(struct cutover *c)
{
	struct move *m = &c->m;

	for (int i = 0; i < PLACE_TRIES; i++) {
		if (!move_do(m, &sql_move_follow_lock, NULL))
			return false;
		if (strcmp(script_value(m->db, 0, 0), "t") != 0)
			return cutover_step(c, "somebody follows the project", true, "at work");
		if (!move_do(m, &sql_move_follow_let_go, NULL))
			return false;
		move_pause(100);
	}
	return cutover_step(c, "somebody follows the project", false,
			    "`supabase follow` does that");
}

/* How long something takes that is written there now. */
static bool measure_lag(struct cutover *c, int64_t *ret_ms)
{
	int64_t since = time_now().us, began = time_monotonic();

	do {
		move_pause(20);
		if (!move_do(&c->m, &sql_move_follow_state, NULL))
			return false;
		*ret_ms = cutover_ms_since(began);
	} while (strtoll(script_value(c->m.db, 0, 5), NULL, 10) < since
		 && *ret_ms < c->m.options->wait_ms);
	return true;
}

/* Replication takes a moment to begin again after another command has held it up. */
static bool wait_for_lag(struct cutover *c, int64_t *ret_ms)
{
	*ret_ms = 0;
	for (int i = 0; i < 3 && (i == 0 || *ret_ms > LAG_MS); i++)
		if (!measure_lag(c, ret_ms))
			return false;
	return true;
}

static bool check_lag(struct cutover *c)
{
	int64_t ms;

	if (!wait_for_lag(c, &ms))
		return false;
	return cutover_step(c, "what is written there is here", ms <= LAG_MS,
			    "after %" PRId64 " ms", ms);
}

static bool check_shape(struct cutover *c)
{
	return follow_check_drift(&c->m)
		&& cutover_step(c, "its tables are what they were", true, "no difference");
}

/* One that has not been heard of for a moment may be dead, and would be waited for: the database gives it up soon. */
static bool check_servers(struct cutover *c)
{
	struct move *m = &c->m;
	const char *n, *silent = NULL;

	for (int i = 0; i < SILENT_TRIES; i++) {
		if (!move_do(m, &sql_move_gate_servers, NULL))
			return false;
		silent = script_value(m->db, 0, 1);
		if (!silent)
			break;
		move_pause(100);
	}
	n = script_value(m->db, 0, 0);
	return cutover_step(c, "servers stand at the gate", !silent,
			    silent ? "%s does not answer" : "%s", silent ? silent : n);
}

/* That we may write there without firing anything, and that the function which does it is there. */
static bool check_way_back(struct cutover *c)
{
	struct move *m = &c->m;

	return move_there(m, &sql_move_source_begin, NULL)
		&& move_there(m, &sql_move_source_quiet, NULL)
		&& move_there(m, &sql_move_source_commit, NULL)
		&& cutover_step(c, "the way back is open", true,
				"its role may write as replication does");
}

/* The project's anon key is signed with its secret. */
static bool check_secret(struct cutover *c)
{
	str key = c->m.options->anon_key, signature;
	uint8_t want[SHA256_BYTES];
	char text[64];
	size_t dot;

	if (!key.p || !c->m.options->jwt_secret.p)
		return cutover_step(c, "the secrets are equal", true,
				    "not looked: SUPABASE_ANON_KEY or JWT_SECRET is not set");
	for (dot = key.n; dot > 0 && key.p[dot - 1] != '.'; dot--)
		;
	signature = str_slice(key, dot, key.n);
	hmac_sha256(c->m.options->jwt_secret, str_slice(key, 0, dot ? dot - 1 : 0), want);
	return cutover_step(c, "the secrets are equal",
			    str_eq(signature,
				   (str){ text, base64url_encode(want, sizeof(want), text) }),
			    "by the signature of the anon key");
}

static bool check_disk(struct cutover *c)
{
	struct statvfs v;
	const char *dir;
	int64_t mb;

	if (!move_do(&c->m, &sql_move_data_directory, NULL))
		return false;
	dir = script_value(c->m.db, 0, 0);
	if (!dir || statvfs(dir, &v) != 0)
		return cutover_step(c, "room on the disk", true,
				    "the database is on another machine");
	mb = (int64_t)(v.f_bavail * (v.f_frsize >> 10) >> 10);
	return cutover_step(c, "room on the disk", mb >= DISK_MB, "%" PRId64 " MB", mb);
}

/* The first of them, as the report has them. */
static const char *differences(struct cutover *c, const struct move_verdict *v)
{
	str text = move_verify_report(c->m.arena, v, MOVE_TEXT, (str){ 0 });
	ptrdiff_t at = str_find(text, S("\ndifferences\n"));

	text = at < 0 ? S("`supabase verify --source` says which are not")
		      : str_slice(text, (size_t)at + 1, (size_t)at + SHOWN);
	return arena_cstr(c->m.arena, text);
}

static bool check_rows(struct cutover *c)
{
	struct move_options o = *c->m.options;
	const struct move_verdict *v;
	const char *problem;
	int64_t ms;
	bool ok;

	if (!wait_for_lag(c, &ms) || !move_do(&c->m, &sql_move_sub_find, NULL))
		return false;
	o.source = arena_cstr(c->m.arena, str_of(script_value(c->m.db, 0, 2)));
	o.progress = NULL;
	if (!moved_begin(&c->m))
		return false;
	if (!move_verify(c->m.arena, &o, &v, &ok, &problem))
		return move_fail(&c->m, "verify: %s", problem);
	if (ok && (!moved_open(&c->m, &c->moved) || !moved_shrink(c->moved, o.settle_seconds)))
		return false;
	return cutover_step(c, "every row is the same", ok, "%s",
			    ok ? "compared" : differences(c, v));
}

static bool all_good(const struct cutover *c)
{
	for (int i = 0; i < c->steps->n; i++)
		if (!c->steps->v[i].ok)
			return false;
	return true;
}

bool cutover_checklist(struct cutover *c)
{
	return check_shape(c) && check_servers(c) && check_secret(c) && check_way_back(c)
		&& check_disk(c) && check_follower(c) && (!all_good(c) || check_rows(c))
		&& (!all_good(c) || check_lag(c)) /* last: the comparing has held it up */
		&& (all_good(c) || move_fail(&c->m, "not everything is ready"));
}
