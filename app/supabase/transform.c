/* See transform.h. A step is a statement; without keys its parameters are NULL, which is everything. */
#include "app/supabase/transform.h"

#include "app/auth/auth.h"
#include "app/supabase/chat.sql.h"
#include "app/supabase/choices.sql.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/transform.sql.h"

/* What a step is for. */
enum when { ALWAYS, ALL, KEYED }; /* ALL: only of everything; KEYED: only of keys */

struct step {
	const struct stmt *stmt;
	const char *what;
	enum move_keys keys; /* that make it necessary, and are its parameters if it has any */
	enum when when;
};

/* In an order in which what is referred to comes first, and who gives way before who takes the place. */
static const struct step steps[] = {
	{ &sql_move_users_gone, "accounts", KEYS_USERS, KEYED },
	{ &sql_move_users_aside, "accounts", KEYS_USERS, KEYED },
	{ &sql_move_users, "accounts", KEYS_USERS, ALWAYS },
	{ &sql_move_profiles_aside, "profiles", KEYS_USERS, KEYED },
	{ &sql_move_profiles, "profiles", KEYS_USERS, ALWAYS },
	{ &sql_move_private, "profiles", KEYS_USERS, ALWAYS },
	{ &sql_move_settings, "settings", KEYS_USERS, ALWAYS },
	{ &sql_move_preferences, "settings", KEYS_USERS, ALWAYS },
	{ &sql_move_trust, "trust", KEYS_USERS, ALWAYS },
	{ &sql_move_account_details, "accounts", KEYS_USERS, ALWAYS },
	{ &sql_move_identities_gone, "accounts", KEYS_USERS, KEYED },
	{ &sql_move_identities, "accounts", KEYS_USERS, ALWAYS },
	{ &sql_move_factors_aside, "second factors", KEYS_FACTORS, KEYED },
	{ &sql_move_account_factors, "second factors", KEYS_FACTORS, ALWAYS },
	{ &sql_move_sessions_gone, "sessions", KEYS_SESSIONS, KEYED },
	{ &sql_move_sessions, "sessions", KEYS_SESSIONS, ALWAYS },
	{ &sql_move_tokens_gone, "sessions", KEYS_SESSIONS, KEYED },
	{ &sql_move_refresh_tokens, "sessions", KEYS_SESSIONS, ALWAYS },
	{ &sql_move_methods_gone, "sessions", KEYS_SESSIONS, KEYED },
	{ &sql_move_session_methods, "sessions", KEYS_SESSIONS, ALWAYS },
	{ &sql_move_categories_gone, "categories", KEYS_CATEGORIES, KEYED },
	{ &sql_move_categories_clear, "categories", KEYS_CATEGORIES, ALWAYS },
	{ &sql_move_categories, "categories", KEYS_CATEGORIES, ALWAYS },
	{ &sql_move_category_settings_gone, "categories", KEYS_SETTINGS, KEYED },
	{ &sql_move_category_settings, "categories", KEYS_SETTINGS, ALWAYS },
	{ &sql_move_follows_gone, "follows", KEYS_FOLLOWS, KEYED },
	{ &sql_move_follows, "follows", KEYS_FOLLOWS, ALWAYS },
	{ &sql_move_blocks_gone, "blocks", KEYS_BLOCKS, KEYED },
	{ &sql_move_blocks, "blocks", KEYS_BLOCKS, ALWAYS },
	{ &sql_move_posts_gone, "posts", KEYS_POSTS, KEYED },
	{ &sql_move_pins_aside, "posts", KEYS_POSTS, KEYED },
	{ &sql_move_posts, "posts", KEYS_POSTS, ALWAYS },
	{ &sql_move_post_places, "posts", KEYS_POSTS, ALWAYS },
};
static const struct step answers[] = {
	{ &sql_move_comments_gone, "comments", KEYS_COMMENTS, KEYED },
	{ &sql_move_comments, "comments", KEYS_COMMENTS, ALWAYS },
	{ &sql_move_likes_gone, "likes", KEYS_LIKES, KEYED },
	{ &sql_move_likes, "likes", KEYS_LIKES, ALWAYS },
	{ &sql_move_saves_gone, "saves", KEYS_SAVES, KEYED },
	{ &sql_move_saves, "saves", KEYS_SAVES, ALWAYS },
	{ &sql_move_circle_gone, "circles", KEYS_CIRCLE, KEYED },
	{ &sql_move_circle, "circles", KEYS_CIRCLE, ALWAYS },
	{ &sql_move_emotions_gone, "reactions", KEYS_EMOTIONS, KEYED },
	{ &sql_move_emotions, "reactions", KEYS_EMOTIONS, ALWAYS },
	{ &sql_move_hides_gone, "hidden posts", KEYS_HIDES, KEYED },
	{ &sql_move_hides, "hidden posts", KEYS_HIDES, ALWAYS },
	{ &sql_move_overrides_gone, "picked posts", KEYS_OVERRIDES, KEYED },
	{ &sql_move_overrides, "picked posts", KEYS_OVERRIDES, ALWAYS },
	{ &sql_move_audit, "audit log", KEYS_AUDIT, ALWAYS },
	{ &sql_move_beacons_gone, "beacons", KEYS_POSTS, KEYED },
	{ &sql_move_beacons, "beacons", KEYS_POSTS, ALWAYS },
	{ &sql_move_reports_gone, "reports", KEYS_REPORTS, KEYED },
	{ &sql_move_reports, "reports", KEYS_REPORTS, ALWAYS },
	{ &sql_move_notifications_gone, "notifications", KEYS_NOTIFICATIONS, KEYED },
	{ &sql_move_notifications_read, "notifications", KEYS_NOTIFICATIONS, KEYED },
	{ &sql_move_notifications, "notifications", KEYS_NOTIFICATIONS, ALWAYS },
	{ &sql_move_devices_gone, "devices", KEYS_DEVICES, KEYED },
	{ &sql_move_devices, "devices", KEYS_DEVICES, ALWAYS },
	{ &sql_move_objects_gone, "stored objects", KEYS_OBJECTS, KEYED },
	{ &sql_move_objects_clear, "stored objects", KEYS_OBJECTS, ALWAYS },
	{ &sql_move_buckets_gone, "stored objects", KEYS_BUCKETS, KEYED },
	{ &sql_move_buckets, "stored objects", KEYS_BUCKETS, ALWAYS },
	{ &sql_move_objects, "stored objects", KEYS_OBJECTS, ALWAYS },
	{ &sql_move_keys_gone, "keys", KEYS_KEYS, KEYED },
	{ &sql_move_key_owners, "keys", KEYS_KEYS, ALWAYS },
	{ &sql_move_signed_prekeys, "keys", KEYS_KEYS, ALWAYS },
	{ &sql_move_one_time_prekeys, "keys", KEYS_KEYS, ALWAYS },
	{ &sql_move_reactions_gone, "messages", KEYS_REACTIONS, KEYED },
	{ &sql_move_messages_gone, "messages", KEYS_MESSAGES, KEYED },
	{ &sql_move_conversations_gone, "messages", KEYS_CONVERSATIONS, KEYED },
	{ &sql_move_conversations, "messages", KEYS_CONVERSATIONS, ALWAYS },
	{ &sql_move_messages, "messages", KEYS_MESSAGES, ALWAYS },
	{ &sql_move_reactions, "messages", KEYS_REACTIONS, ALWAYS },
};
static const struct step counters[] = {
	{ &sql_move_metrics, "counters", KEYS_COUNTED, ALWAYS },
	{ &sql_move_profile_counts, "counters", KEYS_AUTHORS, ALWAYS },
};
static const struct step findings[] = {
	{ &sql_move_findings_clear, "findings", 0, ALL },
	{ &sql_move_find_users, "findings", 0, ALL },
	{ &sql_move_find_addresses, "findings", 0, ALL },
	{ &sql_move_find_chat, "findings", 0, ALL },
	{ &sql_move_find_choices, "findings", 0, ALL },
	{ &sql_move_find_posts, "findings", 0, ALL },
};
enum {
	STEPS = sizeof(steps) / sizeof(*steps),
	ANSWERS = sizeof(answers) / sizeof(*answers),
	COUNTERS = sizeof(counters) / sizeof(*counters),
	FINDINGS = sizeof(findings) / sizeof(*findings),
	TOLD = STEPS + ANSWERS + COUNTERS + FINDINGS
};

static bool run_step(struct move *m, const struct step *s, const char *const *keys)
{
	if (script_run(m->db, s->stmt, keys ? keys + s->keys : (const char *[2]){ NULL }))
		return true;
	return move_fail(m, "%s: %s", s->what, script_problem(m->db));
}

/* Everything; `told` of TOLD steps come before. */
static bool run_all(struct move *m, const struct step *list, int n, int told)
{
	const struct move_options *o = m->options;

	for (int i = 0; i < n; i++) {
		if (list[i].when == KEYED)
			continue;
		if (o->progress)
			o->progress(o->progress_arg, list[i].what, told + i, TOLD);
		if (!run_step(m, &list[i], NULL))
			return false;
	}
	return true;
}

static bool run_keyed(struct move *m, const struct step *list, int n, const char *const *keys)
{
	for (int i = 0; i < n; i++)
		if (list[i].when != ALL && keys[list[i].keys] && !run_step(m, &list[i], keys))
			return false;
	return true;
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

static bool move_factors(struct move *m, const char *users)
{
	struct factor *f;
	int n;

	if (!move_do(m, &sql_move_factors, (const char *[]){ users }))
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
	return move_do(m, &sql_move_second_factors, &users);
}

bool transform_tables(struct move *m)
{
	return run_all(m, steps, STEPS, 0) && run_all(m, answers, ANSWERS, STEPS)
		&& run_all(m, counters, COUNTERS, STEPS + ANSWERS);
}

bool transform_findings(struct move *m)
{
	return run_all(m, findings, FINDINGS, STEPS + ANSWERS + COUNTERS);
}

/* All of it sees the landing zone at one moment, while replication goes on there. */
bool transform_run(struct move *m)
{
	return move_do(m, &sql_move_batch_begin, NULL) && move_do(m, &sql_move_shape, NULL)
		&& transform_tables(m) && move_factors(m, NULL)
		&& run_all(m, findings, FINDINGS, STEPS + ANSWERS + COUNTERS)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "transformed" })
		&& move_do(m, &sql_move_commit, NULL);
}

/* ---- keys ---- */

/* *list becomes the first column of what a statement says of it. */
static bool widen(struct move *m, struct arena *a, const struct stmt *s, const char **list)
{
	const char *wider;

	if (!*list)
		return true;
	if (!move_do(m, s, list))
		return false;
	wider = script_value(m->db, 0, 0);
	*list = wider ? arena_cstr(a, str_of(wider)) : *list;
	return true;
}

/* *list with what is in the others, too. */
static bool join(struct move *m, struct arena *a, const char *b, const char *c, const char **list)
{
	if (!move_do(m, &sql_move_lists_join, (const char *[]){ *list, b, c }))
		return false;
	*list = script_value(m->db, 0, 0);
	*list = *list ? arena_cstr(a, str_of(*list)) : NULL;
	return true;
}

/* Adds those whose counters the posts and comments of the batch take part in, as they are now. */
static bool count_touched(struct move *m, struct arena *a, const char *keys[KEYS_LISTS])
{
	const char *posts = keys[KEYS_POSTS], *parents, *authors;

	if (!join(m, a, keys[KEYS_COMMENTS], NULL, &posts)
	    || (posts && !move_do(m, &sql_move_touched, &posts)))
		return false;
	if (!posts)
		return true;
	parents = script_value(m->db, 0, 0);
	authors = script_value(m->db, 0, 1);
	parents = parents ? arena_cstr(a, str_of(parents)) : NULL;
	authors = authors ? arena_cstr(a, str_of(authors)) : NULL;
	return join(m, a, parents, NULL, &keys[KEYS_COUNTED])
		&& join(m, a, authors, NULL, &keys[KEYS_AUTHORS]);
}

/* Adds the comments under posts whose place in a thread is another one now. */
static bool find_answers(struct move *m, struct arena *a, const char *keys[KEYS_LISTS])
{
	const char *moved;

	if (!keys[KEYS_POSTS])
		return true;
	if (!move_do(m, &sql_move_same_threads, &keys[KEYS_POSTS]))
		return false;
	moved = script_value(m->db, 0, 0);
	return !moved || join(m, a, arena_cstr(a, str_of(moved)), NULL, &keys[KEYS_COMMENTS]);
}

bool transform_keys(struct move *m, struct arena *a, const char *keys[KEYS_LISTS])
{
	return widen(m, a, &sql_move_same_users, &keys[KEYS_USERS])
		&& widen(m, a, &sql_move_same_pins, &keys[KEYS_POSTS]) && count_touched(m, a, keys)
		&& run_keyed(m, steps, STEPS, keys) && find_answers(m, a, keys)
		&& run_keyed(m, answers, ANSWERS, keys)
		&& (!keys[KEYS_FACTORS] || move_factors(m, keys[KEYS_FACTORS]))
		&& count_touched(m, a, keys) && run_keyed(m, counters, COUNTERS, keys);
}
