/*
 * Conversations of two, whose messages the server stores and cannot read: domain-rules §13, contract §5.11.
 * Access is decided by the SQL functions my_conversations and my_messages; what happens is told by events
 * (app/events) of the kinds new_message, message_deleted, conversation_deleted, reaction_added,
 * reaction_removed, messages_delivered and messages_read.
 */
#pragma once

#include "app/ops/jobs.h"
#include "lib/db/db.h"

extern const struct route chat_routes[], messages_routes[];

/* Messages have reached a device of this receiver; others' ids change nothing. Queued, so that several receivers'
 * are one round trip; then their senders' events are there (events_wake). */
void chat_delivered(struct db_batch *b, uuid receiver, struct uuids messages);

/* Hourly: deletes messages that have expired. Suspends. */
err chat_purge(struct job *j);
