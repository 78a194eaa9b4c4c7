/* Hashtag pages, following tags, discovery. */
#include "app/hashtags/hashtags.h"

#include "app/hashtags/hashtags.sql.h"
#include "app/posts/posts.h"
#include "lib/web/page.h"

#define TOP_TAGS 4

const struct field hashtag_fields[] = {
	FIELD(struct hashtag, id),	     FIELD(struct hashtag, name),
	FIELD(struct hashtag, display_name), FIELD(struct hashtag, use_count),
	FIELD(struct hashtag, is_trending),  FIELD(struct hashtag, trending_score),
	FIELD(struct hashtag, is_featured),  FIELD(struct hashtag, category),
	FIELD(struct hashtag, created_at),   { 0 },
};

struct hashtag_list {
	struct list hashtags;
};
static const struct field hashtag_list_fields[] = {
	FIELD(struct hashtag_list, hashtags, .of = hashtag_fields),
	{ 0 },
};

struct discovery {
	struct list top_tags, popular_posts;
};
static const struct field discovery_fields[] = {
	FIELD(struct discovery, top_tags, .of = hashtag_fields),
	FIELD(struct discovery, popular_posts, .of = post_fields),
	{ 0 },
};

struct tag_head {
	struct hashtag hashtag;
	bool is_following;
};
static const struct field tag_head_fields[] = {
	FIELD(struct tag_head, hashtag, .of = hashtag_fields),
	FIELD(struct tag_head, is_following),
	{ 0 },
};

struct tag_page {
	struct hashtag hashtag;
	struct list posts;
	bool is_following;
	int32_t total_posts;
	str next_cursor;
};
static const struct field tag_page_fields[] = {
	FIELD(struct tag_page, hashtag, .of = hashtag_fields),
	FIELD(struct tag_page, posts, .of = post_fields),
	FIELD(struct tag_page, is_following),
	FIELD(struct tag_page, total_posts, .help = "public posts with the tag"),
	FIELD(struct tag_page, next_cursor),
	{ 0 },
};

/* A tag's id, for statements that only need to know that there is one. */
struct tag_id {
	uuid id;
};
static const struct field tag_id_fields[] = {
	FIELD(struct tag_id, id),
	{ 0 },
};

/* The name in the path as tags are stored: lower case, by the letters of any script. */
static str tag_name(struct req *r)
{
	str typed = req_param(r, "name");
	str marked = str_starts(typed, S("#"))
		? typed
		: arena_printf(r->arena, "#%.*s", (int)typed.n, typed.p);
	struct strs found = posts_marked(r->arena, marked, '#', 1, NULL);

	return found.n ? found.v[0] : S("");
}

static err list_trending(struct req *r)
{
	struct hashtag_list out;
	struct page p;

	TRY(page_read(r, &p));
	TRY(db_list(r->db, &sql_hashtags_trending, hashtag_fields, sizeof(struct hashtag),
		    &out.hashtags, ARG(p.limit)));
	return reply(r, &out);
}

static err list_following(struct req *r)
{
	struct hashtag_list out;
	struct page p;

	TRY(page_read(r, &p));
	TRY(db_list(r->db, &sql_hashtags_following, hashtag_fields, sizeof(struct hashtag),
		    &out.hashtags, ARG(r->user.id), ARG(p.limit), ARG(p.offset)));
	return reply(r, &out);
}

static err get_hashtag(struct req *r)
{
	struct tag_head head;
	struct tag_page out = { 0 };
	str name = tag_name(r);
	struct page p;

	TRY(page_read(r, &p));
	struct db_batch *b = db_batch(r->db);
	db_batch_one(b, &sql_hashtag_get, tag_head_fields, &head, ARG(r->user.id), ARG(name));
	db_batch_list(b, &sql_hashtag_posts, post_fields, sizeof(struct post), &out.posts,
		      ARG(r->user.id), ARG(name), ARG(p.limit), ARG(p.offset), ARG(page_time(&p)),
		      ARG(p.id));
	TRY(db_batch_run(b));
	out.hashtag = head.hashtag;
	out.is_following = head.is_following;
	out.total_posts = head.hashtag.use_count;
	out.next_cursor = page_after(r, &p, &out.posts, offsetof(struct post, created_at),
				     offsetof(struct post, id));
	return reply(r, &out);
}

static err follow(struct req *r)
{
	struct tag_id t;
	str name = tag_name(r);

	TRY(db_one(r->db, &sql_hashtag_follow, tag_id_fields, &t, ARG(r->user.id), ARG(name)));
	return reply_message(r, "following hashtag");
}

static err unfollow(struct req *r)
{
	struct tag_id t;
	str name = tag_name(r);

	TRY(db_one(r->db, &sql_hashtag_unfollow, tag_id_fields, &t, ARG(r->user.id), ARG(name)));
	return reply_message(r, "hashtag unfollowed");
}

static err discover(struct req *r)
{
	struct discovery out;
	struct db_batch *b = db_batch(r->db);
	int32_t top = TOP_TAGS;

	db_batch_list(b, &sql_hashtags_trending, hashtag_fields, sizeof(struct hashtag),
		      &out.top_tags, ARG(top));
	db_batch_list(b, &sql_discover_posts, post_fields, sizeof(struct post), &out.popular_posts,
		      ARG(r->user.id));
	TRY(db_batch_run(b));
	return reply(r, &out);
}

err hashtags_score(struct job *j)
{
	return db_exec(j->db, &sql_hashtags_score, NULL);
}

err trending_score(struct job *j)
{
	return db_exec(j->db, &sql_trending_score, NULL);
}

#define H "/api/v1/hashtags"

const struct route hashtags_routes[] = {
	{ GET, "/api/v1/discover", discover, "trending tags and posts", .out = discovery_fields },
	{ GET, H "/trending", list_trending, "trending hashtags, then featured and most used ones",
	  .out = hashtag_list_fields, .page = 20 },
	{ GET, H "/following", list_following, "hashtags the caller follows",
	  .out = hashtag_list_fields, .page = 50, .page_max = 100 },
	{ GET, H "/:name", get_hashtag, "a hashtag and its posts, newest first",
	  .out = tag_page_fields, .page = 20, .errors = "404" },
	{ POST, H "/:name/follow", follow, "follow a hashtag", .out = message_fields,
	  .errors = "404" },
	{ DELETE, H "/:name/follow", unfollow, "unfollow a hashtag", .out = message_fields,
	  .errors = "404" },
	{ 0 },
};
