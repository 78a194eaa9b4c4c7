/*
 * The export is sent while it is read: one page of one list is in memory at a time, in an arena of its own, so an
 * account with fifty thousand posts costs as much as one with fifty.
 */
#include "app/export/export.h"

#include "app/export/export.sql.h"
#include "app/profiles/profiles.h"
#include "lib/base/json.h"
#include "lib/web/req.h"

#include <string.h>

enum { PAGE = 500, MESSAGES = 50 }; /* rows; a message may have 72 KB */

static const struct rate rate_export = { "export", 5.0 / 3600, 5 };

/* ---- what is in it ---- */

struct written {
	uuid id;
	str body, image_url, video_url;
	usec created_at;
	str visibility, status;
	uuid chain_parent_id;
	struct strs tags;
};
static const struct field post_item_fields[] = {
	FIELD(struct written, id),
	FIELD(struct written, body),
	FIELD(struct written, image_url, .address = true),
	FIELD(struct written, video_url, .address = true),
	FIELD(struct written, created_at),
	FIELD(struct written, visibility),
	FIELD(struct written, status),
	FIELD(struct written, chain_parent_id),
	FIELD(struct written, tags),
	{ 0 },
};

struct commented {
	uuid id, post_id;
	str body;
	usec created_at;
};
static const struct field comment_item_fields[] = {
	FIELD(struct commented, id),
	FIELD(struct commented, post_id),
	FIELD(struct commented, body),
	FIELD(struct commented, created_at),
	{ 0 },
};

struct marked {
	uuid id;
	usec created_at;
};
static const struct field marked_fields[] = {
	FIELD(struct marked, id, .help = "the post's"),
	FIELD(struct marked, created_at),
	{ 0 },
};

struct reacted {
	uuid id;
	str emoji;
	usec created_at;
};
static const struct field reacted_fields[] = {
	FIELD(struct reacted, id, .help = "the post's"),
	FIELD(struct reacted, emoji),
	FIELD(struct reacted, created_at),
	{ 0 },
};

struct acquaintance {
	uuid id;
	str handle, display_name;
	usec followed_at;
};
static const struct field acquaintance_fields[] = {
	FIELD(struct acquaintance, id),
	FIELD(struct acquaintance, handle),
	FIELD(struct acquaintance, display_name),
	FIELD(struct acquaintance, followed_at),
	{ 0 },
};

struct blockee {
	uuid id;
	str handle;
	usec blocked_at;
};
static const struct field blockee_fields[] = {
	FIELD(struct blockee, id),
	FIELD(struct blockee, handle),
	FIELD(struct blockee, blocked_at),
	{ 0 },
};

/* As the server has it, which cannot read it either. */
struct letter {
	uuid id, sender_id;
	str ciphertext, iv, message_header, key_version;
	int32_t message_type;
	uuid reply_to_id;
	usec created_at, delivered_at, read_at, expires_at;
};
static const struct field message_item_fields[] = {
	FIELD(struct letter, id),
	FIELD(struct letter, sender_id),
	FIELD(struct letter, ciphertext),
	FIELD(struct letter, iv),
	FIELD(struct letter, message_header),
	FIELD(struct letter, key_version),
	FIELD(struct letter, message_type),
	FIELD(struct letter, reply_to_id),
	FIELD(struct letter, created_at),
	FIELD(struct letter, delivered_at),
	FIELD(struct letter, read_at),
	FIELD(struct letter, expires_at),
	{ 0 },
};

struct talk {
	uuid id, with_id;
	str with_handle;
	usec created_at, last_message_at;
	struct list messages; /* a section of its own */
};
static const struct field talk_head_fields[] = {
	FIELD(struct talk, id),
	FIELD(struct talk, with_id),
	FIELD(struct talk, with_handle),
	FIELD(struct talk, created_at),
	FIELD(struct talk, last_message_at),
	{ 0 },
};
static const struct field talk_fields[] = {
	FIELD(struct talk, id),
	FIELD(struct talk, with_id),
	FIELD(struct talk, with_handle),
	FIELD(struct talk, created_at),
	FIELD(struct talk, last_message_at),
	FIELD(struct talk, messages, .of = message_item_fields,
	      .help = "encrypted, as they were sent"),
	{ 0 },
};

/* The document; its lists are never filled, but written from the sections below. */
struct export
{
	struct profile profile;
	struct json account, settings, notification_preferences;
	struct list posts, comments, likes, saves, reactions, following, followers, blocked;
	struct list conversations;
};
static const struct field export_fields[] = {
	FIELD(struct export, profile, .of = profile_fields),
	FIELD(struct export, account),
	FIELD(struct export, settings),
	FIELD(struct export, notification_preferences),
	FIELD(struct export, posts, .of = post_item_fields),
	FIELD(struct export, comments, .of = comment_item_fields),
	FIELD(struct export, likes, .of = marked_fields),
	FIELD(struct export, saves, .of = marked_fields),
	FIELD(struct export, reactions, .of = reacted_fields),
	FIELD(struct export, following, .of = acquaintance_fields),
	FIELD(struct export, followers, .of = acquaintance_fields),
	FIELD(struct export, blocked, .of = blockee_fields),
	FIELD(struct export, conversations, .of = talk_fields),
	{ 0 },
};

static const struct field head_fields[] = {
	FIELD(struct export, profile, .of = profile_fields),
	FIELD(struct export, account),
	FIELD(struct export, settings),
	FIELD(struct export, notification_preferences),
	{ 0 },
};

static const struct field account_fields[] = {
	FIELD(struct export, account),
	FIELD(struct export, settings),
	FIELD(struct export, notification_preferences),
	{ 0 },
};

/* A list: its member, where its rows, which begin with an id, have the time they are sorted by, how many are read
 * at once (0: PAGE), and the list that each of them has as its last member. */
struct section {
	const char *member;
	const struct stmt *list;
	const struct field *fields;
	size_t size, time_at;
	int32_t page;
	const struct section *inner;
};

static const struct section messages = {
	"messages",
	&sql_export_messages,
	message_item_fields,
	sizeof(struct letter),
	.time_at = offsetof(struct letter, created_at),
	.page = MESSAGES,
};

static const struct section sections[] = {
	{ "posts", &sql_export_posts, post_item_fields, sizeof(struct written),
	  .time_at = offsetof(struct written, created_at) },
	{ "comments", &sql_export_comments, comment_item_fields, sizeof(struct commented),
	  .time_at = offsetof(struct commented, created_at) },
	{ "likes", &sql_export_likes, marked_fields, sizeof(struct marked),
	  .time_at = offsetof(struct marked, created_at) },
	{ "saves", &sql_export_saves, marked_fields, sizeof(struct marked),
	  .time_at = offsetof(struct marked, created_at) },
	{ "reactions", &sql_export_reactions, reacted_fields, sizeof(struct reacted),
	  .time_at = offsetof(struct reacted, created_at) },
	{ "following", &sql_export_following, acquaintance_fields, sizeof(struct acquaintance),
	  .time_at = offsetof(struct acquaintance, followed_at) },
	{ "followers", &sql_export_followers, acquaintance_fields, sizeof(struct acquaintance),
	  .time_at = offsetof(struct acquaintance, followed_at) },
	{ "blocked", &sql_export_blocked, blockee_fields, sizeof(struct blockee),
	  .time_at = offsetof(struct blockee, blocked_at) },
	{ "conversations", &sql_export_conversations, talk_head_fields, sizeof(struct talk),
	  .time_at = offsetof(struct talk, created_at), .inner = &messages },
};

/* ---- sending it ---- */

/* Where a list goes on. */
struct place {
	usec before;
	uuid id;
	bool more, first;
};

static err send_list(struct req *r, const struct section *s, uuid of);

/* A row with its own list behind its other members. Suspends. */
static err send_nested(struct req *r, struct arena *a, const struct section *s, const void *row,
		       bool first)
{
	struct json_writer w;
	uuid id;

	memcpy(&id, row, sizeof(id));
	reply_writer(r, a, 256, &w);
	json_members(&w, s->fields, row);
	TRY(reply_write(r, first ? S("{") : S(",{")));
	TRY(reply_write(r, json_text(&w)));
	TRY(send_list(r, s->inner, id));
	return reply_write(r, S("}"));
}

/* Suspends. */
static err send_rows(struct req *r, struct arena *a, const struct section *s,
		     const struct list *rows, bool first)
{
	struct json_writer w;

	reply_writer(r, a, rows->n * 256 + 1, &w);
	w.comma = !first;
	for (size_t i = 0; i < rows->n; i++) {
		const char *row = (const char *)rows->v + i * s->size;

		if (s->inner)
			TRY(send_nested(r, a, s, row, first && i == 0));
		else
			json_record(&w, s->fields, row);
	}
	return s->inner ? OK : reply_write(r, json_text(&w));
}

/* One page into the reply. Suspends. */
static err send_page(struct req *r, struct arena *a, const struct section *s, uuid of,
		     struct place *p)
{
	int32_t most = s->page ? s->page : PAGE;
	struct list page;
	const char *row;

	TRY(db_list(db_with(r->db, a), s->list, s->fields, s->size, &page, ARG(of), ARG(p->before),
		    ARG(p->id), ARG(most)));
	p->more = page.n == (size_t)most;
	if (page.n == 0)
		return OK;
	TRY(send_rows(r, a, s, &page, p->first));
	p->first = false;
	row = (const char *)page.v + (page.n - 1) * s->size;
	memcpy(&p->before, row + s->time_at, sizeof(p->before));
	memcpy(&p->id, row, sizeof(p->id));
	return OK;
}

/* The pages of a list, each in an arena of its own. `of`: whose it is, a person's or a conversation's. Suspends. */
static err send_list(struct req *r, const struct section *s, uuid of)
{
	struct place p = { .before = { INT64_MAX }, .more = true, .first = true };

	memset(&p.id, 0xff, sizeof(p.id));
	TRY(reply_write(r, arena_printf(r->arena, ",\"%s\":[", s->member)));
	while (p.more) {
		struct arena *a = arena_new();
		err e = send_page(r, a, s, of, &p);

		arena_free(a);
		TRY(e);
	}
	return reply_write(r, S("]"));
}

/* Everything but the lists, read before the reply begins: what can fail usually fails here. */
static err read_head(struct req *r, str *out)
{
	struct profile_card card;
	struct export head = { 0 };
	struct json_writer w;

	TRY(profiles_get(r->db, r->user.id, r->user.id, &card));
	TRY(db_one(r->db, &sql_export_account, account_fields, &head, ARG(r->user.id)));
	head.profile = card.profile;
	reply_writer(r, r->arena, 4096, &w);
	json_members(&w, head_fields, &head);
	*out = json_text(&w);
	return OK;
}

static err send_export(struct req *r)
{
	str head;

	TRY(read_head(r, &head));
	reply_header(r, "Content-Disposition", S("attachment; filename=\"sojorn-export.json\""));
	reply_header(r, "Cache-Control", S("no-store"));
	TRY(reply_begin(r, "application/json; charset=utf-8"));
	TRY(reply_write(r, S("{")));
	TRY(reply_write(r, head));
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		TRY(send_list(r, &sections[i], r->user.id));
	return reply_write(r, S("}"));
}

#define E "/api/v1/users/me/export"

const struct route export_routes[] = {
	{ GET, E, send_export, "everything the caller has written and done", .rate = &rate_export,
	  .out = export_fields, .deadline = 10 * MINUTE },
	{ POST, E, send_export, "the same, as older clients ask", .rate = &rate_export,
	  .out = export_fields, .deadline = 10 * MINUTE },
	{ 0 },
};
