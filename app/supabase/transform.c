/* See transform.h. */
#include "app/supabase/transform.h"

#include "app/auth/auth.h"
#include "app/supabase/transform.sql.h"

struct step {
	const struct stmt *stmt;
	const char *what;
};

/* In an order in which what is referred to comes first. Findings look at the result. */
static const struct step steps[] = {
	{ &sql_move_shape, "looking at the source" },
	{ &sql_move_users, "accounts" },
	{ &sql_move_profiles, "profiles" },
	{ &sql_move_private, "profiles" },
	{ &sql_move_settings, "settings" },
	{ &sql_move_trust, "trust" },
	{ &sql_move_account_details, "accounts" },
	{ &sql_move_identities, "accounts" },
	{ &sql_move_account_factors, "second factors" },
	{ &sql_move_sessions, "sessions" },
	{ &sql_move_refresh_tokens, "sessions" },
	{ &sql_move_session_methods, "sessions" },
	{ &sql_move_categories_clear, "categories" },
	{ &sql_move_categories, "categories" },
	{ &sql_move_category_settings, "categories" },
	{ &sql_move_follows, "follows" },
	{ &sql_move_blocks, "blocks" },
	{ &sql_move_posts, "posts" },
	{ &sql_move_post_places, "posts" },
	{ &sql_move_comments, "comments" },
	{ &sql_move_likes, "likes" },
	{ &sql_move_saves, "saves" },
	{ &sql_move_metrics, "counters" },
	{ &sql_move_profile_counts, "counters" },
	{ &sql_move_beacons, "beacons" },
	{ &sql_move_reports, "reports" },
	{ &sql_move_notifications, "notifications" },
	{ &sql_move_devices, "devices" },
};
static const struct step findings[] = {
	{ &sql_move_findings_clear, "findings" },
	{ &sql_move_find_users, "findings" },
	{ &sql_move_find_posts, "findings" },
};
enum { STEPS = sizeof(steps) / sizeof(*steps), FINDINGS = sizeof(findings) / sizeof(*findings) };

static bool run_step(struct move *m, const struct step *s, int n)
{
	const struct move_options *o = m->options;

	if (o->progress)
		o->progress(o->progress_arg, s->what, n, STEPS + FINDINGS);
	if (script_run(m->db, s->stmt, NULL))
		return true;
	return move_fail(m, "%s: %s", s->what, script_problem(m->db));
}

struct factor {
	const char *id, *user, *secret;
};

/* Sealed here, as the server will open it: the database never learns the key. */
static bool put_factor(struct move *m, const struct factor *f)
{
	uuid user;
	str sealed;

	if (!uuid_parse(str_of(f->user), &user))
		return move_fail(m, "a second factor of nobody");
	sealed = auth_seal_factor(m->arena, m->options->jwt_secret, user, str_of(f->secret));
	return move_do(m, &sql_move_factor_put, (const char *[]){ f->id, sealed.p });
}

static const char *copy(struct move *m, int row, int column)
{
	return arena_cstr(m->arena, str_of(script_value(m->db, row, column)));
}

static bool move_factors(struct move *m)
{
	struct factor *f;
	int n;

	if (!move_do(m, &sql_move_factors, NULL))
		return false;
	n = script_rows(m->db);
	if (n && !m->options->jwt_secret.p)
		return move_fail(m, "JWT_SECRET is not set; it seals %d second factors", n);
	f = arena_alloc(m->arena, (size_t)n * sizeof(*f) + 1);
	for (int i = 0; i < n; i++)
		f[i] = (struct factor){ copy(m, i, 0), copy(m, i, 1), copy(m, i, 2) };
	for (int i = 0; i < n; i++)
		if (!put_factor(m, &f[i]))
			return false;
	return move_do(m, &sql_move_second_factors, NULL);
}

bool transform_tables(struct move *m)
{
	for (int i = 0; i < STEPS; i++)
		if (!run_step(m, &steps[i], i))
			return false;
	return true;
}

bool transform_run(struct move *m)
{
	if (!transform_tables(m) || !move_factors(m))
		return false;
	for (int i = 0; i < FINDINGS; i++)
		if (!run_step(m, &findings[i], STEPS + i))
			return false;
	return true;
}
