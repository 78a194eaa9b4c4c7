/* The hourly job. */
#include "test/harness/harness.h"

static void add_rows(const struct t_user *u, const char *kind, const char *expires)
{
	t_sql("INSERT INTO altcha_used VALUES (sha256('%s%s'), now() + %s)", kind, u->id, expires);
	t_sql("INSERT INTO mfa_challenges (token_hash, user_id, expires_at) VALUES (sha256('%s%s'), '%s', now() + %s)",
	      kind, u->id, u->id, expires);
	t_sql("INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at)"
	      " VALUES (sha256('%s%s'), '%s', 'email_verify', now() + %s)",
	      kind, u->id, u->id, expires);
	t_sql("WITH s AS (INSERT INTO sessions (id, user_id, user_agent) VALUES (gen_random_uuid(), '%s', '%s') RETURNING id)"
	      " INSERT INTO refresh_tokens (token_hash, family_id, expires_at)"
	      " SELECT sha256((n || '%s%s')::bytea), id, now() + %s FROM s, generate_series(1, 3) n",
	      u->id, kind, kind, u->id, expires);
}

static long long left(const struct t_user *u, const char *kind)
{
	return t_sql_int(
		"SELECT (SELECT count(*) FROM altcha_used WHERE challenge = sha256('%s%s'))"
		" + (SELECT count(*) FROM mfa_challenges WHERE token_hash = sha256('%s%s'))"
		" + (SELECT count(*) FROM one_time_tokens WHERE token_hash = sha256('%s%s'))"
		" + (SELECT count(*) FROM sessions WHERE user_id = '%s' AND user_agent = '%s')"
		" + (SELECT count(*) FROM refresh_tokens t JOIN sessions s ON s.id = t.family_id"
		"     WHERE s.user_id = '%s' AND s.user_agent = '%s')",
		kind, u->id, kind, u->id, kind, u->id, u->id, kind, u->id, kind);
}

TEST(what_is_over_goes_and_the_rest_stays)
{
	struct t_user ann = t_user("ann");

	add_rows(&ann, "old", "interval '-8 days'");
	add_rows(&ann, "new", "interval '1 hour'");
	/* a session whose first token is over lives on by its last */
	t_sql("UPDATE refresh_tokens SET expires_at = now() - interval '1 day' WHERE token_hash = sha256('1new%s')",
	      ann.id);
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'auth_clean'");
	EXPECT_SOON(left(&ann, "old") == 0);
	EXPECT_EQ(6, left(&ann, "new"));
}
