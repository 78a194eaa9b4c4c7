/* Pushes when processes die, and many of them. */
#include "app/push/push_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The answer has been given, then the process dies: the push is in the queue. */
TEST(d21_a_push_outlives_the_request_and_the_process)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = device(&bob, "phone"), *post = t_new_post(&bob);

	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/like", post));
	t_server_kill(s);
	t_sql("UPDATE outbox SET next_try_at = now()");
	t_server_restart(s);
	EXPECT_STR(post, t_fcm_message(&fcm, token), "message.data.post_id");
	EXPECT_SOON(waiting() == 0);
	end(s);
}

/* A follow each, by ann, to `people` new users with two devices each. */
static void queue(const struct t_user *ann, int people)
{
	t_sql("WITH made AS (SELECT u.id FROM users u JOIN profiles p ON p.id = u.id"
	      "	 WHERE u.email LIKE 'crowd%%')"
	      " INSERT INTO user_fcm_tokens (token, user_id)"
	      " SELECT 'phone:' || id || '-' || n, id FROM made, generate_series(1, 2) n");
	t_sql("SELECT notify(u.id, '%s', 'follow', NULL, NULL, 'normal', NULL, '{}') FROM users u"
	      " WHERE u.email LIKE 'crowd%%'",
	      ann->id);
	EXPECT_EQ(people, t_sql_int("SELECT count(*) FROM outbox WHERE kind = 'push'"));
}

static void make_crowd(int people)
{
	struct t_user like = t_user("like");

	t_sql("CREATE TABLE crowd AS SELECT n, gen_random_uuid() AS id FROM generate_series(1, %d) n",
	      people);
	t_sql("INSERT INTO users (id, email, encrypted_password, status)"
	      " SELECT c.id, 'crowd' || n || '@x.org', u.encrypted_password, 'active'"
	      " FROM crowd c, users u WHERE u.id = '%s'",
	      like.id);
	t_sql("INSERT INTO profiles (id, handle, display_name)"
	      " SELECT id, 'crowd' || n, 'One of many' FROM crowd");
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* Each device got its message; what was under way at a kill may have come again, with the same tag. */
static void expect_all(int people, int again)
{
	t_sql("CREATE TABLE got AS SELECT l::jsonb->'message' AS m FROM"
	      " string_to_table(%s, E'\\n') l WHERE l <> ''",
	      t_lit(t_fcm_file(&fcm, "messages")));
	EXPECT_EQ(2 * people, t_sql_int("SELECT count(DISTINCT m->>'token') FROM got"));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM (SELECT FROM got GROUP BY m->>'token'"
			    " HAVING count(DISTINCT m->'android'->'notification'->>'tag') > 1) x"));
	EXPECT_TRUE(t_sql_int("SELECT count(*) FROM got") <= 2 * people + again);
}

TEST(killed_servers_lose_no_push_and_show_none_twice)
{
	enum { PEOPLE = 150, KILLS = 4, UNDER_WAY = 2 * 90 };
	struct t_server *s = begin();
	struct t_user ann = t_user("ann");
	int kills = 0;

	make_crowd(PEOPLE);
	queue(&ann, PEOPLE);
	while (kills < KILLS && waiting() > 0) {
		pause_ms(60 + 40 * kills);
		t_server_kill(s);
		kills++;
		t_sql("UPDATE outbox SET next_try_at = now()");
		t_server_restart(s);
	}
	for (int i = 0; i < 60 && waiting() > 0; i++)
		pause_ms(500);
	EXPECT_EQ(0, waiting());
	pause_ms(100);
	expect_all(PEOPLE, kills * UNDER_WAY);
	end(s);
}

/* TEST_PUSHES: how many people, two devices each; the rate is printed. */
TEST(many_pushes_share_a_connection_a_loop)
{
	int people = getenv("TEST_PUSHES") ? atoi(getenv("TEST_PUSHES")) : 150;
	struct t_server *s = begin();
	struct t_user ann = t_user("ann");
	struct timespec from, to;
	double seconds;

	make_crowd(people);
	t_server_stop(s);
	queue(&ann, people);
	t_server_restart(s);
	clock_gettime(CLOCK_MONOTONIC, &from);
	while (waiting() > 0)
		pause_ms(20);
	clock_gettime(CLOCK_MONOTONIC, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	if (getenv("TEST_PUSHES"))
		fprintf(stderr, "%d pushes in %.2f s: %.0f/s\n", 2 * people, seconds,
			2 * people / seconds);
	pause_ms(100);
	EXPECT_EQ(2 * people, t_fcm_lines(&fcm, "messages"));
	EXPECT_TRUE(t_fcm_lines(&fcm, "sessions") <= 3); /* a loop each, and one for the grant */
	end(s);
}
