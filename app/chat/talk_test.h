/* Two who talk, for the tests of conversations. */
#pragma once

#include "test/harness/harness.h"

#define API    "/api/v1"
#define NOBODY "00000000-0000-4000-8000-000000000000"

/* Two who may talk, and their conversation. */
struct pair {
	struct t_user ann, bob;
	const char *id;
};

struct pair talk_pair(void);

/* The reply to opening a conversation; its id. */
const struct t_reply *talk_open(const struct t_user *who, const struct t_user *other);
const char *talk_conversation(const struct t_user *who, const struct t_user *other);

/* The reply to sending a message; the id of one that must arrive. */
const struct t_reply *talk_try_send(const struct t_user *who, const char *conversation,
				    const char *text);
const char *talk_send(const struct t_user *who, const char *conversation, const char *text);

const struct t_reply *talk_messages(const struct t_user *who, const char *conversation);
