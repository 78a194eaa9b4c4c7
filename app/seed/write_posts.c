/* Posts, their hashtags and mentions. */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"
#include "app/moderation/moderation.h"

#include <string.h>

enum { TAGS_MAX = 10 };

static const char *const visibilities[] = { "public", "followers", "circle", "private" };

const char *post_type(const struct post *p)
{
	return p->video ? "quip" : "standard";
}

static bool is_jailed(const struct world *w, const struct post *p)
{
	return w->people[p->author].status == SUSPENDED;
}

static str status_of(const struct world *w, const struct post *p)
{
	return is_jailed(w, p) ? S("jailed") : p->removed ? S("removed") : S("active");
}

/* ---- posts ---- */

static uuid post_id(const struct world *w, int post)
{
	return post == NONE ? (uuid){ 0 } : w->posts[post].id;
}

static usec at(int64_t us)
{
	return (usec){ us };
}

static void put_place(struct writer *w, const struct post *p)
{
	load_uuid(w->load, p->category < CATEGORIES ? w->categories[p->category] : (uuid){ 0 });
	load_uuid(w->load, post_id(w->world, p->parent));
	load_uuid(w->load, post_id(w->world, p->root));
	load_uuid(w->load, post_id(w->world, p->comment_on));
	load_int(w->load, p->depth);
}

static void put_text(struct writer *w, int post)
{
	const struct post *p = &w->world->posts[post];
	str tags[TAGS_MAX], body;
	struct verdict verdict;
	int mentioned, n;

	body = post_body(w->world, w->row, post, &mentioned);
	n = body_tags(w->row, body, tags, TAGS_MAX);
	verdict = moderation_check(w->row, body);
	load_float(w->load, verdict.cis);
	load_text(w->load, verdict.tone);
	load_int(w->load, p->video ? 12000 : 0);
	load_text(w->load, body);
	load_texts(w->load, tags, (size_t)n);
	if (mentioned != NONE)
		w->mentions[w->nmentions++] = (struct mention){ post, mentioned };
}

static void put_media(struct writer *w, int post)
{
	const struct post *p = &w->world->posts[post];
	const char *image = seed_images[post % seed_nimages],
		   *video = seed_videos[post % seed_nvideos];

	load_text(w->load, str_of(p->image ? image : NULL));
	load_text(w->load, str_of(p->video ? video : NULL));
	load_text(w->load,
		  p->video ? arena_printf(w->row, "%.*s.jpg", (int)(strlen(video) - 4), video)
			   : str_of(NULL));
}

static void put_post(struct writer *w, int i)
{
	const struct post *p = &w->world->posts[i];

	load_uuid(w->load, p->id);
	load_uuid(w->load, w->world->people[p->author].id);
	load_text(w->load, p->comment ? S("comment") : S("post"));
	load_text(w->load, status_of(w->world, p));
	load_text(w->load, str_of(visibilities[p->visibility]));
	load_time(w->load, at(p->at));
	load_time(w->load, at(p->expires ? w->world->now + (1 + i % 7) * DAY : 0));
	load_time(w->load, at(p->deleted ? p->at + HOUR / 2 : 0));
	put_place(w, p);
	put_text(w, i);
	put_media(w, i);
	end_row(w, "posts");
}

/* ---- hashtags and mentions ---- */

/* A tag's uses are public posts that are not deleted. Comments have no tags. */
static void put_tags(struct writer *w, int post)
{
	const struct post *p = &w->world->posts[post];
	int mentioned, n;
	str tags[TAGS_MAX];

	n = body_tags(w->row, post_body(w->world, w->row, post, &mentioned), tags, TAGS_MAX);
	for (int i = 0; i < n && !p->comment; i++) {
		load_uuid(w->load, p->id);
		load_text(w->load, tags[i]);
		load_bool(w->load, p->visibility == PUBLIC && !p->deleted);
		load_time(w->load, at(p->at));
		load_end_row(w->load);
	}
	count_row(w, "hashtags");
}

static void write_hashtags(struct writer *w)
{
	load_run(w->load, &sql_seed_tag_table, NULL);
	load_copy(w->load, &sql_copy_seed_tags);
	for (int i = 0; i < w->world->nposts; i++)
		put_tags(w, i);
	load_copy_end(w->load);
	load_run(w->load, &sql_seed_hashtags, NULL);
}

static void write_mentions(struct writer *w)
{
	load_copy(w->load, &sql_copy_post_mentions);
	for (size_t i = 0; i < w->nmentions; i++) {
		const struct post *p = &w->world->posts[w->mentions[i].post];

		load_uuid(w->load, p->id);
		load_uuid(w->load, w->world->people[w->mentions[i].person].id);
		load_time(w->load, at(p->at));
		end_row(w, "mentions");
	}
	load_copy_end(w->load);
}

void write_posts(struct writer *w)
{
	w->mentions =
		arena_alloc(w->world->arena, ((size_t)w->world->nposts + 1) * sizeof(*w->mentions));
	load_copy(w->load, &sql_copy_posts);
	for (int i = 0; i < w->world->nposts; i++)
		put_post(w, i);
	load_copy_end(w->load);
	write_hashtags(w);
	write_mentions(w);
}
