/* Conversations and messages: domain-rules §13, and §1 as far as it is about them. */
#include "app/chat/chat.sql.h"
#include "app/chat/talk_test.h"

/* The kinds of events somebody has had. */
static const char *events(const struct t_user *who)
{
	return t_sql("SELECT COALESCE(string_agg(kind, ' ' ORDER BY seq), '')"
		     "  FROM events_after('%s', 0)",
		     who->id);
}

static const char *event(const struct t_user *who, const char *kind, const char *member)
{
	return t_sql("SELECT payload->>'%s' FROM events_after('%s', 0) WHERE kind = '%s'"
		     " ORDER BY seq DESC LIMIT 1",
		     member, who->id, kind);
}

/* ---- conversations ---- */

TEST(t_msg_1_a_stranger_finds_nothing_of_a_conversation)
{
	struct pair p = talk_pair();
	struct t_user eve = t_user("eve");
	const char *message = talk_send(&p.ann, p.id, T_SECRET);

	t_mutual(&p.ann, &eve);
	t_mutual(&p.bob, &eve);
	EXPECT(404, talk_messages(&eve, p.id));
	EXPECT(404, talk_try_send(&eve, p.id, T_SECRET));
	EXPECT(404, t_delete(&eve, API "/conversations/%s", p.id));
	EXPECT(404, t_delete(&eve, API "/messages/%s", message));
	EXPECT(404, t_post(&eve, API "/conversations/%s/read", p.id));
	EXPECT(404,
	       t_post_json(&eve, t_fmt(API "/messages/%s/reactions", message), "{'emoji': '🔥'}"));
	EXPECT(404, t_delete(&eve, API "/messages/%s/reactions?emoji=x", message));
	EXPECT(404, talk_messages(&p.ann, NOBODY));
	EXPECT(404, talk_try_send(&p.ann, NOBODY, T_SECRET));
	EXPECT_COUNT(0, t_get(&eve, API "/conversations"), "conversations");
	EXPECT_COUNT(1, talk_messages(&p.bob, p.id), "messages");
	EXPECT_CSTR("", events(&eve));
}

TEST(t_msg_2_both_open_the_same_conversation)
{
	struct pair p = talk_pair();

	EXPECT_CSTR(p.id, talk_conversation(&p.bob, &p.ann));
	EXPECT_CSTR(p.id, talk_conversation(&p.ann, &p.bob));
	EXPECT(400, talk_open(&p.ann, &p.ann));
	EXPECT(400, t_get(&p.ann, API "/conversation"));
	EXPECT(404, t_get(&p.ann, API "/conversation?other_user_id=%s", NOBODY));
}

TEST(t_msg_3_a_block_ends_opening_and_sending)
{
	struct pair p = talk_pair();

	t_block(&p.bob, &p.ann);
	EXPECT(404, talk_open(&p.ann, &p.bob));
	EXPECT(404, talk_open(&p.bob, &p.ann));
	EXPECT(404, talk_try_send(&p.ann, p.id, T_SECRET));
	EXPECT(404, talk_try_send(&p.bob, p.id, T_SECRET));
	EXPECT_CSTR("", events(&p.ann));
	EXPECT_CSTR("", events(&p.bob));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM secure_messages WHERE conversation_id = '%s'",
			    p.id));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM notifications WHERE type = 'message'"
			    "   AND user_id IN ('%s', '%s')",
			    p.ann.id, p.bob.id));
}

TEST(t_blk_9_a_block_hides_a_conversation_until_it_is_lifted)
{
	struct pair p = talk_pair();
	const char *message = talk_send(&p.ann, p.id, T_SECRET);

	EXPECT(200, t_post(&p.bob, API "/users/%s/block", p.ann.id));
	for (int i = 0; i < 2; i++) {
		const struct t_user *who = i ? &p.ann : &p.bob;

		EXPECT_COUNT(0, t_get(who, API "/conversations"), "conversations");
		EXPECT(404, talk_messages(who, p.id));
		EXPECT(404, t_delete(who, API "/messages/%s", message));
		EXPECT(404, t_delete(who, API "/conversations/%s", p.id));
	}
	EXPECT_CSTR("gone", events(&p.bob));
	EXPECT_INT(0, t_get(&p.bob, API "/notifications/badge"), "message_count");
	EXPECT(200, t_delete(&p.bob, API "/users/%s/block", p.ann.id));
	EXPECT_STR(T_SECRET, talk_messages(&p.bob, p.id), "messages[0].ciphertext");
	EXPECT_COUNT(1, t_get(&p.ann, API "/conversations"), "conversations");
}

static void let_in(const struct t_user *who, const char *audience)
{
	t_sql("UPDATE user_settings SET who_can_message = '%s' WHERE user_id = '%s'", audience,
	      who->id);
}

TEST(t_msg_5_strangers_start_no_conversation_unless_they_are_let_in)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	struct t_user dan = t_user("dan");

	t_follow(&ann, &bob);
	EXPECT_CODE("not_allowed_to_message", EXPECT(403, talk_open(&ann, &bob)));
	EXPECT(403, talk_open(&bob, &ann));
	let_in(&bob, "followers");
	EXPECT(403, talk_open(&cat, &bob));
	EXPECT(200, talk_open(&ann, &bob));
	let_in(&bob, "everyone");
	EXPECT(200, talk_open(&cat, &bob));
	let_in(&bob, "nobody");
	EXPECT(403, talk_open(&dan, &bob));
}

TEST(t_msg_5_those_who_have_talked_may_go_on)
{
	struct pair p = talk_pair();

	t_sql("DELETE FROM follows WHERE '%s' IN (follower_id, following_id)", p.ann.id);
	let_in(&p.bob, "nobody");
	EXPECT_CSTR(p.id, talk_conversation(&p.ann, &p.bob));
	EXPECT(201, talk_try_send(&p.ann, p.id, T_SECRET));
}

TEST(conversations_come_with_both_people_newest_activity_first)
{
	struct pair p = talk_pair();
	struct t_user cat = t_user("cat");

	t_mutual(&p.bob, &cat);
	const char *second = talk_conversation(&cat, &p.bob);
	talk_send(&p.ann, p.id, "one");
	talk_send(&p.ann, p.id, "two");
	talk_send(&cat, second, "three");
	const struct t_reply *r = EXPECT(200, t_get(&p.bob, API "/conversations"));
	EXPECT_COUNT(2, r, "conversations");
	EXPECT_STR(second, r, "conversations[0].id");
	EXPECT_INT(1, r, "conversations[0].unread_count");
	EXPECT_INT(2, r, "conversations[1].unread_count");
	const char *a = t_json(r, "conversations[1].participant_a");
	EXPECT_TRUE(strcmp(a, t_json(r, "conversations[1].participant_b")) < 0);
	EXPECT_STR(a, r, "conversations[1].participant_a_profile.id");
	EXPECT_STR(strcmp(a, p.ann.id) == 0 ? p.ann.handle : p.bob.handle, r,
		   "conversations[1].participant_a_profile.handle");
	talk_send(&p.bob, p.id, "four");
	EXPECT_STR(p.id, t_get(&p.bob, API "/conversations"), "conversations[0].id");
	r = EXPECT(200, t_get(&p.bob, API "/conversations?limit=1"));
	EXPECT_STR(second,
		   t_get(&p.bob, API "/conversations?limit=1&cursor=%s", t_json(r, "next_cursor")),
		   "conversations[0].id");
}

TEST(asking_by_head_opens_no_conversation)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_request head = { .method = "HEAD",
				  .path = t_fmt(API "/conversation?other_user_id=%s", bob.id),
				  .user = &ann };

	t_mutual(&ann, &bob);
	EXPECT(404, t_send(&head));
	EXPECT_COUNT(0, t_get(&ann, API "/conversations"), "conversations");
	EXPECT(200, talk_open(&ann, &bob));
	EXPECT(200, t_send(&head));
}

TEST(opening_a_conversation_is_no_activity)
{
	struct pair p = talk_pair();
	const char *before = t_sql("SELECT last_message_at FROM encrypted_conversations"
				   " WHERE id = '%s'",
				   p.id);

	talk_conversation(&p.bob, &p.ann);
	EXPECT_CSTR(before,
		    t_sql("SELECT last_message_at FROM encrypted_conversations"
			  " WHERE id = '%s'",
			  p.id));
}

TEST(a_deleted_conversation_is_gone_for_both)
{
	struct pair p = talk_pair();
	const char *message = talk_send(&p.ann, p.id, T_SECRET);

	EXPECT(201,
	       t_post_json(&p.bob, t_fmt(API "/messages/%s/reactions", message), "{'emoji': '🔥'}"));
	EXPECT(200, t_delete(&p.bob, API "/conversations/%s", p.id));
	EXPECT(404, talk_messages(&p.ann, p.id));
	EXPECT(404, t_delete(&p.ann, API "/conversations/%s", p.id));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM secure_messages WHERE conversation_id = '%s'",
			    p.id));
	EXPECT_CSTR(p.id, event(&p.ann, "conversation_deleted", "conversation_id"));
	EXPECT_CSTR(p.bob.id, event(&p.bob, "conversation_deleted", "deleted_by"));
	EXPECT_CSTR("gone reaction_added conversation_deleted", events(&p.bob));
}

/* ---- messages ---- */

#define HEADER "{\"b\": 1,  \"a\":[2.0]}"

TEST(a_message_comes_back_byte_for_byte)
{
	struct pair p = talk_pair();
	const struct t_reply *r =
		EXPECT(201,
		       t_post_json(&p.ann, API "/messages",
				   "{'conversation_id': '%s', 'receiver_id': '%s',"
				   " 'ciphertext': ' +/=\\n\\u00e4 ', 'iv': 'aXY=',"
				   " 'message_header': %s, 'key_version': 'v2', 'message_type': 7}",
				   p.id, p.bob.id, t_quote(HEADER)));

	EXPECT_STR(p.ann.id, r, "sender_id");
	EXPECT_STR(p.bob.id, r, "receiver_id");
	EXPECT_NONE(r, "delivered_at");
	r = EXPECT(200, talk_messages(&p.bob, p.id));
	EXPECT_STR(" +/=\n\xc3\xa4 ", r, "messages[0].ciphertext");
	EXPECT_STR(HEADER, r, "messages[0].message_header");
	EXPECT_STR("aXY=", r, "messages[0].iv");
	EXPECT_STR("v2", r, "messages[0].key_version");
	EXPECT_INT(7, r, "messages[0].message_type");
	EXPECT_COUNT(0, r, "messages[0].reactions");
	EXPECT_CSTR(HEADER, event(&p.bob, "new_message", "message_header"));
	EXPECT_CSTR(" +/=\n\xc3\xa4 ", event(&p.bob, "new_message", "ciphertext"));
	EXPECT_CSTR(t_json(r, "messages[0].created_at"),
		    event(&p.bob, "new_message", "created_at"));
}

/* On an open socket as when a client comes back: the existing one reads it as it reads a list. */
TEST(t_msg_4_a_message_arrives_whole_on_every_open_socket)
{
	struct pair p = talk_pair();
	struct t_socket *phone = t_socket_open(&p.bob, NULL),
			*tablet = t_socket_open(&p.bob, "v=2");
	const char *message = talk_send(&p.ann, p.id, T_SECRET);
	const struct t_reply *r = EXPECT(101, t_socket_wait(phone, "new_message"));

	EXPECT_STR(message, r, "payload.id");
	EXPECT_STR(p.id, r, "payload.conversation_id");
	EXPECT_STR(p.ann.id, r, "payload.sender_id");
	EXPECT_STR(p.bob.id, r, "payload.receiver_id");
	EXPECT_STR(T_SECRET, r, "payload.ciphertext");
	EXPECT_STR("x3dh", r, "payload.key_version");
	EXPECT_INT(1, r, "payload.message_type");
	EXPECT_STR(t_json(talk_messages(&p.ann, p.id), "messages[0].created_at"), r,
		   "payload.created_at");
	EXPECT_STR(T_SECRET, EXPECT(101, t_socket_wait(tablet, "new_message")),
		   "payload.ciphertext");
	t_socket_cut(tablet);
	EXPECT(200, t_delete(&p.ann, API "/messages/%s", message));
	EXPECT_STR(message, EXPECT(101, t_socket_wait(phone, "message_deleted")),
		   "payload.message_id");
	r = EXPECT(101, t_socket_wait(t_socket_open(&p.bob, "v=2&last=0"), "events"));
	EXPECT_STR("gone", r, "payload.events[0].type");
	EXPECT_INT(1, r, "payload.events[0].seq");
}

TEST(a_message_that_cannot_be_is_refused)
{
	struct pair p = talk_pair(), q = talk_pair();
	const char *elsewhere = talk_send(&q.ann, q.id, "x");
	const char *big = t_repeat("x", 65537);

	EXPECT(400, t_post_json(&p.ann, API "/messages", "{'conversation_id': '%s'}", p.id));
	EXPECT(400, t_post_json(&p.ann, API "/messages", "{'ciphertext': 'x'}"));
	EXPECT(400, talk_try_send(&p.ann, p.id, ""));
	EXPECT(400, talk_try_send(&p.ann, p.id, big));
	EXPECT(201, talk_try_send(&p.ann, p.id, big + 1));
	EXPECT(400, talk_try_send(&p.ann, p.id, t_repeat("ä", 40000)));
	EXPECT(400,
	       t_post_json(&p.ann, API "/messages",
			   "{'conversation_id': '%s', 'ciphertext': 'x', 'message_header': '%s'}",
			   p.id, t_repeat("x", 8193)));
	EXPECT(413, talk_try_send(&p.ann, p.id, t_repeat("x", 200000)));
	EXPECT_CODE("wrong_receiver",
		    EXPECT(403,
			   t_post_json(&p.ann, API "/messages",
				       "{'conversation_id': '%s', 'receiver_id': '%s',"
				       " 'ciphertext': 'x'}",
				       p.id, q.ann.id)));
	EXPECT(400,
	       t_post_json(&p.ann, API "/messages",
			   "{'conversation_id': '%s', 'reply_to_id': '%s', 'ciphertext': 'x'}",
			   p.id, elsewhere));
	EXPECT(400,
	       t_post_json(&p.ann, API "/messages",
			   "{'conversation_id': '%s', 'ciphertext': 'x',"
			   " 'expires_at': '2020-01-01T00:00:00Z'}",
			   p.id));
	EXPECT_COUNT(1, talk_messages(&p.bob, p.id), "messages");
}

TEST(t_msg_4_a_message_is_stored_announced_and_pushed)
{
	struct pair p = talk_pair();
	const char *message = talk_send(&p.ann, p.id, T_SECRET);

	EXPECT_CSTR("new_message", events(&p.bob));
	EXPECT_CSTR(message, event(&p.bob, "new_message", "id"));
	EXPECT_CSTR(p.id, event(&p.bob, "new_message", "conversation_id"));
	EXPECT_CSTR("", events(&p.ann));
	EXPECT_CSTR(p.id,
		    t_sql("SELECT metadata->>'conversation_id' FROM notifications"
			  " WHERE user_id = '%s' AND actor_id = '%s' AND type = 'message'",
			  p.bob.id, p.ann.id));
	EXPECT_COUNT(0, t_get(&p.bob, API "/notifications"), "notifications");
}

/* Each message tells the receiver anew, with one row for all of a sender. */
TEST(t_msg_4_a_second_message_is_pushed_too)
{
	struct pair p = talk_pair();

	talk_send(&p.ann, p.id, "one");
	EXPECT(200, t_post(&p.bob, API "/conversations/%s/read", p.id));
	EXPECT_CSTR("t",
		    t_sql("SELECT is_read FROM notifications WHERE user_id = '%s'"
			  "   AND type = 'message'",
			  p.bob.id));
	talk_send(&p.ann, p.id, "two");
	EXPECT_CSTR("f",
		    t_sql("SELECT is_read FROM notifications WHERE user_id = '%s'"
			  "   AND type = 'message'",
			  p.bob.id));
}

TEST(commands_between_clients_are_neither_unread_nor_pushed)
{
	struct pair p = talk_pair();

	EXPECT(201,
	       t_post_json(&p.ann, API "/messages",
			   "{'conversation_id': '%s', 'ciphertext': 'x', 'message_type': 2}",
			   p.id));
	EXPECT_INT(2, talk_messages(&p.bob, p.id), "messages[0].message_type");
	EXPECT_CSTR("new_message", events(&p.bob));
	EXPECT_INT(0, t_get(&p.bob, API "/notifications/badge"), "message_count");
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'"
			    "   AND type = 'message'",
			    p.bob.id));
}

TEST(fetching_delivers_and_tells_the_sender)
{
	struct pair p = talk_pair();
	const char *one = talk_send(&p.ann, p.id, "one"), *two = talk_send(&p.ann, p.id, "two");
	struct t_request head = { .method = "HEAD",
				  .path = t_fmt(API "/conversations/%s/messages", p.id),
				  .user = &p.bob };

	EXPECT(200, t_send(&head));
	EXPECT_CSTR("", events(&p.ann));
	EXPECT_NONE(talk_messages(&p.ann, p.id), "messages[0].delivered_at");
	const struct t_reply *r = EXPECT(200, talk_messages(&p.bob, p.id));
	EXPECT_STR(two, r, "messages[0].id");
	EXPECT_TRUE(t_json(r, "messages[0].delivered_at") != NULL);
	EXPECT_CSTR("messages_delivered", events(&p.ann));
	const char *ids = event(&p.ann, "messages_delivered", "message_ids");
	EXPECT_TRUE(strstr(ids, one) && strstr(ids, two));
	talk_messages(&p.bob, p.id);
	EXPECT_CSTR("messages_delivered", events(&p.ann));
	EXPECT_TRUE(t_json(talk_messages(&p.ann, p.id), "messages[1].delivered_at") != NULL);
}

TEST(reading_marks_and_tells_the_sender_and_the_other_devices)
{
	struct pair p = talk_pair();
	const char *one = talk_send(&p.ann, p.id, "one");

	talk_send(&p.ann, p.id, "two");
	EXPECT_INT(2, t_get(&p.bob, API "/notifications/badge"), "message_count");
	EXPECT_INT(2, t_get(&p.bob, API "/notifications/badge"), "total_count");
	EXPECT_INT(1,
		   EXPECT(200,
			  t_post_json(&p.bob, t_fmt(API "/conversations/%s/read", p.id),
				      "{'up_to': '%s'}", one)),
		   "read");
	EXPECT_INT(0,
		   EXPECT(200,
			  t_post_json(&p.bob, t_fmt(API "/conversations/%s/read", p.id),
				      "{'up_to': '%s'}", NOBODY)),
		   "read");
	EXPECT_INT(1, t_get(&p.bob, API "/notifications/badge"), "message_count");
	EXPECT_CSTR("messages_read", events(&p.ann));
	EXPECT_TRUE(
		t_sql_int("SELECT count(*) FROM live_events WHERE kind = 'badge' AND topic = '%s'",
			  p.bob.id)
		> 0);
	EXPECT_INT(1, EXPECT(200, t_post(&p.bob, API "/conversations/%s/read", p.id)), "read");
	EXPECT_INT(0, t_get(&p.bob, API "/conversations"), "conversations[0].unread_count");
	EXPECT_INT(0, EXPECT(200, t_post(&p.ann, API "/conversations/%s/read", p.id)), "read");
	EXPECT_CSTR("messages_read messages_read", events(&p.ann));
	EXPECT_CSTR(p.bob.id, event(&p.ann, "messages_read", "user_id"));
	const struct t_reply *r = talk_messages(&p.ann, p.id);
	EXPECT_TRUE(t_json(r, "messages[0].read_at") && t_json(r, "messages[0].delivered_at"));
}

TEST(answering_says_that_what_came_before_is_read)
{
	struct pair p = talk_pair();

	talk_send(&p.ann, p.id, "a question");
	talk_send(&p.bob, p.id, "an answer");
	EXPECT_INT(0, t_get(&p.bob, API "/notifications/badge"), "message_count");
	EXPECT_CSTR("messages_read new_message", events(&p.ann));
}

TEST(only_the_sender_deletes_a_message_and_both_are_told)
{
	struct pair p = talk_pair();
	const char *one = talk_send(&p.ann, p.id, T_SECRET);

	EXPECT(201,
	       t_post_json(&p.bob, API "/messages",
			   "{'conversation_id': '%s', 'ciphertext': 'x', 'reply_to_id': '%s'}",
			   p.id, one));
	EXPECT_STR(one, talk_messages(&p.ann, p.id), "messages[0].reply_to_id");
	EXPECT(404, t_delete(&p.bob, API "/messages/%s", one));
	EXPECT(200, t_delete(&p.ann, API "/messages/%s", one));
	EXPECT(404, t_delete(&p.ann, API "/messages/%s", one));
	const struct t_reply *r = talk_messages(&p.ann, p.id);
	EXPECT_COUNT(1, r, "messages");
	EXPECT_NONE(r, "messages[0].reply_to_id");
	EXPECT_CSTR(one, event(&p.ann, "message_deleted", "message_id"));
	EXPECT_CSTR(p.ann.id, event(&p.bob, "message_deleted", "deleted_by"));
	EXPECT_CSTR("gone messages_delivered message_deleted", events(&p.bob));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM user_events WHERE payload::text LIKE '%%%s%%'",
			    T_SECRET));
}

TEST(messages_that_have_expired_are_neither_shown_nor_kept)
{
	struct pair p = talk_pair();
	const char *message =
		t_json(EXPECT(201,
			      t_post_json(&p.ann, API "/messages",
					  "{'conversation_id': '%s', 'ciphertext': 'x',"
					  " 'expires_at': '2199-01-01T00:00:00Z'}",
					  p.id)),
		       "id");

	EXPECT_STR("2199-01-01T00:00:00.000000Z", talk_messages(&p.bob, p.id),
		   "messages[0].expires_at");
	t_sql("UPDATE secure_messages SET expires_at = now() - interval '1 second' WHERE id = '%s'",
	      message);
	EXPECT_COUNT(0, talk_messages(&p.bob, p.id), "messages");
	EXPECT_INT(0, t_get(&p.bob, API "/notifications/badge"), "message_count");
	EXPECT_CSTR("gone", events(&p.bob));
	EXPECT(404,
	       t_post_json(&p.bob, t_fmt(API "/messages/%s/reactions", message), "{'emoji': '🔥'}"));
	t_sql("PREPARE purge AS %s; EXECUTE purge (1000)", sql_chat_purge.text);
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM secure_messages WHERE id = '%s'", message));
}

TEST(messages_page_by_cursor_and_by_offset)
{
	struct pair p = talk_pair();

	for (int i = 0; i < 5; i++)
		talk_send(&p.ann, p.id, t_fmt("%d", i));
	const struct t_reply *r =
		EXPECT(200, t_get(&p.bob, API "/conversations/%s/messages?limit=2", p.id));
	EXPECT_COUNT(2, r, "messages");
	EXPECT_STR("4", r, "messages[0].ciphertext");
	const char *cursor = t_json(r, "next_cursor");
	talk_send(&p.ann, p.id, "new"); /* moves offsets, and no cursor */
	r = EXPECT(200,
		   t_get(&p.bob, API "/conversations/%s/messages?limit=2&cursor=%s", p.id, cursor));
	EXPECT_STR("2", r, "messages[0].ciphertext");
	EXPECT_STR("2", t_get(&p.bob, API "/conversations/%s/messages?limit=2&offset=3", p.id),
		   "messages[0].ciphertext");
}

TEST(reactions_are_one_a_person_and_sign)
{
	struct pair p = talk_pair();
	const char *path = t_fmt(API "/messages/%s/reactions", talk_send(&p.ann, p.id, "x"));
	const struct t_reply *first = EXPECT(201, t_post_json(&p.bob, path, "{'emoji': '🔥'}"));
	const struct t_reply *again = EXPECT(200, t_post_json(&p.bob, path, "{'emoji': '🔥'}"));

	EXPECT_STR(t_json(first, "id"), again, "id");
	EXPECT_STR(p.bob.id, first, "user_id");
	EXPECT(201, t_post_json(&p.ann, path, "{'emoji': '🔥'}"));
	EXPECT(400, t_post_json(&p.ann, path, "{'emoji': ''}"));
	EXPECT(400, t_post_json(&p.ann, path, "{'emoji': '12345678901'}"));
	const struct t_reply *r = talk_messages(&p.ann, p.id);
	EXPECT_COUNT(2, r, "messages[0].reactions");
	EXPECT_STR("🔥", r, "messages[0].reactions[0].emoji");
	EXPECT_CSTR("reaction_added reaction_added", events(&p.ann));
	EXPECT(200, t_delete(&p.bob, "%s?emoji=%%F0%%9F%%94%%A5", path));
	EXPECT(200, t_delete(&p.bob, "%s?emoji=%%F0%%9F%%94%%A5", path));
	EXPECT_COUNT(1, talk_messages(&p.ann, p.id), "messages[0].reactions");
	EXPECT_CSTR(p.bob.id, event(&p.ann, "reaction_removed", "user_id"));
}
