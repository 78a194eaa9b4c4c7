/* /ws: who is let in, what arrives and what does not, and that nothing is lost on the way. */
#include "app/realtime/realtime.h"

#include "test/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANDSHAKE                                                                 \
	"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", \
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="

static const char *const handshake[] = { HANDSHAKE, NULL };

/* As whoever causes an event does it, in a transaction of its own; then the server is told to look, which
 * otherwise takes a second. */
static void emit(const struct t_user *to, const char *kind, int n)
{
	t_sql("SELECT emit('%s', '%s', '{\"n\": %d}')", to->id, kind, n);
}

/* Any write rings: this one is cheap. */
static void ring(const struct t_user *user)
{
	EXPECT(200, t_put(user, "/api/v1/notifications/read-all"));
}

static void expect_event(struct t_socket *s, const char *type, long long seq, int n)
{
	const struct t_reply *r = EXPECT(101, t_socket_next(s));

	EXPECT_STR(type, r, "type");
	EXPECT_INT(n, r, "payload.n");
	if (seq)
		EXPECT_INT(seq, r, "seq");
	else
		EXPECT_NONE(r, "seq");
}

/* ---- who is let in ---- */

static const struct t_reply *ask(const char *path, const char *const *headers)
{
	return t_send(&(struct t_request){ .method = "GET", .path = path, .headers = headers });
}

TEST(d16_without_a_good_token_there_is_an_empty_401)
{
	struct t_user ann = t_user("ann");

	EXPECT_EQ(0, EXPECT(401, ask("/ws", handshake))->size);
	EXPECT_EQ(0, EXPECT(401, ask("/ws", NULL))->size);
	EXPECT_EQ(0, EXPECT(401, ask("/ws?token=nonsense", handshake))->size);
	EXPECT(401, ask(t_fmt("/ws?token=%s", t_token(ann.id, -3600)), handshake));
	EXPECT(426, ask(t_fmt("/ws?token=%s", ann.token), NULL));
	EXPECT(400, ask(t_fmt("/ws?token=%s&v=3", ann.token), handshake));
	EXPECT_CODE("origin_not_allowed",
		    EXPECT(403,
			   ask(t_fmt("/ws?token=%s", ann.token),
			       T_LIST(HANDSHAKE, "Origin: https://evil.example"))));
}

TEST(d16_a_suspended_account_is_not_let_in)
{
	struct t_user ann = t_user("ann");

	t_sql("UPDATE users SET status = 'suspended', suspended_until = now() + interval '1 day'"
	      " WHERE id = '%s'",
	      ann.id);
	EXPECT(403, ask(t_fmt("/ws?token=%s", ann.token), handshake));
}

/* Through a connection of its own, as what answers 101 is no HTTP any more. */
static const char *shake(const char *path, const char *header)
{
	int fd = t_connect();
	const char *request =
		t_fmt("GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		      "Sec-WebSocket-Version: 13\r\n"
		      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n\r\n",
		      path, header);
	const char *text;

	t_write(fd, request, strlen(request));
	text = t_read(fd, "\r\n\r\n", 5000);
	close(fd);
	return text;
}

TEST(a_token_may_come_as_header_or_subprotocol)
{
	struct t_user ann = t_user("ann");
	const char *text;

	EXPECT_TRUE(strstr(shake("/ws", t_fmt("Authorization: Bearer %s", ann.token)), " 101 "));
	text = shake("/ws", t_fmt("Sec-WebSocket-Protocol: sojorn.2, bearer.%s", ann.token));
	EXPECT_TRUE(strstr(text, " 101 ") && strstr(text, "Sec-WebSocket-Protocol: sojorn.2\r\n"));
	EXPECT_FALSE(strstr(text, ann.token));
	EXPECT_TRUE(strstr(shake("/ws", "Sec-WebSocket-Protocol: sojorn.2, bearer.no"), " 401 "));
}

/* ---- version 1, as the first app speaks it ---- */

TEST(a_ping_is_answered_and_other_types_are_not)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, NULL);

	t_socket_say(s, "{'type':'key_recovery','payload':{'user_id':'%s','timestamp':'x'}}",
		     ann.id);
	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'badge'}}");
	t_socket_say(s, "{'type':'ping'}");
	EXPECT_CSTR("{\"type\":\"pong\"}", t_socket_next(s)->body);
}

TEST(what_is_no_json_ends_the_socket)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, NULL), *two = t_socket_open(&ann, "v=2");

	t_socket_say(s, "hello");
	EXPECT(0, t_socket_next(s)); /* a goodbye without a code */
	t_socket_wait(two, "hello");
	t_socket_say(two, "hello");
	EXPECT(4400, t_socket_next(two));
}

TEST(t_msg_4_events_arrive_on_every_connected_device)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_socket *phone = t_socket_open(&ann, NULL), *tablet = t_socket_open(&ann, NULL),
			*other = t_socket_open(&bob, NULL);

	for (int i = 1; i <= 20; i++) {
		emit(&ann, "message_deleted", i);
		if (i % 5 == 0)
			ring(&bob);
	}
	for (int i = 1; i <= 20; i++) {
		expect_event(phone, "message_deleted", 0, i);
		expect_event(tablet, "message_deleted", 0, i);
	}
	t_socket_silent(other, 200);
}

TEST(t_msg_4_a_message_arrives_whole_and_counts_as_delivered)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_socket *phone = t_socket_open(&bob, NULL), *tablet = t_socket_open(&bob, "v=2");
	const struct t_reply *sent, *got;
	const char *conversation;

	t_socket_wait(tablet, "hello");
	t_mutual(&ann, &bob);
	conversation =
		t_json(EXPECT(200, t_get(&ann, "/api/v1/conversation?other_user_id=%s", bob.id)),
		       "conversation_id");
	sent = EXPECT(201,
		      t_post_json(&ann, "/api/v1/messages",
				  "{'conversation_id':'%s','ciphertext':'c2VjcmV0','iv':'aXY=',"
				  "'message_header':'aGVhZA=='}",
				  conversation));
	got = t_socket_wait(phone, "new_message");
	EXPECT_STR(t_json(sent, "id"), got, "payload.id");
	EXPECT_STR(conversation, got, "payload.conversation_id");
	EXPECT_STR(ann.id, got, "payload.sender_id");
	EXPECT_STR(bob.id, got, "payload.receiver_id");
	EXPECT_STR("c2VjcmV0", got, "payload.ciphertext");
	EXPECT_STR("aGVhZA==", got, "payload.message_header");
	EXPECT_INT(1, got, "payload.message_type");
	EXPECT_STR(t_json(sent, "created_at"), got, "payload.created_at");
	EXPECT_STR("c2VjcmV0", t_socket_wait(tablet, "new_message"), "payload.ciphertext");
	EXPECT_SOON(t_sql("SELECT delivered_at FROM secure_messages WHERE id = '%s'",
			  t_json(sent, "id"))
		    != NULL);
	EXPECT(200, t_delete(&ann, "/api/v1/messages/%s", t_json(sent, "id")));
	EXPECT_STR(t_json(sent, "id"), t_socket_wait(phone, "message_deleted"),
		   "payload.message_id");
}

/* Nobody rings: the log is looked at each second. */
TEST(events_are_found_without_a_bell)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, NULL);

	emit(&ann, "reaction_added", 1);
	expect_event(s, "reaction_added", 0, 1);
}

/* ---- the end of a stay ---- */

TEST(d16_a_socket_ends_with_its_token)
{
	struct t_user ann = t_user("ann"), brief = ann;
	struct t_socket *one, *two;

	brief.token = t_token(ann.id, 2);
	one = t_socket_open(&brief, NULL);
	two = t_socket_open(&brief, "v=2");
	t_socket_wait(two, "hello");
	EXPECT(0, t_socket_next(one));
	EXPECT(4401, t_socket_next(two));
}

TEST(a_token_can_be_renewed)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), brief = ann;
	struct t_socket *s, *foreign;

	brief.token = t_token(ann.id, 2);
	s = t_socket_open(&brief, "v=2");
	foreign = t_socket_open(&brief, "v=2");
	t_socket_say(s, "{'type':'auth','payload':{'token':'%s'}}", ann.token);
	EXPECT_TRUE(t_json_int(t_socket_wait(s, "auth"), "payload.expires_at") > 0);
	t_socket_wait(foreign, "hello");
	t_socket_say(foreign, "{'type':'auth','payload':{'token':'%s'}}", bob.token);
	EXPECT(4401, t_socket_next(foreign));
	t_socket_silent(s, 3000);
}

TEST(d16_a_suspension_ends_sockets_at_once)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_socket *one = t_socket_open(&ann, NULL), *two = t_socket_open(&ann, "v=2"),
			*other = t_socket_open(&bob, NULL);

	t_socket_wait(two, "hello");
	t_sql("UPDATE users SET status = 'suspended', suspended_until = now() + interval '1 day'"
	      " WHERE id = '%s'",
	      ann.id);
	ring(&bob);
	EXPECT(0, t_socket_next(one));
	EXPECT(4403, t_socket_next(two));
	t_socket_silent(other, 200);
}

TEST(signing_out_ends_the_sessions_sockets)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *in =
		EXPECT(200,
		       t_post_json(NULL, "/api/v1/auth/login",
				   "{'email':'%s','password':'" T_PASSWORD "'}", ann.email));
	struct t_user there = ann;
	struct t_socket *s, *other = t_socket_open(&ann, NULL);

	there.token = t_json(in, "access_token");
	s = t_socket_open(&there, "v=2");
	t_socket_wait(s, "hello");
	EXPECT(200,
	       t_post_json(&there, "/api/v1/auth/logout", "{'refresh_token':'%s'}",
			   t_json(in, "refresh_token")));
	EXPECT(4403, t_socket_next(s));
	t_socket_silent(other, 200);
}

/* ---- version 2: numbers and resuming ---- */

static void expect_hello(struct t_socket *s, long long seq, bool resumed, bool refetch)
{
	const struct t_reply *r = t_socket_next(s);

	EXPECT_STR("hello", r, "type");
	EXPECT_INT(2, r, "payload.version");
	EXPECT_INT(seq, r, "payload.seq");
	EXPECT_BOOL(resumed, r, "payload.resumed");
	EXPECT_BOOL(refetch, r, "payload.refetch");
}

/* Numbers from..to, each once and in order, in frames of one or of many. */
static void expect_numbers(struct t_socket *s, long long from, long long to)
{
	while (from <= to) {
		const struct t_reply *r = EXPECT(101, t_socket_next(s));
		size_t many = strcmp(t_json(r, "type"), "events") == 0
			? t_json_count(r, "payload.events")
			: 0;

		if (!many)
			EXPECT_INT(from++, r, "seq");
		for (size_t i = 0; i < many; i++)
			EXPECT_INT(from++, r, t_fmt("payload.events[%zu].seq", i));
	}
	EXPECT_EQ(to + 1, from);
}

TEST(events_have_numbers_without_gaps)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, "v=2");

	expect_hello(s, 0, false, false);
	emit(&ann, "one", 11);
	emit(&ann, "two", 22);
	expect_numbers(s, 1, 2);
	emit(&ann, "three", 33);
	ring(&ann);
	expect_event(s, "three", 3, 33);
}

TEST(a_client_that_comes_back_gets_what_it_missed_once)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, "v=2");

	emit(&ann, "x", 1);
	expect_hello(s, 0, false, false);
	expect_numbers(s, 1, 1);
	t_socket_cut(s);
	t_sql("SELECT emit('%s', 'x', '{}') FROM generate_series(2, 1001)", ann.id);
	s = t_socket_open(&ann, "v=2&last=1");
	expect_hello(s, 1, true, false);
	expect_numbers(s, 2, 1001);
	emit(&ann, "x", 1);
	expect_numbers(s, 1002, 1002);
	t_socket_silent(s, 1200);
	s = t_socket_open(&ann, "v=2&last=1002");
	expect_hello(s, 1002, true, false);
	t_socket_silent(s, 200);
}

TEST(a_client_whose_events_are_gone_is_told_to_fetch)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s;

	s = t_socket_open(&ann, "v=2&last=7"); /* from another life of this database */
	expect_hello(s, 0, false, true);
	t_sql("SELECT emit('%s', 'x', '{}') FROM generate_series(1, 10)", ann.id);
	expect_numbers(s, 1, 10);
	t_sql("DELETE FROM user_events WHERE user_id = '%s' AND seq <= 5", ann.id);
	s = t_socket_open(&ann, "v=2&last=4");
	expect_hello(s, 10, false, true);
	emit(&ann, "x", 1);
	expect_numbers(s, 11, 11);
	s = t_socket_open(&ann, "v=2&last=5");
	expect_hello(s, 5, true, false);
	expect_numbers(s, 6, 11);
	t_sql("DELETE FROM user_events WHERE user_id = '%s'", ann.id);
	s = t_socket_open(&ann, "v=2&last=11");
	expect_hello(s, 11, true, false);
	s = t_socket_open(&ann, "v=2&last=12");
	expect_hello(s, 11, false, true);
}

/* A commit that others overtake: its number is its own, and it is not skipped. */
TEST(a_slow_transaction_loses_no_event)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_socket *a = t_socket_open(&ann, "v=2"), *b = t_socket_open(&bob, "v=2");

	expect_hello(a, 0, false, false);
	expect_hello(b, 0, false, false);
	emit(&bob, "before", 1);
	expect_numbers(b, 1, 1);
	t_sql("CREATE EXTENSION IF NOT EXISTS dblink SCHEMA extensions");
	t_sql("BEGIN; SELECT emit('%s', 'slow', '{\"n\": 1}');"
	      " SELECT extensions.dblink_exec('%s', $$DO 'BEGIN PERFORM sojorn.emit(''%s'', ''fast'', ''{\"n\": 1}''); END'$$);"
	      " SELECT pg_sleep(1.5); COMMIT",
	      ann.id, t_database_url(), bob.id);
	expect_event(b, "fast", 2, 1);
	expect_event(a, "slow", 1, 1);
}

/* ---- outages ---- */

TEST(a_killed_server_loses_no_event)
{
	struct t_server *server = t_server_start();
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, "v=2");

	expect_hello(s, 0, false, false);
	emit(&ann, "x", 1);
	expect_numbers(s, 1, 1);
	emit(&ann, "x", 2);
	t_server_kill(server);
	emit(&ann, "x", 3);
	t_server_restart(server);
	s = t_socket_open(&ann, "v=2&last=1");
	expect_hello(s, 1, true, false);
	expect_numbers(s, 2, 3);
}

/* The socket stays, and so does what it is owed. */
TEST(an_outage_of_the_database_loses_no_event)
{
	struct t_server *server = t_server_start("LOOPS=2");
	struct t_user ann = t_user("ann");
	struct t_socket *s = t_socket_open(&ann, "v=2"), *old = t_socket_open(&ann, NULL);

	expect_hello(s, 0, false, false);
	emit(&ann, "x", 1);
	expect_numbers(s, 1, 1);
	expect_event(old, "x", 0, 1);
	t_database_down(server);
	usleep(1500000);
	t_database_up(server);
	emit(&ann, "x", 2);
	emit(&ann, "x", 3);
	expect_numbers(s, 2, 3);
	expect_event(old, "x", 0, 2);
	expect_event(old, "x", 0, 3);
}

TEST(sockets_of_all_loops_hear_the_same)
{
	enum { SOCKETS = 40 };
	struct t_server *server = t_server_start("LOOPS=3");
	struct t_user ann = t_user("ann");
	struct t_socket *s[SOCKETS];

	for (int i = 0; i < SOCKETS; i++) {
		s[i] = t_socket_open(&ann, "v=2");
		expect_hello(s[i], 0, false, false);
	}
	t_sql("SELECT emit('%s', 'x', '{}') FROM generate_series(1, 300)", ann.id);
	for (int i = 0; i < SOCKETS; i++)
		expect_numbers(s[i], 1, 300);
	t_server_stop(server);
	for (int i = 0; i < SOCKETS; i++)
		EXPECT(1001, t_socket_next(s[i]));
}

/* ---- topics ---- */

static struct t_socket *open_two(const struct t_user *user)
{
	struct t_socket *s = t_socket_open(user, "v=2");

	t_socket_wait(s, "hello");
	return s;
}

static const struct t_reply *comment(const struct t_user *user, const char *post, const char *text)
{
	return t_post_json(user, t_fmt("/api/v1/posts/%s/comments", post), "{'body':%s}",
			   t_quote(text));
}

TEST(a_thread_tells_that_it_has_changed)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *post = t_new_post(&ann),
		   *hidden = t_new_post_with(&ann, "visibility = 'private'");
	struct t_socket *s = open_two(&bob);
	const struct t_reply *r;

	t_mutual(&ann, &bob);
	t_block(&ann, &eve);
	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'thread','id':'%s'}}", post);
	EXPECT_STR(post, t_socket_wait(s, "subscribed"), "payload.id");
	EXPECT(201, comment(&bob, post, "hello there"));
	r = t_socket_wait(s, "thread_changed");
	EXPECT_STR(post, r, "payload.post_id");
	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'thread','id':'%s'}}", hidden);
	EXPECT_STR("not_found", t_socket_wait(s, "error"), "payload.code");
	t_socket_say(s, "{'type':'unsubscribe','payload':{'topic':'thread','id':'%s'}}", post);
	t_socket_wait(s, "unsubscribed");
	EXPECT(201, comment(&bob, post, "and again"));
	t_socket_silent(s, 1200);
	s = open_two(&eve);
	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'thread','id':'%s'}}", post);
	EXPECT_STR("not_found", t_socket_wait(s, "error"), "payload.code");
}

/* The job that pushes tells a badge of its own, perhaps one of a moment ago: the number settles. */
static void await_badge(struct t_socket *s, int n)
{
	while (t_json_int(t_socket_wait(s, "badge"), "payload.notification_count") != n)
		;
}

TEST(the_badge_follows_what_is_unread)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);
	struct t_socket *s = open_two(&ann);

	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'badge'}}");
	EXPECT_INT(0, t_socket_wait(s, "badge"), "payload.notification_count");
	EXPECT(200, t_post(&bob, "/api/v1/posts/%s/like", post));
	await_badge(s, 1);
	EXPECT(200, t_put(&ann, "/api/v1/notifications/read-all"));
	await_badge(s, 0);
}

static void new_beacon(double lat, double lon)
{
	t_sql("INSERT INTO beacons (beacon_type, lat, long, expires_at, body)"
	      " VALUES ('hazard', %f, %f, now() + interval '1 hour', 'a tree on the road')",
	      lat, lon);
}

TEST(beacons_are_told_to_those_who_look_at_the_place)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_socket *near = open_two(&ann), *edge = open_two(&bob);

	t_socket_say(near,
		     "{'type':'subscribe','payload':{'topic':'beacons','lat':-41.0,'long':120.0,"
		     "'radius':20000}}");
	t_socket_wait(near, "subscribed");
	t_socket_say(edge,
		     "{'type':'subscribe','payload':{'topic':'beacons','lat':-41.0,'long':179.99,"
		     "'radius':20000}}");
	t_socket_wait(edge, "subscribed");
	new_beacon(-41.05, 120.05);
	new_beacon(-41.05, 121.05);
	new_beacon(-41.05, -179.95); /* over the date line */
	EXPECT_NUM(120.05, t_socket_wait(near, "beacons_changed"), "payload.long");
	EXPECT_NUM(-179.95, t_socket_wait(edge, "beacons_changed"), "payload.long");
	t_socket_silent(near, 200);
	t_socket_silent(edge, 200);
}

TEST(topics_have_a_limit_and_commands_a_form)
{
	struct t_user ann = t_user("ann");
	struct t_socket *s = open_two(&ann);

	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'everything'}}");
	EXPECT_STR("invalid", t_socket_wait(s, "error"), "payload.code");
	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'beacons','lat':91,'long':0}}");
	EXPECT_STR("subscribe", t_socket_wait(s, "error"), "payload.about");
	t_socket_say(s, "{'type':'subscribe','payload':{'topic':'beacons'}}");
	EXPECT_STR("invalid", t_socket_wait(s, "error"), "payload.code");
	t_socket_say(s, "{'type':'typing'}");
	EXPECT_STR("invalid", t_socket_wait(s, "error"), "payload.code");
	t_socket_say(s, "{'type':'no_such_type'}");
	t_socket_silent(s, 100);
}

/* ---- presence and typing ---- */

static void watch(struct t_socket *s, const struct t_user *who)
{
	t_socket_say(s, "{'type':'presence','payload':{'watch':['%s']}}", who->id);
}

TEST(presence_is_seen_by_mutual_follows_who_show_their_own)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	struct t_socket *a = open_two(&ann), *b = open_two(&bob), *e = open_two(&eve);
	const struct t_reply *r;

	t_mutual(&ann, &bob);
	t_follow(&eve, &bob);
	watch(a, &bob);
	EXPECT_BOOL(false, t_socket_wait(a, "presence"), "payload.online");
	watch(e, &bob);
	t_socket_silent(e, 100); /* not mutual */
	t_socket_say(b, "{'type':'presence','payload':{'show':true}}");
	r = t_socket_wait(a, "presence");
	EXPECT_STR(bob.id, r, "payload.user_id");
	EXPECT_BOOL(true, r, "payload.online");
	t_socket_cut(b);
	EXPECT_BOOL(false, t_socket_wait(a, "presence"), "payload.online");
	t_socket_silent(e, 100);
	b = open_two(&bob);
	t_sql("UPDATE user_settings SET show_activity_status = false WHERE user_id = '%s'", bob.id);
	t_socket_say(b, "{'type':'presence','payload':{'show':true}}");
	t_socket_silent(a, 300);
	watch(b, &ann);
	t_socket_silent(b, 100); /* who hides it does not see it */
}

TEST(typing_is_told_to_whom_it_is_for)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	struct t_socket *a = open_two(&ann), *b = open_two(&bob), *old = t_socket_open(&bob, NULL);
	const struct t_reply *r;

	t_mutual(&ann, &bob);
	t_socket_say(a, "{'type':'typing','payload':{'user_id':'%s','conversation_id':'%s'}}",
		     bob.id, ann.id);
	r = t_socket_wait(b, "typing");
	EXPECT_STR(ann.id, r, "payload.user_id");
	EXPECT_STR(ann.id, r, "payload.conversation_id");
	t_socket_silent(old, 100);
	t_socket_say(a, "{'type':'typing','payload':{'user_id':'%s'}}", eve.id);
	EXPECT_STR("not_found", t_socket_wait(a, "error"), "payload.code");
	t_block(&bob, &ann);
	t_socket_say(a, "{'type':'typing','payload':{'user_id':'%s'}}", bob.id);
	EXPECT_STR("not_found", t_socket_wait(a, "error"), "payload.code");
	t_socket_silent(b, 100);
}
