/*
 * Jobs when the process dies in the middle of them. Mails, pushes and what concerns media have tests of their own
 * beside them; here are the others that leave something half done if they are not careful. The periodic jobs that
 * are missing are one statement each: done or not done.
 */
#include "test/harness/harness.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 5, WAIT_SECONDS = 40 };

/* Each time a little later, so that some kills come before the work, some in it, some after it. */
static void crash(struct t_server *s, int nth)
{
	nanosleep(&(struct timespec){ .tv_nsec = (10 + 70L * nth) * 1000000 }, NULL);
	t_server_kill(s);
	t_sql("UPDATE outbox SET next_try_at = now() WHERE next_try_at <> 'infinity'");
	t_server_restart(s);
}

static void make_due(const char *periodic)
{
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = '%s'", periodic);
}

/* Until the query answers 0; the machine may be busy. */
static void wait_for_none(const char *sql)
{
	const struct timespec tick = { .tv_nsec = 100000000 };

	for (int i = 0; i < WAIT_SECONDS * 10; i++) {
		if (t_sql_int("%s", sql) == 0)
			return;
		nanosleep(&tick, NULL);
	}
	t_fail("still %lld: %s", t_sql_int("%s", sql), sql);
}

TEST(a_killed_server_looks_at_every_link_in_the_end)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann");
	int port = t_node_start("test/media/site.mjs", NULL, NULL);

	t_sql("UPDATE trust_state SET tier = 'established' WHERE user_id = '%s'", ann.id);
	for (int i = 0; i < 2; i++) { /* a fourth try is the last */
		for (int n = 0; n < 6; n++)
			EXPECT(201,
			       t_post_json(&ann, "/api/v1/posts",
					   "{'body': 'http://127.0.0.1:%d/article?%d'}", port,
					   6 * i + n));
		crash(s, i);
	}
	wait_for_none("SELECT count(*) FROM posts WHERE link_preview_title IS NULL");
	wait_for_none("SELECT count(*) FROM outbox WHERE kind = 'link_preview'");
	t_server_stop(s);
}

/* Accounts whose time has come, each with something of everything that others count. */
static void make_leavers(const struct t_user *stays, const char *post, int n)
{
	t_sql("WITH u AS (INSERT INTO users (email, status, deleted_at)"
	      "           SELECT gen_random_uuid() || '@example.com', 'pending_deletion', now() - interval '1 h'"
	      "             FROM generate_series(1, %d) RETURNING id)"
	      " INSERT INTO profiles (id, handle, display_name)"
	      " SELECT id, left(replace(id::text, '-', ''), 30), 'one who leaves' FROM u",
	      n);
	t_sql("INSERT INTO follows (follower_id, following_id) SELECT id, '%s' FROM profiles"
	      " WHERE display_name = 'one who leaves'",
	      stays->id);
	t_sql("INSERT INTO post_likes (post_id, user_id) SELECT '%s', id FROM profiles"
	      " WHERE display_name = 'one who leaves'",
	      post);
	t_sql("INSERT INTO posts (author_id, body, chain_parent_id, root_id, depth) SELECT id, 'answer', '%s', '%s', 1"
	      " FROM profiles WHERE display_name = 'one who leaves'",
	      post, post);
	t_sql("UPDATE post_metrics SET like_count = like_count + %d, comment_count = comment_count + %d"
	      " WHERE post_id = '%s'",
	      n, n, post);
	t_sql("UPDATE profiles SET followers_count = followers_count + %d WHERE id = '%s'", n,
	      stays->id);
}

/* An account goes whole or not at all, and what others count of it goes once. */
TEST(a_killed_server_purges_accounts_once)
{
	enum { LEAVERS = 60, OTHERS = 3 };
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);
	const struct t_reply *r;

	for (int i = 0; i < OTHERS; i++) {
		struct t_user bob = t_user("bob");

		t_follow(&bob, &ann);
		EXPECT(200, t_post(&bob, "/api/v1/posts/%s/like", post));
	}
	make_leavers(&ann, post, LEAVERS);
	for (int i = 0; i < KILLS; i++) {
		make_due("account_purge_due");
		crash(s, 2 * i);
	}
	make_due("account_purge_due");
	wait_for_none("SELECT count(*) FROM users WHERE status = 'pending_deletion'");
	r = EXPECT(200, t_get(&ann, "/api/v1/posts/%s", post));
	EXPECT_INT(OTHERS, r, "post.like_count");
	EXPECT_INT(0, r, "post.comment_count");
	EXPECT_EQ(OTHERS,
		  t_sql_int("SELECT followers_count FROM profiles WHERE id = '%s'", ann.id));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM posts WHERE body = 'answer'"));
	t_server_stop(s);
}

/* A score moves once a day, however often the calculation was begun. */
TEST(a_killed_server_calculates_harmony_once)
{
	enum { PEOPLE = 5000, A_DAY = 5 };
	struct t_server *s = t_server_start();

	t_sql("WITH u AS (INSERT INTO users (email, status, created_at, last_login)"
	      "           SELECT gen_random_uuid() || '@example.com', 'active', now() - interval '200 d', now()"
	      "             FROM generate_series(1, %d) RETURNING id),"
	      " p AS (INSERT INTO profiles (id, handle, display_name)"
	      "       SELECT id, left(replace(id::text, '-', ''), 30), 'somebody' FROM u RETURNING id)"
	      " INSERT INTO trust_state (user_id, harmony_score, tier, last_harmony_calc_at)"
	      " SELECT id, 70, 'elder', now() - interval '2 d' FROM p",
	      PEOPLE);
	for (int i = 0; i < KILLS; i++) {
		make_due("trust_calculate");
		crash(s, i);
	}
	make_due("trust_calculate");
	wait_for_none(
		"SELECT count(*) FROM trust_state WHERE last_harmony_calc_at < now() - interval '1 d'");
	EXPECT_EQ(PEOPLE,
		  t_sql_int("SELECT count(*) FROM trust_state WHERE harmony_score = %d",
			    70 - A_DAY));
	t_server_stop(s);
}

/* Bytes go after the row that named them, and are not forgotten. */
TEST(a_killed_server_deletes_every_object_in_the_end)
{
	enum { OBJECTS = 40 };
	struct t_server *s = t_server_start();

	for (int i = 0; i < KILLS; i++) {
		const char *folder = t_fmt("%s/objects%d", t_path("uploads"), i);

		EXPECT_EQ(0, mkdir(folder, 0755));
		for (int n = 0; n < OBJECTS; n++) {
			FILE *f = fopen(t_fmt("%s/%d", folder, n), "w");

			EXPECT_TRUE(f && fclose(f) == 0);
		}
		t_sql("INSERT INTO outbox (kind, payload) SELECT 'object_delete',"
		      " jsonb_build_object('key', 'objects%d/' || n) FROM generate_series(0, %d) n",
		      i, OBJECTS - 1);
		crash(s, i);
	}
	wait_for_none("SELECT count(*) FROM outbox WHERE kind = 'object_delete'");
	for (int i = 0; i < KILLS; i++)
		EXPECT_TRUE(rmdir(t_fmt("%s/objects%d", t_path("uploads"), i)) == 0
			    || errno == ENOENT); /* empty, at least */
	t_server_stop(s);
}
