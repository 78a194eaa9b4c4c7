/*
 * What the last two weeks have told people, so that no list is empty. In a large world nobody looks at
 * them, and they are left out.
 */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"

static const int64_t window = 14 * DAY;

struct note {
	const char *type, *group;
	int32_t to, from, post, comment; /* NONE: none */
	int64_t at;
	const char *emoji;
};

static str metadata_of(struct writer *w, const struct note *n)
{
	const struct world *world = w->world;
	char id[UUID_TEXT + 1] = "";
	str name = person_name(world, w->row, n->from), text;

	text = arena_printf(w->row, "{\"actor_name\":\"%.*s\"", (int)name.n, name.p);
	if (n->post != NONE) {
		uuid_format(world->posts[n->post].id, id);
		text = arena_printf(w->row, "%s,\"post_id\":\"%s\",\"post_type\":\"%s\"", text.p,
				    id, post_type(&world->posts[n->post]));
	}
	if (n->emoji)
		text = arena_printf(w->row, "%s,\"emoji\":\"%s\"", text.p, n->emoji);
	return arena_printf(w->row, "%s}", text.p);
}

static str group_of(struct writer *w, const struct note *n)
{
	char id[UUID_TEXT + 1] = "";

	if (!n->group)
		return str_of(NULL);
	uuid_format(w->world->posts[n->post].id, id);
	return arena_printf(w->row, "%s:%s", n->group, id);
}

/* Only what is recent, to somebody who is there, about somebody else. */
static void put_note(struct writer *w, const struct note *n)
{
	const struct world *world = w->world;

	if (n->to == n->from || n->at < world->now - window
	    || world->people[n->to].status != ACTIVE)
		return;
	load_uuid(w->load, world->people[n->to].id);
	load_text(w->load, str_of(n->type));
	load_uuid(w->load, world->people[n->from].id);
	load_uuid(w->load, n->post == NONE ? (uuid){ 0 } : world->posts[n->post].id);
	load_uuid(w->load, n->comment == NONE ? (uuid){ 0 } : world->posts[n->comment].id);
	load_bool(w->load, n->at < world->now - 3 * DAY);
	load_text(w->load, group_of(w, n));
	load_text(w->load, metadata_of(w, n));
	load_time(w->load, (usec){ n->at });
	end_row(w, "notifications");
}

static void note_likes(struct writer *w, int post)
{
	struct engaged e[ENGAGED_MAX];
	size_t n = engaged_with(w->world, post, LIKE, e, ENGAGED_MAX);

	for (size_t i = 0; i < n; i++)
		put_note(w,
			 &(struct note){ "like", "like", w->world->posts[post].author, e[i].person,
					 post, NONE, e[i].at, "❤️" });
}

/* An answer is a comment to the author of what it is on, and a reply to whom it answers directly. */
static void note_answer(struct writer *w, int answer)
{
	const struct post *p = &w->world->posts[answer], *above = &w->world->posts[p->parent];
	bool to_comment = p->comment && above->comment;

	put_note(w,
		 &(struct note){ p->comment && !to_comment ? "comment" : "reply",
				 p->comment && !to_comment ? "comment" : NULL, above->author,
				 p->author, p->comment ? p->comment_on : p->parent, answer, p->at,
				 NULL });
}

static void note_mentions(struct writer *w)
{
	for (size_t i = 0; i < w->nmentions; i++) {
		const struct post *p = &w->world->posts[w->mentions[i].post];

		if (p->visibility == PUBLIC && !p->removed && !p->deleted && !p->comment)
			put_note(w,
				 &(struct note){ "mention", NULL, w->mentions[i].person, p->author,
						 w->mentions[i].post, NONE, p->at, NULL });
	}
}

void write_notifications(struct writer *w)
{
	load_copy(w->load, &sql_copy_notifications);
	for (int i = 0; i < w->world->nposts; i++) {
		note_likes(w, i);
		if (w->world->posts[i].parent != NONE)
			note_answer(w, i);
	}
	note_mentions(w);
	load_copy_end(w->load);
}
