/* Posts, their hashtags and mentions. */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"

#include <string.h>

enum { TAGS_MAX = 10, HASHTAGS_MAX = 256 };

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

/* ---- what texts contain ---- */

static int find_tag(struct writer *w, str name, int64_t at)
{
	int i = 0;

	while (i < w->ntags && !str_eq(w->tags[i].name, name))
		i++;
	if (i == w->ntags && w->ntags < HASHTAGS_MAX) {
		w->tags[i].name = arena_copy(w->world->arena, name);
		w->tags[i].at = at;
		w->ntags++;
	}
	return i;
}

static void add_use(struct writer *w, struct tag_use **list, size_t *n, int post, int tag)
{
	(*list)[*n] = (struct tag_use){ post, tag };
	*n += *n + 1 < w->max_uses;
}

/* Counts as the server does: a tag's uses are public posts that are not deleted. */
static void note_tags(struct writer *w, int post, const str *tags, int n)
{
	const struct post *p = &w->world->posts[post];

	if (p->comment)
		return;
	for (int i = 0; i < n; i++) {
		int tag = find_tag(w, tags[i], p->at);

		if (tag == HASHTAGS_MAX)
			continue;
		w->tags[tag].uses += p->visibility == PUBLIC && !p->deleted;
		add_use(w, &w->tag_uses, &w->ntag_uses, post, tag);
	}
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
	int mentioned, n;

	body = post_body(w->world, w->row, post, &mentioned);
	n = body_tags(w->row, body, tags, TAGS_MAX);
	load_float(w->load, 0.8); /* nothing in these texts is known to the scorer */
	load_text(w->load, S("neutral"));
	load_int(w->load, p->video ? 12000 : 0);
	load_text(w->load, body);
	load_texts(w->load, tags, (size_t)n);
	note_tags(w, post, tags, n);
	if (mentioned != NONE)
		add_use(w, &w->mentions, &w->nmentions, post, mentioned);
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

static uuid tag_id(const struct writer *w, int tag)
{
	return world_uuid(w->world, W_TAG_ID, tag);
}

static void write_hashtags(struct writer *w)
{
	load_copy(w->load, &sql_copy_hashtags);
	for (int i = 0; i < w->ntags; i++) {
		load_uuid(w->load, tag_id(w, i));
		load_text(w->load, w->tags[i].name);
		load_text(w->load, w->tags[i].name);
		load_int(w->load, w->tags[i].uses);
		load_time(w->load, at(w->tags[i].at));
		end_row(w, "hashtags");
	}
	load_copy_end(w->load);
	load_copy(w->load, &sql_copy_post_hashtags);
	for (size_t i = 0; i < w->ntag_uses; i++) {
		const struct post *p = &w->world->posts[w->tag_uses[i].post];

		load_uuid(w->load, p->id);
		load_uuid(w->load, tag_id(w, w->tag_uses[i].tag));
		load_time(w->load, at(p->at));
		end_row(w, "hashtags");
	}
	load_copy_end(w->load);
}

static void write_mentions(struct writer *w)
{
	load_copy(w->load, &sql_copy_post_mentions);
	for (size_t i = 0; i < w->nmentions; i++) {
		const struct post *p = &w->world->posts[w->mentions[i].post];

		load_uuid(w->load, p->id);
		load_uuid(w->load, w->world->people[w->mentions[i].tag].id);
		load_time(w->load, at(p->at));
		end_row(w, "mentions");
	}
	load_copy_end(w->load);
}

void write_posts(struct writer *w)
{
	struct arena *a = w->world->arena;

	w->max_uses = 2 * (size_t)w->world->nposts + 1;
	w->tags = arena_zalloc(a, HASHTAGS_MAX * sizeof(*w->tags));
	w->tag_uses = arena_alloc(a, w->max_uses * sizeof(*w->tag_uses));
	w->mentions = arena_alloc(a, w->max_uses * sizeof(*w->mentions));
	load_copy(w->load, &sql_copy_posts);
	for (int i = 0; i < w->world->nposts; i++)
		put_post(w, i);
	load_copy_end(w->load);
	write_hashtags(w);
	write_mentions(w);
}
