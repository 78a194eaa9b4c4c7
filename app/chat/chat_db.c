/* One function per statement. */
#include "app/chat/chat_db.h"

#include "app/chat/chat.sql.h"
#include "app/events/events.h"

static const struct field participant_fields[] = {
	FIELD(struct participant, id, .required = true),
	FIELD(struct participant, handle),
	FIELD(struct participant, display_name),
	FIELD(struct participant, avatar_url, .address = true),
	{ 0 },
};

const struct field conversation_fields[] = {
	FIELD(struct conversation, id, .required = true),
	FIELD(struct conversation, participant_a, .required = true),
	FIELD(struct conversation, participant_b, .required = true),
	FIELD(struct conversation, created_at, .required = true),
	FIELD(struct conversation, last_message_at, .required = true),
	FIELD(struct conversation, participant_a_profile, .of = participant_fields),
	FIELD(struct conversation, participant_b_profile, .of = participant_fields),
	FIELD(struct conversation, unread_count, .help = "at most 1000"),
	{ 0 },
};

const struct field reaction_fields[] = {
	FIELD(struct reaction, id),
	FIELD(struct reaction, message_id),
	FIELD(struct reaction, user_id),
	FIELD(struct reaction, emoji),
	FIELD(struct reaction, created_at),
	FIELD(struct reaction, fresh, .hidden = true),
	{ 0 },
};

const struct field message_row_fields[] = {
	FIELD(struct message_row, id, .required = true),
	FIELD(struct message_row, conversation_id, .required = true),
	FIELD(struct message_row, sender_id, .required = true),
	FIELD(struct message_row, receiver_id, .required = true),
	FIELD(struct message_row, ciphertext, .required = true),
	FIELD(struct message_row, iv),
	FIELD(struct message_row, message_header),
	FIELD(struct message_row, key_version),
	FIELD(struct message_row, message_type, .help = "1 standard, 2 command"),
	FIELD(struct message_row, reply_to_id),
	FIELD(struct message_row, created_at, .required = true),
	FIELD(struct message_row, delivered_at),
	FIELD(struct message_row, read_at),
	FIELD(struct message_row, expires_at),
	FIELD(struct message_row, reactions,
	      .schema = "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"),
	{ 0 },
};

static const struct field sent_fields[] = {
	FIELD(struct sent, right_receiver),
	FIELD(struct sent, right_reply),
	FIELD(struct sent, message, .of = message_row_fields),
	{ 0 },
};

struct number {
	int32_t n;
};
static const struct field number_fields[] = {
	FIELD(struct number, n),
	{ 0 },
};

struct opened {
	uuid id;
};
static const struct field opened_fields[] = {
	FIELD(struct opened, id),
	{ 0 },
};

/* What ran has written events. */
static err told(err e)
{
	if (!e.info)
		events_wake();
	return e;
}

err conversations_list(struct db *db, uuid me, const struct page *p, struct list *out)
{
	return db_list(db, &sql_conversations_list, conversation_fields,
		       sizeof(struct conversation), out, ARG(me), ARG(p->limit), ARG(p->offset),
		       ARG(page_time(p)), ARG(p->id));
}

err conversation_open(struct db *db, uuid me, uuid other, bool make, uuid *ret_id)
{
	struct opened o;

	TRY(db_one(db, &sql_conversation_open, opened_fields, &o, ARG(me), ARG(other), ARG(make)));
	*ret_id = o.id;
	return OK;
}

err conversation_delete(struct db *db, uuid me, uuid id)
{
	return told(db_some(db, &sql_conversation_delete, ARG(me), ARG(id)));
}

err messages_list(struct db *db, uuid me, uuid conversation, const struct page *p, struct list *out)
{
	TRY(db_list(db, &sql_messages_list, message_row_fields, sizeof(struct message_row), out,
		    ARG(me), ARG(conversation), ARG(p->limit), ARG(p->offset), ARG(page_time(p)),
		    ARG(p->id)));
	if (out->n == 0)
		return err_not_found;
	const struct message_row *first = out->v;
	if (uuid_is_nil(first->id)) /* the row of an empty page */
		out->n = 0;
	return OK;
}

err message_send(struct db *db, uuid me, const struct new_message *m, struct sent *out)
{
	return told(db_one(db, &sql_message_send, sent_fields, out, ARG(me),
			   ARG(m->conversation_id), ARG(m->receiver_id), ARG(m->ciphertext),
			   ARG(m->iv), ARG(m->message_header), ARG(m->key_version),
			   ARG(m->message_type), ARG(m->reply_to_id), ARG(m->expires_at)));
}

err message_delete(struct db *db, uuid me, uuid id)
{
	return told(db_some(db, &sql_message_delete, ARG(me), ARG(id)));
}

void chat_delivered(struct db_batch *b, uuid receiver, struct uuids messages)
{
	db_batch_exec(b, &sql_messages_delivered, NULL, ARG(receiver), ARG(messages));
}

err messages_delivered(struct db *db, uuid me, struct uuids ids)
{
	struct db_batch *b = db_batch(db);

	chat_delivered(b, me, ids);
	return told(db_batch_run(b));
}

err messages_read(struct db *db, uuid me, uuid conversation, uuid up_to, int32_t *ret_n)
{
	struct number read;

	TRY(told(db_one(db, &sql_messages_read, number_fields, &read, ARG(me), ARG(conversation),
			ARG(up_to))));
	*ret_n = read.n;
	return OK;
}

err reaction_add(struct db *db, uuid me, uuid message, str emoji, struct reaction *out)
{
	return told(db_one(db, &sql_reaction_add, reaction_fields, out, ARG(me), ARG(message),
			   ARG(emoji)));
}

err reaction_remove(struct db *db, uuid me, uuid message, str emoji)
{
	return told(db_some(db, &sql_reaction_remove, ARG(me), ARG(message), ARG(emoji)));
}

/* A bounded piece at a time. */
err chat_purge(struct job *j)
{
	enum { PIECE = 1000, PIECES = 1000 };
	int64_t gone = PIECE;

	for (int i = 0; i < PIECES && gone == PIECE; i++)
		TRY(db_exec(j->db, &sql_chat_purge, &gone, ARG((int32_t)PIECE)));
	return OK;
}
