/* Within app/chat only: records and statements. All suspend; err_not_found is also for what is hidden. */
#pragma once

#include "app/chat/chat.h"
#include "lib/db/db.h"
#include "lib/web/page.h"

struct participant {
	uuid id;
	str handle, display_name, avatar_url;
};

struct conversation {
	uuid id, participant_a, participant_b;
	usec created_at, last_message_at;
	struct participant participant_a_profile, participant_b_profile;
	int32_t unread_count;
};
extern const struct field conversation_fields[];

struct message_row {
	uuid id, conversation_id, sender_id, receiver_id;
	str ciphertext, iv, message_header, key_version;
	int32_t message_type;
	uuid reply_to_id;
	usec created_at, delivered_at, read_at, expires_at;
	struct json reactions;
};
extern const struct field message_row_fields[];

struct new_message {
	uuid conversation_id, receiver_id;
	str ciphertext, iv, message_header, key_version;
	int32_t message_type;
	uuid reply_to_id;
	usec expires_at;
};

struct reaction {
	uuid id, message_id, user_id;
	str emoji;
	usec created_at;
	bool fresh;
};
extern const struct field reaction_fields[];

err conversations_list(struct db *db, uuid me, const struct page *p, struct list *out);

/* The conversation with this person; with `make` it is made if there is none. nil: there is none, and with `make`
 * he cannot be written to. */
err conversation_open(struct db *db, uuid me, uuid other, bool make, uuid *ret_id);
err conversation_delete(struct db *db, uuid me, uuid id);

/* Newest first. */
err messages_list(struct db *db, uuid me, uuid conversation, const struct page *p,
		  struct list *out);

/* Nothing is stored when one of the two is false. */
struct sent {
	bool right_receiver, right_reply;
	struct message_row message;
};
err message_send(struct db *db, uuid me, const struct new_message *m, struct sent *out);
err message_delete(struct db *db, uuid me, uuid id);

/* The messages reached a device of `me`; others' ids change nothing. */
err messages_delivered(struct db *db, uuid me, struct uuids ids);

/* What `me` received there up to this message (nil: all), and with it what was told of it. */
err messages_read(struct db *db, uuid me, uuid conversation, uuid up_to, int32_t *ret_n);

err reaction_add(struct db *db, uuid me, uuid message, str emoji, struct reaction *out);
err reaction_remove(struct db *db, uuid me, uuid message, str emoji);
