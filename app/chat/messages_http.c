/* Messages: sending, deleting, reacting. What is in them is for their receiver only. */
#include "app/chat/chat_db.h"

#include "app/rates.h"

enum { CIPHERTEXT_MAX = 64 << 10, HEADER_MAX = 8 << 10, EMOJI_MAX = 10 };

static const struct rate rate_message = { "message", 1, 60 };

static const struct err_info info_receiver = { 403, "wrong_receiver",
					       "receiver_id is not the other participant",
					       "receiver_id" };

static const struct field new_message_fields[] = {
	FIELD(struct new_message, conversation_id, .required = true),
	FIELD(struct new_message, receiver_id, .help = "the other one; only checked"),
	FIELD(struct new_message, ciphertext, .required = true, .keep_space = true, .min = 1,
	      .max = CIPHERTEXT_MAX),
	FIELD(struct new_message, iv, .keep_space = true, .max = 1024),
	FIELD(struct new_message, message_header, .keep_space = true, .max = HEADER_MAX),
	FIELD(struct new_message, key_version, .keep_space = true, .max = 32),
	FIELD(struct new_message, message_type, .has_range = true, .min = 0, .max = 255,
	      .help = "1 standard (default), 2 command"),
	FIELD(struct new_message, reply_to_id),
	FIELD(struct new_message, expires_at, .help = "not shown any more from then on"),
	{ 0 },
};

/* The contract counts bytes where field tables count characters. */
static err check_sizes(struct req *r, const struct new_message *m)
{
	if (m->ciphertext.n > CIPHERTEXT_MAX)
		return req_fail(r, err_invalid, "ciphertext must have at most %d bytes",
				CIPHERTEXT_MAX);
	if (m->message_header.n > HEADER_MAX)
		return req_fail(r, err_invalid, "message_header must have at most %d bytes",
				HEADER_MAX);
	return OK;
}

static void fill_in(struct new_message *m, bool has_type)
{
	if (!has_type)
		m->message_type = 1;
	if (!m->iv.p)
		m->iv = S("");
	if (!m->message_header.p)
		m->message_header = S("");
	if (!m->key_version.p)
		m->key_version = S("x3dh");
}

static err send_message(struct req *r)
{
	struct new_message in;
	struct present present;
	struct sent out;

	TRY(req_body(r, &in, &present));
	TRY(check_sizes(r, &in));
	if (in.expires_at.us && in.expires_at.us <= time_now().us)
		return req_fail(r, err_invalid, "expires_at must be in the future");
	fill_in(&in, present_has(&present, new_message_fields, "message_type"));
	TRY(message_send(r->db, r->user.id, &in, &out));
	if (!out.right_receiver)
		return (err){ &info_receiver };
	if (!out.right_reply)
		return req_fail(r, err_invalid, "reply_to_id is no message of this conversation");
	if (uuid_is_nil(out.message.id)) /* the conversation was deleted meanwhile */
		return err_not_found;
	jobs_wake();
	return reply(r, &out.message);
}

struct done {
	bool success;
	str message;
};
static const struct field done_fields[] = {
	FIELD(struct done, success),
	FIELD(struct done, message, .omit_absent = true),
	{ 0 },
};

static err delete_message(struct req *r)
{
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(message_delete(r->db, r->user.id, id));
	return reply(r, &(struct done){ true, S("message deleted") });
}

struct emoji {
	str emoji;
};
static const struct field emoji_fields[] = {
	FIELD(struct emoji, emoji, .required = true, .min = 1, .max = EMOJI_MAX),
	{ 0 },
};

static err add_reaction(struct req *r)
{
	struct reaction out;
	struct emoji in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(reaction_add(r->db, r->user.id, id, in.emoji, &out));
	return reply_as(r, out.fresh ? 201 : 200, reaction_fields, &out);
}

static err remove_reaction(struct req *r)
{
	struct emoji in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_query(r, &in, NULL));
	TRY(reaction_remove(r->db, r->user.id, id, in.emoji));
	return reply(r, &(struct done){ .success = true });
}

#define M "/api/v1/messages"

const struct route messages_routes[] = {
	{ POST, M, send_message, "send a message", .rate = &rate_message,
	  .body = new_message_fields, .out = message_row_fields, .status = 201,
	  .body_max = 160 << 10, .errors = "403 404" },
	{ DELETE, M "/:id", delete_message, "delete one's own message for both", .out = done_fields,
	  .errors = "404" },
	{ POST, M "/:id/reactions", add_reaction, "react to a message; 200 when it was there",
	  .rate = &rate_react, .body = emoji_fields, .out = reaction_fields, .status = 201,
	  .errors = "404" },
	{ DELETE, M "/:id/reactions", remove_reaction, "take a reaction back",
	  .query = emoji_fields, .out = done_fields, .errors = "404" },
	{ 0 },
};
