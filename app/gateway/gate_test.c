/* The gate: its steps, its guards, and servers that obey it while others switch, wait, die or lose the database. */
#include "lib/db/call.h"
#include "test/harness/harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SETTLE_MS = 300 };

/* Runs SQL; "ok", or the SQLSTATE it fails with. A server at work may meet it crosswise: whoever is sent
 * away asks again. */
static const char *attempt(const char *sql)
{
	t_sql("CREATE OR REPLACE FUNCTION pg_temp.attempt(t text) RETURNS text LANGUAGE plpgsql AS"
	      " 'BEGIN EXECUTE t; RETURN ''ok''; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END'");
	for (int i = 0;; i++) {
		const char *state = t_sql("SELECT pg_temp.attempt(%s)", t_lit(sql));

		if (strcmp(state, "40P01") != 0 || i == 20)
			return state;
	}
}

#define STEP(name)    EXPECT_CSTR("ok", attempt("SELECT supabase_move." name))
#define REFUSED(name) EXPECT_CSTR("55000", attempt("SELECT supabase_move." name))
#define CLOSED	      "25006"

static void expect_gate(const char *state, const char *writer)
{
	EXPECT_CSTR(t_fmt("%s %s", state, writer),
		    t_sql("SELECT state || ' ' || writer FROM supabase_move.gate"));
}

/* A connection whose transactions the test ends when it likes. */
static PGconn *connect_here(void)
{
	PGconn *c = PQconnectdb(t_database_url());

	EXPECT_EQ(CONNECTION_OK, PQstatus(c));
	return c;
}

/* "" or the SQLSTATE. */
static const char *run(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	state = t_fmt("%s", state ? state : "");
	PQclear(r);
	return state;
}

/* ---- the steps ---- */

TEST(a_database_without_a_move_has_its_gate_open)
{
	t_database_of_my_own();
	expect_gate("here", "here");
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM pg_trigger WHERE tgname = 'supabase_gate'"));
	REFUSED("gate_hold()");
	REFUSED("gate_seal()");
}

TEST(the_writer_changes_only_at_a_sealed_gate)
{
	t_database_of_my_own();
	STEP("gate_begin()");
	expect_gate("upstream", "upstream");
	REFUSED("gate_open('here')");
	REFUSED("gate_seal()");
	STEP("gate_hold()");
	expect_gate("held", "upstream");
	REFUSED("gate_open('here')");
	STEP("gate_seal()");
	expect_gate("held", "nobody");
	REFUSED("gate_open('nobody')");
	REFUSED("gate_open('held')");
	STEP("gate_open('here')");
	expect_gate("here", "here");
	REFUSED("gate_open('upstream')");
}

TEST(a_hold_can_be_given_up_before_and_after_the_seal)
{
	t_database_of_my_own();
	STEP("gate_begin()");
	STEP("gate_hold()");
	STEP("gate_open('upstream')");
	STEP("gate_hold()");
	STEP("gate_seal()");
	STEP("gate_open('upstream')");
	expect_gate("upstream", "upstream");
}

TEST(a_step_that_is_done_is_not_done_again)
{
	t_database_of_my_own();
	STEP("gate_begin()");
	STEP("gate_begin()");
	STEP("gate_hold()");
	STEP("gate_hold()");
	STEP("gate_seal()");
	STEP("gate_seal()");
	STEP("gate_open('here')");
	STEP("gate_open('here')");
	EXPECT_EQ(4, t_sql_int("SELECT epoch FROM supabase_move.gate"));
}

TEST(there_is_a_way_back_and_an_end)
{
	t_database_of_my_own();
	STEP("gate_begin()");
	REFUSED("gate_end()");
	for (int i = 0; i < 2; i++) {
		STEP("gate_hold()");
		STEP("gate_seal()");
		STEP("gate_open('here')");
		STEP("gate_hold()");
		expect_gate("held", "here");
		REFUSED("gate_open('upstream')");
		STEP("gate_seal()");
		STEP("gate_open('upstream')");
	}
	STEP("gate_hold()");
	STEP("gate_seal()");
	STEP("gate_open('here')");
	STEP("gate_end()");
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM pg_trigger WHERE tgname = 'supabase_gate'"));
	EXPECT_CSTR("f", t_sql("SELECT in_use FROM supabase_move.gate"));
}

/* ---- the guards ---- */

#define WRITE "INSERT INTO sojorn.safe_domains (domain) VALUES (gen_random_uuid()::text)"

TEST(the_guards_let_only_the_writer_write)
{
	t_database_of_my_own();
	EXPECT_CSTR("ok", attempt(WRITE));
	STEP("gate_begin()");
	EXPECT_CSTR(CLOSED, attempt(WRITE));
	EXPECT_CSTR(CLOSED, attempt("UPDATE users SET email = NULL WHERE false"));
	EXPECT_CSTR(CLOSED, attempt("DELETE FROM posts WHERE false"));
	EXPECT_CSTR(CLOSED, attempt("TRUNCATE outbox"));
	STEP("gate_hold()");
	EXPECT_CSTR(CLOSED, attempt(WRITE));
	STEP("gate_seal()");
	EXPECT_CSTR(CLOSED, attempt(WRITE));
	STEP("gate_open('here')");
	EXPECT_CSTR("ok", attempt(WRITE));
	STEP("gate_hold()");
	EXPECT_CSTR("ok", attempt(WRITE)); /* what is under way may end */
	STEP("gate_seal()");
	EXPECT_CSTR(CLOSED, attempt(WRITE));
}

TEST(the_guards_let_the_mover_write)
{
	PGconn *c;

	t_database_of_my_own();
	STEP("gate_begin()");
	c = connect_here();
	EXPECT_CSTR(CLOSED, run(c, WRITE));
	EXPECT_CSTR("", run(c, "SET supabase_move.mover = 'on'"));
	EXPECT_CSTR("", run(c, WRITE));
	EXPECT_CSTR("",
		    run(c, "RESET supabase_move.mover; SET session_replication_role = replica"));
	EXPECT_CSTR("", run(c, WRITE));
	PQfinish(c);
}

TEST(tables_made_meanwhile_are_guarded_at_the_next_hold)
{
	t_database_of_my_own();
	STEP("gate_begin()");
	t_sql("CREATE TABLE sojorn.later (n int)");
	STEP("gate_hold()");
	EXPECT_CSTR(CLOSED, attempt("INSERT INTO sojorn.later VALUES (1)"));
}

TEST(the_seal_waits_for_what_is_being_written)
{
	PGconn *writer, *mover;

	t_database_of_my_own();
	STEP("gate_begin()");
	STEP("gate_hold()");
	STEP("gate_seal()");
	STEP("gate_open('here')");
	writer = connect_here();
	mover = connect_here();
	EXPECT_CSTR("", run(writer, "BEGIN"));
	EXPECT_CSTR("", run(writer, WRITE));
	EXPECT_CSTR("", run(mover, "SET lock_timeout = '200ms'; SELECT supabase_move.gate_hold()"));
	EXPECT_CSTR("55P03", run(mover, "SELECT supabase_move.gate_seal()"));
	EXPECT_CSTR("", run(writer, WRITE));
	EXPECT_CSTR("", run(writer, "COMMIT"));
	EXPECT_CSTR("", run(writer, "BEGIN"));
	EXPECT_CSTR("", run(mover, "SELECT supabase_move.gate_seal()"));
	EXPECT_CSTR(CLOSED, run(writer, WRITE));
	EXPECT_CSTR("", run(writer, "ROLLBACK"));
	PQfinish(writer);
	PQfinish(mover);
}

TEST(an_old_snapshot_does_not_get_past_the_guards)
{
	PGconn *writer;

	t_database_of_my_own();
	STEP("gate_begin()");
	STEP("gate_hold()");
	STEP("gate_seal()");
	STEP("gate_open('here')");
	writer = connect_here();
	EXPECT_CSTR("", run(writer, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
	EXPECT_CSTR("", run(writer, "SELECT count(*) FROM sojorn.safe_domains"));
	STEP("gate_hold()");
	STEP("gate_seal()");
	EXPECT_CSTR("40001", run(writer, WRITE));
	PQfinish(writer);
}

/* ---- servers ---- */

static int servers_at(const char *state)
{
	return (int)
		t_sql_int("SELECT count(*) FROM supabase_move.gate_servers s, supabase_move.gate g"
			  " WHERE s.epoch = g.epoch AND s.in_flight = 0 AND g.state = '%s'",
			  state);
}

static struct t_server *start_in_upstream(struct t_user *ann, const char *setting)
{
	struct t_server *s = t_server_start("RATE_LIMITS=off", setting);

	*ann = t_user("ann");
	STEP("gate_begin()");
	EXPECT_SOON(servers_at("upstream") == 1);
	return s;
}

static const struct t_reply *write_post(const struct t_user *u)
{
	return t_post_json(u, "/api/v1/posts", "{'body': 'hello'}");
}

static long long posts(void)
{
	return t_sql_int("SELECT count(*) FROM posts");
}

TEST(a_server_without_a_move_is_on_no_list)
{
	struct t_user ann = t_user("ann");

	EXPECT(201, write_post(&ann));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM supabase_move.gate_servers"));
}

TEST(before_the_switch_a_server_reads_but_does_not_write)
{
	static const char *const reads[] = {
		"/feed",       "/feed/personal", "/notifications", "/profile", "/users/me/settings",
		"/categories", "/search?q=ann",	 "/discover"
	};
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");
	const struct t_reply *r = EXPECT(503, write_post(&ann));

	EXPECT_CODE("not_here_yet", r);
	EXPECT_HEADER("60", r, "Retry-After");
	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
		EXPECT_TRUE(t_get(&ann, "/api/v1%s", reads[i])->status != 503);
	EXPECT_EQ(0, posts());
	t_server_stop(s);
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM supabase_move.gate_servers"));
}

/* A GET that changes something would else be refused by a table's guard, in the middle of its work. */
TEST(reads_that_change_something_pass_the_gate_as_writes)
{
	struct t_user ann, bob = { 0 };
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");
	const char *paths[3],
		*at = "/api/v1/conversations/c0000000-0000-4000-8000-000000000001/messages";

	t_sql("SET supabase_move.mover = 'on'");
	bob = t_user("bob");
	t_mutual(&ann, &bob);
	t_sql("INSERT INTO encrypted_conversations (id, participant_a, participant_b) VALUES"
	      " ('c0000000-0000-4000-8000-000000000001', LEAST('%s'::uuid, '%s'), GREATEST('%s'::uuid, '%s'))",
	      ann.id, bob.id, ann.id, bob.id);
	t_sql("INSERT INTO secure_messages (conversation_id, sender_id, receiver_id, ciphertext) VALUES"
	      " ('c0000000-0000-4000-8000-000000000001', '%s', '%s', 'x')",
	      bob.id, ann.id);
	t_sql("RESET supabase_move.mover");
	paths[0] = t_fmt("/api/v1/conversation?other_user_id=%s", bob.id);
	paths[1] = t_fmt("/api/v1/keys/%s", bob.id);
	paths[2] = "/api/v1/auth/verify?token=none";
	for (size_t i = 0; i < 3; i++)
		EXPECT_CODE("not_here_yet",
			    EXPECT(503, t_get(i < 2 ? &ann : NULL, "%s", paths[i])));
	EXPECT_COUNT(1, EXPECT(200, t_get(&ann, "%s", at)), "messages");
	EXPECT_NONE(t_get(&ann, "%s", at), "messages[0].delivered_at");
	t_server_stop(s);
}

/* Thread 0 writes, thread 1 does what `steps` lists. */
struct scene {
	const struct t_user *user;
	const char *const *steps;
	const struct t_reply *reply;
	int waiting;
	const char *sealed;
};

static void act(int i, void *arg)
{
	struct scene *s = arg;

	if (i == 0) {
		s->reply = write_post(s->user);
		return;
	}
	for (int tries = 0; tries < 100 && s->waiting == 0; tries++) {
		s->waiting = (int)t_sql_int(
			"SELECT COALESCE(sum(waiting), 0) FROM supabase_move.gate_servers");
		usleep(20000);
	}
	for (const char *const *step = s->steps; *step; step++)
		t_sql("SELECT supabase_move.%s", *step);
}

TEST(a_held_write_waits_and_is_done_here_after_the_switch)
{
	static const char *const steps[] = { "gate_seal()", "gate_open('here')", NULL };
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");
	struct scene scene = { &ann, steps, NULL, 0, NULL };

	STEP("gate_hold()");
	EXPECT_SOON(servers_at("held") == 1);
	t_parallel(2, act, &scene);
	EXPECT_EQ(1, scene.waiting);
	EXPECT(201, scene.reply);
	EXPECT_EQ(1, posts());
	EXPECT(201, write_post(&ann));
	t_server_stop(s);
}

TEST(a_held_write_is_refused_when_the_project_stays_the_writer)
{
	static const char *const steps[] = { "gate_open('upstream')", NULL };
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");
	struct scene scene = { &ann, steps, NULL, 0, NULL };

	STEP("gate_hold()");
	EXPECT_SOON(servers_at("held") == 1);
	t_parallel(2, act, &scene);
	EXPECT_CODE("not_here_yet", EXPECT(503, scene.reply));
	t_server_stop(s);
}

TEST(nobody_is_held_for_longer_than_the_limit)
{
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "SUPABASE_HOLD=300ms");
	const struct t_reply *r;

	STEP("gate_hold()");
	EXPECT_SOON(servers_at("held") == 1);
	r = EXPECT(503, write_post(&ann));
	EXPECT_CODE("held", r);
	EXPECT_HEADER("1", r, "Retry-After");
	EXPECT(200, t_get(&ann, "/api/v1/feed"));
	t_server_stop(s);
}

static void write_slowly(int i, void *arg)
{
	struct scene *s = arg;
	PGconn *lock;

	if (i == 0) {
		usleep(100000);
		s->reply = write_post(s->user);
		return;
	}
	lock = connect_here();
	run(lock, "BEGIN; LOCK TABLE posts IN SHARE MODE");
	usleep(SETTLE_MS * 1000);
	t_sql("SELECT supabase_move.gate_hold()");
	for (int tries = 0; tries < 100 && !s->waiting; tries++) {
		s->waiting = (int)t_sql_int("SELECT count(*) FROM supabase_move.gate_waits_for()"
					    " WHERE epoch = (SELECT epoch FROM supabase_move.gate)"
					    " AND in_flight = 1");
		usleep(20000);
	}
	s->sealed = attempt("SELECT supabase_move.gate_seal()");
	run(lock, "COMMIT");
	PQfinish(lock);
}

TEST(the_way_back_waits_for_writes_under_way)
{
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");
	struct scene scene = { &ann, NULL, NULL, 0, NULL };

	STEP("gate_hold()");
	EXPECT_SOON(servers_at("held") == 1);
	STEP("gate_seal()");
	STEP("gate_open('here')");
	EXPECT_SOON(servers_at("here") == 1);
	t_parallel(2, write_slowly, &scene);
	EXPECT_EQ(1, scene.waiting);
	EXPECT_CSTR("55000", scene.sealed);
	EXPECT(201, scene.reply);
	EXPECT_SOON(servers_at("held") == 1);
	STEP("gate_seal()");
	EXPECT_EQ(1, posts());
	t_server_stop(s);
}

TEST(a_server_that_died_is_waited_for_until_it_must_have_noticed)
{
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");

	t_server_kill(s);
	STEP("gate_hold()");
	REFUSED("gate_seal()");
	t_sql("UPDATE supabase_move.gate_servers SET seen_at = seen_at - supabase_move.gate_silence()");
	STEP("gate_seal()");
}

TEST(a_server_comes_back_to_the_gate_as_it_is)
{
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");

	STEP("gate_hold()");
	EXPECT_SOON(servers_at("held") == 1);
	STEP("gate_seal()");
	STEP("gate_open('here')");
	EXPECT_SOON(servers_at("here") == 1);
	t_database_down(s);
	EXPECT(503, write_post(&ann));
	t_database_up(s);
	EXPECT_SOON(write_post(&ann)->status == 201);
	t_server_kill(s);
	t_server_restart(s);
	EXPECT_SOON(write_post(&ann)->status == 201);
	t_server_stop(s);
}

TEST(jobs_rest_while_somebody_else_writes)
{
	struct t_user ann;
	struct t_server *s = start_in_upstream(&ann, "LOOPS=2");

	t_sql("SET supabase_move.mover = 'on';"
	      " INSERT INTO outbox (kind, payload) VALUES ('nobody_knows', '{}');"
	      " RESET supabase_move.mover");
	usleep(2500000); /* they look once a second */
	EXPECT_EQ(0, t_sql_int("SELECT attempts FROM outbox WHERE kind = 'nobody_knows'"));
	STEP("gate_hold()");
	EXPECT_SOON(servers_at("held") == 1);
	STEP("gate_seal()");
	STEP("gate_open('here')");
	EXPECT_SOON(t_sql_int("SELECT attempts FROM outbox WHERE kind = 'nobody_knows'") > 0);
	t_server_stop(s);
}
