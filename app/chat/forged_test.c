/* Nobody speaks for somebody else: whatever a frame or a request says about its sender, it is who the token says. */
#include "app/app.h"
#include "app/chat/talk_test.h"

#include <stdio.h>
#include <string.h>

/* ---- frames ---- */

/* Eve talks to bob, and wishes to be ann in it. */
struct plot {
	struct t_user ann, bob, eve;
	const char *theirs, *hers; /* conversations of ann and bob, of eve and bob */
	const char *message;	   /* ann's to bob */
};

static struct plot plot_new(void)
{
	struct plot p = { .ann = t_user("ann"), .bob = t_user("bob"), .eve = t_user("eve") };

	t_mutual(&p.ann, &p.bob);
	t_mutual(&p.eve, &p.bob);
	p.theirs = talk_conversation(&p.ann, &p.bob);
	p.hers = talk_conversation(&p.eve, &p.bob);
	p.message = talk_send(&p.ann, p.theirs, "from ann");
	return p;
}

/* All the names a sender may have, beside the payload and in it. */
static void forge(struct t_socket *s, const char *type, const struct plot *p)
{
	const char *names =
		t_fmt("'user_id':'%s','sender_id':'%s','from':'%s','actor_id':'%s','sub':'%s'",
		      p->bob.id, p->ann.id, p->ann.id, p->ann.id, p->ann.id);

	t_socket_say(
		s,
		"{'type':'%s','sender_id':'%s','user_id':'%s','from':'%s','seq':1,'payload':{%s,"
		"'id':'%s','message_id':'%s','conversation_id':'%s','receiver_id':'%s',"
		"'ciphertext':'Zm9yZ2Vk','deleted_by':'%s','emoji':'x','show':true,'online':true}}",
		type, p->ann.id, p->ann.id, p->ann.id, names, p->message, p->message, p->theirs,
		p->bob.id, p->ann.id);
}

/* Frames are heard in order and what commands tell comes at once, so that whatever comes before the mark is all. */
static void expect_only_eve(struct t_socket *s, const struct plot *p)
{
	const struct t_reply *r;

	for (;;) {
		const char *type;

		r = EXPECT(101, t_socket_next(s));
		type = t_json(r, "type");
		if (strcmp(type, "mark") == 0)
			return;
		if (strcmp(type, "typing") != 0 && strcmp(type, "presence") != 0)
			t_fail("bob was told: %s", r->body);
		if (strcmp(t_json(r, "payload.user_id"), p->eve.id) != 0
		    && !strstr(r->body, "\"online\":false"))
			t_fail("bob was told of somebody else: %s", r->body);
	}
}

static const char *const types[] = {
	"new_message",
	"message_deleted",
	"conversation_deleted",
	"reaction_added",
	"reaction_removed",
	"messages_read",
	"messages_delivered",
	"notification",
	"badge",
	"key_recovery",
	"identity_changed",
	"keys_low",
	"events",
	"hello",
	"refetch",
	"thread_changed",
	"gone",
	"typing",
	"presence",
	"subscribe",
	"unsubscribe",
};

TEST(no_frame_speaks_for_another_sender)
{
	struct plot p = plot_new();
	struct t_socket *bob = t_socket_open(&p.bob, "v=2"), *old = t_socket_open(&p.bob, NULL),
			*eve = t_socket_open(&p.eve, "v=2"),
			*eves_old = t_socket_open(&p.eve, NULL);

	t_socket_wait(bob, "hello");
	t_socket_say(bob, "{'type':'presence','payload':{'watch':['%s','%s']}}", p.ann.id,
		     p.eve.id);
	for (int i = 0; i < 2; i++)
		t_socket_wait(bob, "presence");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		forge(eve, types[i], &p);
		forge(eves_old, types[i], &p);
	}
	for (int i = 0; i < 2; i++) { /* whatever was said before has been heard then */
		t_socket_say(i ? eves_old : eve, "{'type':'ping'}");
		t_socket_wait(i ? eves_old : eve, "pong");
	}
	t_sql("SELECT emit('%s', 'mark', '{}')", p.bob.id);
	expect_only_eve(bob, &p);
	EXPECT_STR("mark", EXPECT(101, t_socket_next(old)), "type");
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM secure_messages WHERE conversation_id IN ('%s', '%s')",
			p.theirs, p.hers));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM message_reactions WHERE message_id = '%s'",
			    p.message));
}

/* Another's token makes a socket nobody else's: it ends it. */
TEST(a_socket_does_not_change_hands)
{
	struct t_user ann = t_user("ann"), eve = t_user("eve");
	struct t_socket *s = t_socket_open(&eve, "v=2");

	t_socket_say(s, "{'type':'auth','payload':{'token':'%s','sub':'%s'}}", eve.token, ann.id);
	t_socket_wait(s, "auth");
	t_sql("SELECT emit('%s', 'for ann', '{}'); SELECT emit('%s', 'for eve', '{}')", ann.id,
	      eve.id);
	EXPECT_STR("for eve", EXPECT(101, t_socket_next(s)), "type");
	t_socket_say(s, "{'type':'auth','payload':{'token':'%s'}}", ann.token);
	EXPECT(4401, t_socket_next(s));
}

/* ---- requests ---- */

TEST(a_message_is_from_whoever_sends_it)
{
	struct plot p = plot_new();
	const char *forged = t_fmt("\"sender_id\":\"%s\",\"user_id\":\"%s\",\"from\":\"%s\","
				   "\"ciphertext\":\"Zm9yZ2Vk\"",
				   p.ann.id, p.ann.id, p.ann.id);
	const struct t_reply *r;

	EXPECT(404,
	       t_post_json(&p.eve, API "/messages", "{'conversation_id':'%s',%s}", p.theirs,
			   forged));
	r = EXPECT(201,
		   t_post_json(&p.eve, API "/messages", "{'conversation_id':'%s',%s}", p.hers,
			       forged));
	EXPECT_STR(p.eve.id, r, "sender_id");
	EXPECT_STR(p.bob.id, r, "receiver_id");
	EXPECT_CODE("wrong_receiver",
		    EXPECT(403,
			   t_post_json(&p.eve, API "/messages",
				       "{'conversation_id':'%s','receiver_id':'%s',%s}", p.hers,
				       p.ann.id, forged)));
	r = EXPECT(201,
		   t_post_json(&p.bob, t_fmt(API "/messages/%s/reactions", p.message),
			       "{'emoji':'x','user_id':'%s'}", p.ann.id));
	EXPECT_STR(p.bob.id, r, "user_id");
	EXPECT(404, t_delete(&p.bob, API "/messages/%s", p.message)); /* only its sender */
}

TEST(a_conversation_is_opened_as_oneself)
{
	struct plot p = plot_new();
	const char *path = t_fmt(API "/conversation?other_user_id=%s&user_id=%s&participant_a=%s",
				 p.bob.id, p.ann.id, p.ann.id);

	EXPECT_STR(p.hers, EXPECT(200, t_get(&p.eve, "%s", path)), "conversation_id");
	EXPECT(404,
	       t_post_json(&p.eve, t_fmt(API "/conversations/%s/read", p.theirs),
			   "{'user_id':'%s'}", p.bob.id));
}

/* ---- all routes ---- */

/* Names under which somebody could say who they are. */
static bool names_the_caller(const char *name)
{
	static const char *const names[] = {
		"user_id",    "sender_id",   "sender",	  "from",     "from_user_id", "author_id",
		"author",     "actor_id",    "actor",	  "owner_id", "owner",	      "follower_id",
		"blocker_id", "reporter_id", "viewer_id", "sub",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Reads the record that it answers; see the test below. */
static bool ignores_it(const struct route *r)
{
	return strcmp(r->path, API "/settings/privacy") == 0;
}

static int named_in(const struct route *r, const struct field *fields)
{
	int n = 0;

	for (; fields && fields->name; fields++) {
		if (!fields->hidden && names_the_caller(fields->name) && !ignores_it(r)) {
			print_error("%s %s reads %s\n", method_name(r->method), r->path,
				    fields->name);
			n++;
		}
		if (fields->of)
			n += named_in(r, fields->of);
	}
	return n;
}

TEST(no_route_asks_its_caller_who_they_are)
{
	int n = 0, rows = 0;

	for (const struct route *const *table = app_routes; *table; table++)
		for (const struct route *r = *table; r->path; r++, rows++)
			n += named_in(r, r->query) + named_in(r, r->body);
	EXPECT_TRUE(rows > 100);
	EXPECT_EQ(0, n);
}

TEST(settings_are_those_of_the_caller)
{
	struct t_user ann = t_user("ann"), eve = t_user("eve");
	const struct t_reply *r =
		EXPECT(200,
		       t_patch_json(&eve, API "/settings/privacy",
				    "{'user_id':'%s','who_can_message':'nobody'}", ann.id));

	EXPECT_STR(eve.id, r, "user_id");
	EXPECT_STR("nobody", r, "who_can_message");
	EXPECT_STR("mutuals", EXPECT(200, t_get(&ann, API "/settings/privacy")), "who_can_message");
}
