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

enum { PAGE = 500 };

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

/* The document; its lists are never filled, but written from the sections below. */
struct export
{
	struct profile profile;
	struct json account, settings, notification_preferences;
	struct list posts, comments, likes, saves, reactions, following, followers, blocked;
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

/* A list: its member, and where its rows, which begin with an id, have the time they are sorted by. */
struct section {
	const char *member;
	const struct stmt *list;
	const struct field *fields;
	size_t size, time_at;
};

static const struct section sections[] = {
	{ "posts", &sql_export_posts, post_item_fields, sizeof(struct written),
	  offsetof(struct written, created_at) },
	{ "comments", &sql_export_comments, comment_item_fields, sizeof(struct commented),
	  offsetof(struct commented, created_at) },
	{ "likes", &sql_export_likes, marked_fields, sizeof(struct marked),
	  offsetof(struct marked, created_at) },
	{ "saves", &sql_export_saves, marked_fields, sizeof(struct marked),
	  offsetof(struct marked, created_at) },
	{ "reactions", &sql_export_reactions, reacted_fields, sizeof(struct reacted),
	  offsetof(struct reacted, created_at) },
	{ "following", &sql_export_following, acquaintance_fields, sizeof(struct acquaintance),
	  offsetof(struct acquaintance, followed_at) },
	{ "followers", &sql_export_followers, acquaintance_fields, sizeof(struct acquaintance),
	  offsetof(struct acquaintance, followed_at) },
	{ "blocked", &sql_export_blocked, blockee_fields, sizeof(struct blockee),
	  offsetof(struct blockee, blocked_at) },
};

/* ---- sending it ---- */

/* Where a list goes on. */
struct place {
	usec before;
	uuid id;
	size_t n; /* rows of the page before */
	bool first;
};

/* One page into the reply, and its memory back. Suspends. */
static err send_page(struct req *r, struct arena *a, const struct section *s, struct place *p)
{
	struct list page;
	struct json_writer w;
	const char *row;

	TRY(db_list(db_with(r->db, a), s->list, s->fields, s->size, &page, ARG(r->user.id),
		    ARG(p->before), ARG(p->id), ARG((int32_t)PAGE)));
	reply_writer(r, a, page.n * 256 + 1, &w);
	w.comma = !p->first;
	for (size_t i = 0; i < page.n; i++)
		json_record(&w, s->fields, (const char *)page.v + i * s->size);
	p->n = page.n;
	p->first &= page.n == 0;
	if (page.n == 0)
		return OK;
	row = (const char *)page.v + (page.n - 1) * s->size;
	memcpy(&p->before, row + s->time_at, sizeof(p->before));
	memcpy(&p->id, row, sizeof(p->id));
	return reply_write(r, json_text(&w));
}

static err send_list(struct req *r, const struct section *s)
{
	struct place p = { .before = { INT64_MAX }, .n = PAGE, .first = true };

	memset(&p.id, 0xff, sizeof(p.id));
	TRY(reply_write(r, arena_printf(r->arena, ",\"%s\":[", s->member)));
	while (p.n == PAGE) {
		struct arena *a = arena_new();
		err e = send_page(r, a, s, &p);

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
		TRY(send_list(r, &sections[i]));
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
