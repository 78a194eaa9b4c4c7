/* Conversations: the list, opening, reading them, deleting. */
#include "app/chat/chat_db.h"

#include "app/gateway/gateway.h"

static const struct rate rate_open = { "conversation", 1, 60 };

static const struct err_info info_self = { 400, "self", "you cannot talk to yourself", NULL };
static const struct err_info info_not_allowed = {
	403, "not_allowed_to_message", "you cannot start a conversation with this person", NULL
};
static const err err_self = { &info_self };
static const err err_not_allowed = { &info_not_allowed };

struct conversation_page {
	struct list conversations;
	str next_cursor;
};
static const struct field conversation_page_fields[] = {
	FIELD(struct conversation_page, conversations, .of = conversation_fields),
	FIELD(struct conversation_page, next_cursor),
	{ 0 },
};

static err list_conversations(struct req *r)
{
	struct conversation_page out;
	struct page p;

	TRY(page_read(r, &p));
	TRY(conversations_list(r->db, r->user.id, &p, &out.conversations));
	out.next_cursor = page_after(r, &p, &out.conversations,
				     offsetof(struct conversation, last_message_at),
				     offsetof(struct conversation, id));
	return reply(r, &out);
}

struct open_query {
	uuid other_user_id;
};
static const struct field open_query_fields[] = {
	FIELD(struct open_query, other_user_id, .required = true),
	{ 0 },
};

struct opened {
	uuid conversation_id;
};
static const struct field opened_fields[] = {
	FIELD(struct opened, conversation_id, .required = true),
	{ 0 },
};

/* A GET, as the client knows it, although it makes what is not there; a HEAD does not. */
static err open_conversation(struct req *r)
{
	struct open_query q;
	struct opened out;

	TRY(req_query(r, &q, NULL));
	if (uuid_eq(q.other_user_id, r->user.id))
		return err_self;
	TRY(conversation_open(r->db, r->user.id, q.other_user_id, !r->head, &out.conversation_id));
	if (uuid_is_nil(out.conversation_id))
		return r->head ? err_not_found : err_not_allowed;
	return reply(r, &out);
}

struct done {
	bool success;
	str message;
};
static const struct field done_fields[] = {
	FIELD(struct done, success),
	FIELD(struct done, message),
	{ 0 },
};

static err delete_conversation(struct req *r)
{
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(conversation_delete(r->db, r->user.id, id));
	return reply(r, &(struct done){ true, S("conversation deleted") });
}

struct message_page {
	struct list messages;
	str next_cursor;
};
static const struct field message_page_fields[] = {
	FIELD(struct message_page, messages, .of = message_row_fields),
	FIELD(struct message_page, next_cursor),
	{ 0 },
};

static err mark_delivered(struct req *r, const struct list *messages)
{
	struct uuids ids = { arena_alloc(r->arena, messages->n * sizeof(uuid) + 1), 0 };
	struct message_row *m = messages->v;
	usec now = time_now();

	for (size_t i = 0; i < messages->n; i++) {
		if (m[i].delivered_at.us || !uuid_eq(m[i].receiver_id, r->user.id))
			continue;
		ids.v[ids.n++] = m[i].id;
		m[i].delivered_at = now;
	}
	return ids.n ? messages_delivered(r->db, r->user.id, ids) : OK;
}

/* What the caller fetches for the first time has been delivered to him; where nobody may write, it can be read
 * all the same. */
static err deliver(struct req *r, const struct list *messages)
{
	err e;

	if (!gate_try_here(r->app->gate))
		return OK;
	e = mark_delivered(r, messages);
	gate_leave(r->app->gate);
	return e;
}

static err list_messages(struct req *r)
{
	struct message_page out;
	struct page p;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(page_read(r, &p));
	TRY(messages_list(r->db, r->user.id, id, &p, &out.messages));
	if (!r->head)
		TRY(deliver(r, &out.messages));
	out.next_cursor = page_after(r, &p, &out.messages, offsetof(struct message_row, created_at),
				     offsetof(struct message_row, id));
	return reply(r, &out);
}

struct up_to {
	uuid up_to;
};
static const struct field up_to_fields[] = {
	FIELD(struct up_to, up_to, .help = "a message; without it everything is read"),
	{ 0 },
};

struct read_count {
	bool success;
	int32_t read;
};
static const struct field read_count_fields[] = {
	FIELD(struct read_count, success),
	FIELD(struct read_count, read, .help = "messages that were unread until now"),
	{ 0 },
};

static err read_conversation(struct req *r)
{
	struct read_count out = { .success = true };
	struct up_to in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(messages_read(r->db, r->user.id, id, in.up_to, &out.read));
	return reply(r, &out);
}

#define C "/api/v1/conversations"

const struct route chat_routes[] = {
	{ GET, C, list_conversations, "the caller's conversations", .out = conversation_page_fields,
	  .page = 100, .page_max = 500 },
	{ GET, "/api/v1/conversation", open_conversation, "the conversation with somebody",
	  .writes = true, .rate = &rate_open, .query = open_query_fields, .out = opened_fields,
	  .errors = "403 404" },
	{ DELETE, C "/:id", delete_conversation, "delete a conversation for both",
	  .out = done_fields, .deadline = 60 * SECOND, .errors = "404" },
	{ GET, C "/:id/messages", list_messages, "messages, newest first",
	  .out = message_page_fields, .page = 50, .page_max = 100, .errors = "404" },
	{ POST, C "/:id/read", read_conversation, "mark messages read", .body = up_to_fields,
	  .out = read_count_fields, .errors = "404" },
	{ 0 },
};
