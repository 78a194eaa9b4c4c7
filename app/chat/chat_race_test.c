/* Conversations and messages when everybody does everything at once. */
#include "app/chat/chat.sql.h"
#include "app/chat/talk_test.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { OPENERS = 16 };

struct opening {
	struct t_user ann, bob;
	const struct t_reply *replies[OPENERS];
};

static void open_at_once(int i, void *arg)
{
	struct opening *o = arg;

	o->replies[i] = i % 2 ? talk_open(&o->ann, &o->bob) : talk_open(&o->bob, &o->ann);
}

TEST(t_msg_2_opening_at_the_same_time_gives_one_conversation)
{
	for (int round = 0; round < 5; round++) {
		struct opening o = { .ann = t_user("ann"), .bob = t_user("bob") };

		t_mutual(&o.ann, &o.bob);
		t_parallel(OPENERS, open_at_once, &o);
		for (int i = 0; i < OPENERS; i++)
			EXPECT_STR(t_json(EXPECT(200, o.replies[0]), "conversation_id"),
				   EXPECT(200, o.replies[i]), "conversation_id");
	}
}

enum { CHATTERS = 12, LINES = 15 };

struct chatting {
	struct pair p;
	bool expires; /* a message may be gone before its sender deletes it */
	int bad[CHATTERS];
};

/* The first id in a reply, without the harness's JSON, which is not for threads. */
static const char *first_id(const struct t_reply *r)
{
	const char *id = r->body ? strstr(r->body, "\"id\":\"") : NULL;

	return id ? t_fmt("%.36s", id + strlen("\"id\":\"")) : NOBODY;
}

/* Both write, read, react and delete in all directions at once. */
static void chat(int i, void *arg)
{
	struct chatting *c = arg;
	const struct t_user *who = i % 2 ? &c->p.ann : &c->p.bob;

	for (int n = 0; n < LINES; n++) {
		const struct t_reply *sent = talk_try_send(who, c->p.id, "x");
		const struct t_reply *listed = talk_messages(who, c->p.id);
		int read = t_post(who, API "/conversations/%s/read", c->p.id)->status;
		int reacted =
			t_post_json(who, t_fmt(API "/messages/%s/reactions", first_id(listed)),
				    "{'emoji': '%d'}", i)
				->status;

		c->bad[i] += sent->status != 201 || listed->status != 200 || read != 200;
		c->bad[i] += reacted != 201 && reacted != 200 && reacted != 404;
		if (n % 3 == 0) {
			int deleted = t_delete(who, API "/messages/%s", first_id(sent))->status;

			c->bad[i] += deleted != 200 && !(c->expires && deleted == 404);
		}
	}
}

TEST(two_who_do_everything_at_once_never_wait_in_a_circle)
{
	struct chatting c = { .p = talk_pair() };

	t_parallel(CHATTERS, chat, &c);
	for (int i = 0; i < CHATTERS; i++)
		EXPECT_EQ(0, c.bad[i]);
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM (SELECT max(seq) - count(*) AS holes"
			    "  FROM user_events WHERE user_id IN ('%s', '%s')"
			    " GROUP BY user_id) s WHERE holes <> 0",
			    c.p.ann.id, c.p.bob.id));
	EXPECT_EQ(CHATTERS * (LINES - LINES / 3),
		  t_sql_int("SELECT count(*) FROM secure_messages WHERE conversation_id = '%s'",
			    c.p.id));
}

/* ---- beside the job that deletes what has expired ---- */

struct purging {
	const char *conversation;
	atomic_bool ended;
	int rounds, bad;
};

static int is_bad(PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK)
		print_error("%s", PQresultErrorMessage(r));
	PQclear(r);
	return status != PGRES_COMMAND_OK;
}

/* One at a time is over: two in one statement, outside the order of locks, would wait in a circle themselves. */
static void *purge(void *arg)
{
	struct purging *p = arg;
	PGconn *c = PQconnectdb(t_database_url());
	char over[400], text[2000];

	snprintf(over, sizeof over,
		 "UPDATE secure_messages SET expires_at = now() WHERE id IN ("
		 "SELECT id FROM secure_messages WHERE conversation_id = '%s' LIMIT 1)",
		 p->conversation);
	snprintf(text, sizeof text, "PREPARE purge AS %s", sql_chat_purge.text);
	p->bad += is_bad(PQexec(c, text));
	for (; !p->ended && !p->bad; p->rounds++)
		p->bad += is_bad(PQexec(c, over)) + is_bad(PQexec(c, "EXECUTE purge (1000)"));
	PQfinish(c);
	return NULL;
}

TEST(what_expires_meanwhile_makes_nobody_wait_in_a_circle)
{
	struct chatting c = { .p = talk_pair(), .expires = true };
	struct purging p = { .conversation = c.p.id };
	pthread_t purger;

	EXPECT_EQ(0, pthread_create(&purger, NULL, purge, &p));
	t_parallel(CHATTERS, chat, &c);
	p.ended = true;
	pthread_join(purger, NULL);
	EXPECT_EQ(0, p.bad);
	EXPECT_TRUE(p.rounds > 1);
	for (int i = 0; i < CHATTERS; i++)
		EXPECT_EQ(0, c.bad[i]);
}
