/* What people do here after the flip reaches the project in the form its own servers have, and comes back from there.
 * What those servers would make of it is asked in SQL of the project's own. */
#include "app/supabase/live_test.h"

#define PERSON(n) "a0000000-0000-4000-8000-0000000000" #n

static struct t_server *server;

/* SQL on the project; what follows is about the server again. */
static const char *on_source(const char *project, const char *sql)
{
	const char *value = there(project, sql);

	t_server_use(server);
	return value;
}

static void expect_there(const char *project, const char *want, const char *sql)
{
	const char *got = on_source(project, sql);

	if (!got || strcmp(got, want) != 0)
		t_fail("%s\n  is %s, not %s", sql, got ? got : "null", want);
}

static void serve(void)
{
	server = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "ALTCHA_REQUIRED=off",
				"SUPABASE_COMPAT=on", "SUPABASE_ANON_KEY=anon-key-of-the-tests");
}

/* As the old app speaks. */
static const struct t_reply *ask(const char *method, const char *path, const char *token,
				 const char *body)
{
	return t_send(&(struct t_request){
		.method = method,
		.path = path,
		.headers =
			T_LIST("apikey: anon-key-of-the-tests",
			       "X-Supabase-Api-Version: 2024-01-01",
			       "Content-Type: application/json",
			       token ? t_fmt("Authorization: Bearer %s", token) : "Authorization:"),
		.body = body,
	});
}

static const struct t_reply *sign_in(int person)
{
	return EXPECT(
		200,
		ask("POST", "/auth/v1/token?grant_type=password", NULL,
		    t_fmt("{\"email\":\"person%d@example.org\",\"password\":\"old-password\"}",
			  person)));
}

static const struct t_reply *refresh(const char *token)
{
	return ask("POST", "/auth/v1/token?grant_type=refresh_token", NULL,
		   t_fmt("{\"refresh_token\":\"%s\"}", token));
}

/* A command beside the follower, whose word counts when it fails. */
static void beside(struct t_run r)
{
	if (r.status != 0)
		t_fail("%s%sfollow: %s", r.out, r.err, read_text(t_shared_path("move-log")));
}

/* Everything written here so far has reached the project. */
static void wait_until_there(void)
{
	for (int i = 0; t_sql_int("SELECT (SELECT count(*) FROM supabase_move.dirty)"
				  " + (SELECT count(*) FROM supabase_move.outgoing)")
	     > 0;
	     i++) {
		if (i == 1200)
			t_fail("follow: %s", read_text(t_shared_path("move-log")));
		usleep(50000);
	}
}

static const char *live(pid_t *ret_follower)
{
	const char *project = live_project();

	t_database_of_my_own();
	must(MOVE("import", "--source", live_url(project)));
	serve();
	*ret_follower = MOVE_START("follow");
	beside(MOVE("cutover"));
	return project;
}

/* The project is what it was, and this side goes. */
static void leave(const char *project, pid_t follower)
{
	int status;

	beside(MOVE("rollback"));
	kill(follower, SIGTERM);
	waitpid(follower, &status, 0);
	t_server_stop(server);
	server = NULL;
	must(MOVE("import", "--abort", "--source", live_url(project)));
}

/* ---- as the old auth server reads a refresh token of its second format ---- */

#define FROM_BASE64URL(x) \
	"decode(rpad(translate(" x ", '-_', '+/'), (length(" x ") + 3) / 4 * 4, '='), 'base64')"

/* Whether session, counter and signature are right by what the project has; counts below 128. */
static void expect_current_there(const char *project, const char *token)
{
	expect_there(
		project, "true",
		t_fmt("WITH t AS (SELECT " FROM_BASE64URL(
			      "'%s'") " AS r), p AS (SELECT r, length(r) AS n,"
				      " encode(substr(r, 2, 16), 'hex')::uuid AS session, get_byte(r, 17) AS counter FROM t)"
				      " SELECT (s.refresh_token_counter = p.counter AND length(s.refresh_token_hmac_key) = 43"
				      " AND substr(p.r, n - 19, 16) = substr(extensions.hmac(substr(p.r, 1, n - 20), " FROM_BASE64URL(
					      "s.refresh_token_hmac_key") ", 'sha256'), 1, 16))::text"
									  " FROM p JOIN auth.sessions s ON s.id = p.session"
									  " JOIN auth.users u ON u.id = s.user_id AND u.instance_id = '00000000-0000-0000-0000-000000000000'",
		      token, token));
}

/* The next one, as that server would give it. */
static const char *refreshed_there(const char *project, const char *token)
{
	return on_source(
		project,
		t_fmt("WITH s AS (UPDATE auth.sessions SET refresh_token_counter = refresh_token_counter + 1"
		      " WHERE id = encode(substr(" FROM_BASE64URL(
			      "'%s'") ", 2, 16), 'hex')::uuid RETURNING *),"
				      " c AS (SELECT '\\x00'::bytea || uuid_send(id) || set_byte('\\x00'::bytea, 0, refresh_token_counter::integer) AS content, " FROM_BASE64URL(
					      "refresh_token_hmac_key") " AS key FROM s),"
									" m AS (SELECT content || substr(extensions.hmac(content, key, 'sha256'), 1, 16) AS signed FROM c)"
									" SELECT translate(encode(signed || substr(sha256(signed), 1, 4), 'base64'), E'+/=\\n', '-_') FROM m",
		      token, token));
}

/* ---- one of everything ---- */

static void write_what_people_do(const struct t_reply *session)
{
	const char *token = t_json(session, "access_token");

	EXPECT(200, ask("PUT", "/auth/v1/user", token, "{\"data\":{\"colour\":\"green\"}}"));
	t_sql("UPDATE user_settings SET theme = 'sepia', default_post_ttl = 24, who_can_message = 'everyone', show_in_search = false"
	      " WHERE user_id = '" PERSON(01) "'");
	t_sql("UPDATE profiles SET is_private = true, posts_visibility = 'followers' WHERE id = '" PERSON(
		01) "'");
	t_sql("INSERT INTO notification_preferences (user_id, push_likes, quiet_hours_start, quiet_hours_end)"
	      " VALUES ('" PERSON(20) "', false, '23:15', '06:00')");
	t_sql("INSERT INTO follows (follower_id, following_id) VALUES ('" PERSON(01) "', '" PERSON(
		30) "') ON CONFLICT DO NOTHING");
	t_sql("INSERT INTO circle_members (user_id, member_id) VALUES ('" PERSON(01) "', '" PERSON(
		30) "')");
	t_sql("INSERT INTO post_reactions (post_id, user_id, emoji)"
	      " VALUES ('b0000000-0000-4000-8000-000000000008', '" PERSON(01) "', '🦊')");
	t_sql("UPDATE post_reactions SET emoji = '🐻' WHERE post_id = 'b0000000-0000-4000-8000-000000000007'");
	t_sql("INSERT INTO post_hides (user_id, post_id, author_id)"
	      " SELECT '" PERSON(
		      01) "', id, author_id FROM posts WHERE id = 'b0000000-0000-4000-8000-000000000010'");
}

static void write_secrets(void)
{
	t_sql("UPDATE e2ee_identities SET identity_key = decode(repeat('ab', 64), 'hex') WHERE user_id = '" PERSON(
		32) "'");
	t_sql("INSERT INTO signed_prekeys (user_id, key_id, public_key, signature)"
	      " VALUES ('" PERSON(
		      32) "', 9, decode(repeat('cd', 32), 'hex'), decode(repeat('ef', 64), 'hex'))");
	t_sql("UPDATE one_time_prekeys SET used_at = now() WHERE user_id = '" PERSON(
		32) "' AND key_id = 3");
	t_sql("INSERT INTO encrypted_conversations (id, participant_a, participant_b)"
	      " VALUES ('70000000-0000-4000-8000-0000000000aa', '" PERSON(01) "', '" PERSON(
		      02) "')");
	t_sql("INSERT INTO secure_messages (id, conversation_id, sender_id, receiver_id, ciphertext, iv)"
	      " VALUES ('80000000-0000-4000-8000-0000000000aa', '70000000-0000-4000-8000-0000000000aa', '" PERSON(
		      01) "', '" PERSON(02) "', 'what nobody can read', 'iv')");
	t_sql("INSERT INTO message_reactions (message_id, user_id, emoji)"
	      " VALUES ('80000000-0000-4000-8000-0000000000aa', '" PERSON(02) "', '👋')");
	t_sql("UPDATE secure_messages SET read_at = now() WHERE id = '80000000-0000-4000-8000-000000000001'");
	t_sql("UPDATE account_factors SET friendly_name = 'old phone' WHERE id = '90000000-0000-4000-8000-000000000001'");
}

static void expect_what_people_did(const char *project)
{
	expect_there(project, "green",
		     "SELECT raw_user_meta_data ->> 'colour' FROM auth.users WHERE id = '" PERSON(
			     01) "'");
	expect_there(
		project, "sepia 24",
		"SELECT theme || ' ' || default_post_ttl FROM public.user_settings WHERE user_id = '" PERSON(
			01) "'");
	expect_there(project, "t followers everyone",
		     "SELECT concat_ws(' ', is_private_profile, posts_visibility, who_can_message)"
		     " FROM public.profile_privacy_settings WHERE user_id = '" PERSON(01) "'");
	expect_there(
		project, "f 23:15:00",
		"SELECT concat_ws(' ', push_likes, quiet_hours_start) FROM public.notification_preferences"
		" WHERE user_id = '" PERSON(20) "'");
	expect_there(
		project, "1 1 1",
		"SELECT concat_ws(' ', (SELECT count(*) FROM public.circle_members WHERE user_id = '" PERSON(
			01) "' AND member_id = '" PERSON(30) "'),"
							     " (SELECT count(*) FROM public.post_reactions WHERE emoji = '🦊'),"
							     " (SELECT count(*) FROM public.post_hides WHERE user_id = '" PERSON(
								     01) "'))");
	expect_there(project, "🐻",
		     "SELECT string_agg(emoji, '') FROM public.post_reactions"
		     " WHERE post_id = 'b0000000-0000-4000-8000-000000000007'");
}

static void expect_secrets(const char *project)
{
	expect_there(
		project, "true",
		"SELECT (identity_key = encode(decode(repeat('ab', 32), 'hex'), 'base64') || ':'"
		" || encode(decode(repeat('ab', 32), 'hex'), 'base64'))::text FROM public.profiles WHERE id = '" PERSON(
			32) "'");
	expect_there(
		project, "2 19",
		"SELECT concat_ws(' ', (SELECT count(*) FROM public.signed_prekeys WHERE user_id = '" PERSON(
			32) "'),"
			    " (SELECT count(*) FROM public.one_time_prekeys WHERE user_id = '" PERSON(
				    32) "'))");
	expect_there(
		project, "what nobody can read 👋",
		"SELECT m.ciphertext || ' ' || r.emoji FROM public.secure_messages m JOIN public.message_reactions r"
		" ON r.message_id = m.id JOIN public.encrypted_conversations c ON c.id = m.conversation_id"
		" WHERE m.id = '80000000-0000-4000-8000-0000000000aa'");
	expect_there(project, "true",
		     "SELECT (read_at IS NOT NULL)::text FROM public.secure_messages"
		     " WHERE id = '80000000-0000-4000-8000-000000000001'");
	expect_there(project, "old phone JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
		     "SELECT friendly_name || ' ' || secret FROM auth.mfa_factors"
		     " WHERE id = '90000000-0000-4000-8000-000000000001'");
}

/* What only people change. */
static const char *const choices[] = {
	"SELECT user_id, theme, default_post_ttl, who_can_message, show_in_search FROM user_settings",
	"SELECT user_id, push_likes, quiet_hours_start FROM notification_preferences",
	"SELECT user_id, member_id FROM circle_members",
	"SELECT post_id, user_id, emoji FROM post_reactions",
	"SELECT user_id, post_id FROM post_hides",
	"SELECT user_id, identity_key FROM e2ee_identities",
	"SELECT user_id, key_id, public_key, signature FROM signed_prekeys",
	"SELECT user_id, key_id, public_key FROM one_time_prekeys WHERE used_at IS NULL",
	"SELECT id, ciphertext, read_at FROM secure_messages",
	"SELECT message_id, user_id, emoji FROM message_reactions",
	"SELECT id, friendly_name, status FROM account_factors",
	"SELECT user_id, user_metadata FROM account_details",
	"SELECT id, is_private, posts_visibility FROM profiles",
};
enum { CHOICES = sizeof(choices) / sizeof(*choices) };

static const char *chosen(int i)
{
	return t_sql(
		"SELECT md5(COALESCE(string_agg(x::text, '|' ORDER BY x::text), '')) FROM (%s) x",
		choices[i]);
}

TEST(one_of_everything_goes_back_and_comes_again)
{
	const char *project, *token, *before[CHOICES];
	const struct t_reply *session;
	pid_t follower;

	project = live(&follower);
	session = sign_in(1);
	token = t_json(session, "refresh_token");
	write_what_people_do(session);
	write_secrets();
	wait_until_there();
	expect_what_people_did(project);
	expect_secrets(project);
	expect_current_there(project, token);
	for (int i = 0; i < CHOICES; i++)
		before[i] = chosen(i);

	beside(MOVE("rollback"));
	expect_current_there(project, token);
	token = refreshed_there(project, token);
	beside(MOVE("cutover"));
	for (int i = 0; i < CHOICES; i++)
		if (strcmp(before[i], chosen(i)) != 0)
			t_fail("another one came back: %s", choices[i]);
	EXPECT(200, refresh(token));
	leave(project, follower);
}

/* Who signs up here is known there: password, identity, session, profile. */
TEST(an_account_made_here_signs_in_there)
{
	const char *project, *id, *token;
	const struct t_reply *r;
	pid_t follower;

	project = live(&follower);
	r = EXPECT(
		200,
		ask("POST", "/auth/v1/signup", NULL,
		    "{\"email\":\"New@Example.org\",\"password\":\"a-new-password\",\"data\":{\"handle\":\"newcomer\"}}"));
	id = t_json(r, "id");
	t_sql("UPDATE users SET status = 'active', email_verified_at = now() WHERE email = 'new@example.org'");
	r = EXPECT(200,
		   ask("POST", "/auth/v1/token?grant_type=password", NULL,
		       "{\"email\":\"new@example.org\",\"password\":\"a-new-password\"}"));
	token = t_json(r, "refresh_token");
	r = EXPECT(200,
		   ask("POST", "/auth/v1/factors", t_json(r, "access_token"),
		       "{\"factor_type\":\"totp\",\"friendly_name\":\"mine\"}"));
	wait_until_there();
	expect_current_there(project, token);
	expect_there(
		project, t_fmt("%s mine unverified", t_json(r, "totp.secret")),
		t_fmt("SELECT concat_ws(' ', f.secret, f.friendly_name, f.status) FROM auth.mfa_factors f WHERE user_id = '%s'",
		      id));
	expect_there(
		project, "true",
		t_fmt("SELECT (u.encrypted_password ~ '^[$]2[ab][$]1[0-9]' AND substr(u.encrypted_password, 5)"
		      " = substr(extensions.crypt('a-new-password', '$2a$' || substr(u.encrypted_password, 5)), 5)"
		      " AND u.aud = 'authenticated' AND u.role = 'authenticated' AND u.email_confirmed_at IS NOT NULL"
		      " AND u.confirmation_token = '' AND u.recovery_token = '' AND NOT u.is_sso_user AND u.deleted_at IS NULL"
		      " AND u.raw_user_meta_data ->> 'handle' = 'newcomer')::text"
		      " FROM auth.users u WHERE lower(u.email) = 'new@example.org' AND u.instance_id = '00000000-0000-0000-0000-000000000000'"));
	expect_there(
		project, "email new@example.org newcomer",
		t_fmt("SELECT concat_ws(' ', i.provider, i.email, p.handle) FROM auth.identities i JOIN public.profiles p ON p.id = i.user_id"
		      " WHERE i.user_id = '%s' AND i.provider_id = '%s'",
		      id, id));
	t_sql("DELETE FROM users WHERE id = '%s'", id);
	wait_until_there();
	expect_there(
		project, "0 0 0",
		t_fmt("SELECT concat_ws(' ', (SELECT count(*) FROM auth.users WHERE id = '%s'),"
		      " (SELECT count(*) FROM auth.sessions WHERE user_id = '%s'), (SELECT count(*) FROM auth.identities WHERE user_id = '%s'))",
		      id, id, id));
	leave(project, follower);
}
