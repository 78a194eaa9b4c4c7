/*
 * The matrix's class of timing: what is hidden is no more work than what is not there, or the time of an answer
 * tells which it was. Work is counted, never timed: which statements ran, and how many pages of tables and
 * indexes they touched. The hidden things are large, so work that grows with them shows.
 */
#include "app/matrix_test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	MUCH = 400,  /* of everything that can be hidden */
	CLOSE = 100, /* pages: less than any list of that costs */
	TRIES = 20,  /* others work meanwhile; what is there every time is the request's */
	NAMES = 512,
};

/* ---- much to hide ---- */

static void many_posts(const struct cast *c)
{
	t_sql("INSERT INTO posts (author_id, body) SELECT '%s', 'post ' || n FROM generate_series(1, %d) n",
	      c->owner.id, MUCH);
	t_sql("INSERT INTO posts (author_id, body, chain_parent_id, root_id, depth)"
	      " SELECT '%s', 'answer ' || n, '%s', '%s', 1 FROM generate_series(1, %d) n",
	      c->owner.id, c->post, c->post, MUCH);
	t_sql("INSERT INTO post_metrics (post_id) SELECT id FROM posts ON CONFLICT DO NOTHING");
}

static void many_people(const struct cast *c)
{
	t_sql("WITH u AS (INSERT INTO users (email, status) SELECT gen_random_uuid() || '@example.com', 'active'"
	      "             FROM generate_series(1, %d) RETURNING id),"
	      " p AS (INSERT INTO profiles (id, handle, display_name)"
	      "       SELECT id, left(replace(id::text, '-', ''), 30), 'one of many' FROM u RETURNING id)"
	      " INSERT INTO follows (follower_id, following_id) SELECT id, '%s' FROM p",
	      MUCH, c->owner.id);
	t_sql("UPDATE profiles SET is_live = true WHERE display_name = 'one of many'");
	t_sql("INSERT INTO follows (follower_id, following_id)"
	      " SELECT '%s', follower_id FROM follows WHERE following_id = '%s' ON CONFLICT DO NOTHING",
	      c->owner.id, c->owner.id);
	t_sql("INSERT INTO post_likes (post_id, user_id) SELECT '%s', follower_id FROM follows"
	      " WHERE following_id = '%s' ON CONFLICT DO NOTHING",
	      c->post, c->owner.id);
	t_sql("INSERT INTO post_reactions (post_id, user_id, emoji) SELECT '%s', follower_id, '👍' FROM follows"
	      " WHERE following_id = '%s' ON CONFLICT DO NOTHING",
	      c->post, c->owner.id);
}

static void many_messages(const struct cast *c)
{
	t_sql("INSERT INTO secure_messages (conversation_id, sender_id, receiver_id, ciphertext)"
	      " SELECT m.conversation_id, m.sender_id, m.receiver_id, 'x' FROM secure_messages m,"
	      " generate_series(1, %d) WHERE m.id = '%s'",
	      MUCH, c->message);
	t_sql("INSERT INTO message_reactions (message_id, user_id, emoji)"
	      " SELECT id, sender_id, 'x' FROM secure_messages WHERE conversation_id = '%s'",
	      c->conversation);
}

/* ---- counting ---- */

struct counts {
	struct {
		const char *name;
		size_t length;
		long long n;
	} v[NAMES];
	size_t n;
};

static struct counts own; /* what the server does by itself, once a second or so */

/* How often each statement has run, as the metrics say. */
static void count(struct counts *out)
{
	static const char mark[] = "\nsojorn_db_statement_duration_seconds_count{statement=\"";
	const char *at = t_admin_get("/metrics")->body;

	out->n = 0;
	while ((at = strstr(at, mark)) != NULL && out->n < NAMES) {
		at += sizeof(mark) - 1;
		out->v[out->n].name = at;
		out->v[out->n].length = strcspn(at, "\"");
		out->v[out->n++].n = atoll(at + strcspn(at, " "));
	}
	EXPECT_TRUE(out->n > 0 && out->n < NAMES);
}

static long long count_of(const struct counts *c, const char *name, size_t length)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].length == length && memcmp(c->v[i].name, name, length) == 0)
			return c->v[i].n;
	return 0;
}

/* "a 1, b 2": what ran between the two. */
static const char *difference(const struct counts *was, const struct counts *is)
{
	const char *out = "";

	for (size_t i = 0; i < is->n; i++) {
		const char *name = is->v[i].name;
		size_t length = is->v[i].length;
		long long times = is->v[i].n - count_of(was, name, length);

		if (times && count_of(&own, name, length) == 0)
			out = t_fmt("%s%.*s %lld, ", out, (int)length, name, times);
	}
	return out;
}

/* Periodic jobs rest from now on, other jobs have none to do; what still runs is noted. */
static void calm_down(void)
{
	static struct counts was, is;

	own.n = 0;
	t_sql("UPDATE periodic_jobs SET next_run_at = 'infinity'");
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM outbox") == 0);
	count(&was);
	nanosleep(&(struct timespec){ .tv_sec = 3 }, NULL);
	count(&is);
	for (size_t i = 0; i < is.n; i++)
		if (is.v[i].n != count_of(&was, is.v[i].name, is.v[i].length))
			own.v[own.n++] = is.v[i];
}

static long long pages(void)
{
	return t_sql_int(
		"SELECT sum(shared_blks_hit + shared_blks_read)::bigint FROM pg_stat_statements(false)"
		" WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())");
}

struct work {
	const char *statements;
	long long pages;
};

static struct work measure(const struct row *row, enum role role, const struct cast *c,
			   bool unknown)
{
	static struct counts was, is;
	struct work out;

	count(&was);
	out.pages = -pages();
	EXPECT(404, matrix_ask(row, role, c, unknown));
	out.pages += pages();
	count(&is);
	out.statements = difference(&was, &is);
	return out;
}

static bool compare(const struct row *row, enum role role, const struct cast *c)
{
	struct work hidden, missing;

	for (int i = 0; i < TRIES; i++) {
		hidden = measure(row, role, c, false);
		missing = measure(row, role, c, true);
		if (strcmp(hidden.statements, missing.statements) == 0
		    && llabs(hidden.pages - missing.pages) < CLOSE)
			return true;
	}
	print_error("%s: hidden (%s%lld pages) is not like missing (%s%lld pages)\n", row->route,
		    hidden.statements, hidden.pages, missing.statements, missing.pages);
	return false;
}

static void check_role(enum role role)
{
	struct t_server *s = t_server_start("LOOPS=1");
	struct cast c = matrix_cast(role);
	int compared = 0, wrong = 0;

	t_sql("CREATE EXTENSION pg_stat_statements");
	many_posts(&c);
	many_people(&c);
	many_messages(&c);
	t_sql("ANALYZE");
	calm_down();
	for (size_t i = 0; i < matrix_size; i++)
		if (matrix_rows[i].want[role] == 404) {
			wrong += !compare(&matrix_rows[i], role, &c);
			compared++;
		}
	EXPECT_TRUE(compared > 10);
	EXPECT_EQ(0, wrong);
	t_server_stop(s);
}

TEST(matrix_of_work_for_a_stranger)
{
	check_role(STRANGER);
}

TEST(matrix_of_work_for_the_blocked)
{
	check_role(BLOCKED);
}

TEST(matrix_of_work_for_a_stranger_to_a_private_account)
{
	check_role(PRIVATE);
}
