/* See talk_test.h. */
#include "app/chat/talk_test.h"

const struct t_reply *talk_open(const struct t_user *who, const struct t_user *other)
{
	return t_get(who, API "/conversation?other_user_id=%s", other->id);
}

const char *talk_conversation(const struct t_user *who, const struct t_user *other)
{
	return t_json(EXPECT(200, talk_open(who, other)), "conversation_id");
}

struct pair talk_pair(void)
{
	struct pair p = { .ann = t_user("ann"), .bob = t_user("bob") };

	t_mutual(&p.ann, &p.bob);
	p.id = talk_conversation(&p.ann, &p.bob);
	return p;
}

const struct t_reply *talk_try_send(const struct t_user *who, const char *conversation,
				    const char *text)
{
	return t_post_json(who, API "/messages", "{'conversation_id': '%s', 'ciphertext': %s}",
			   conversation, t_quote(text));
}

const char *talk_send(const struct t_user *who, const char *conversation, const char *text)
{
	return t_json(EXPECT(201, talk_try_send(who, conversation, text)), "id");
}

const struct t_reply *talk_messages(const struct t_user *who, const char *conversation)
{
	return t_get(who, API "/conversations/%s/messages", conversation);
}
