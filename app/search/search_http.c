/* The search route: everything that is asked for comes in one round trip. */
#include "app/search/search.h"

#include "app/hashtags/hashtags.h"
#include "app/posts/posts.h"
#include "app/rates.h"
#include "app/search/search.sql.h"
#include "lib/web/req.h"

#define QUERY_MAX 103 /* as long as clients let it be */
#define TAGS	  5

struct search_query {
	str q, type;
};
static const struct field search_query_fields[] = {
	FIELD(struct search_query, q, .required = true, .min = 1, .max = QUERY_MAX),
	FIELD(struct search_query, type, .one_of = "all|users|hashtags|posts",
	      .help = "default all"),
	{ 0 },
};

struct found_user {
	uuid id;
	str handle, display_name, avatar_url, harmony_tier;
};
static const struct field found_user_fields[] = {
	FIELD(struct found_user, id),
	FIELD(struct found_user, handle, .required = true, .alias = "username"),
	FIELD(struct found_user, display_name, .required = true),
	FIELD(struct found_user, avatar_url, .address = true),
	FIELD(struct found_user, harmony_tier, .alias = "tier"),
	{ 0 },
};

/* The first hashtags once more, in the short form older clients read. */
struct tag_count {
	str tag;
	int32_t count;
};
static const struct field tag_count_fields[] = {
	FIELD(struct tag_count, tag, .required = true),
	FIELD(struct tag_count, count),
	{ 0 },
};

struct search_result {
	str query;
	struct list users, tags, hashtags, posts;
};
static const struct field search_result_fields[] = {
	FIELD(struct search_result, query),
	FIELD(struct search_result, users, .of = found_user_fields),
	FIELD(struct search_result, tags, .of = tag_count_fields),
	FIELD(struct search_result, hashtags, .of = hashtag_fields),
	FIELD(struct search_result, posts, .of = post_fields),
	{ 0 },
};

static bool wants(const struct search_query *q, str type)
{
	return !q->type.p || str_eq(q->type, S("all")) || str_eq(q->type, type);
}

static str without_mark(str q)
{
	return str_starts(q, S("#")) || str_starts(q, S("@")) ? str_slice(q, 1, q.n) : q;
}

static err look_up(struct req *r, const struct search_query *q, struct search_result *out)
{
	str bare = without_mark(q->q);
	struct db_batch *b = db_batch(r->db);

	if (wants(q, S("users")))
		db_batch_list(b, &sql_search_people, found_user_fields, sizeof(struct found_user),
			      &out->users, ARG(r->user.id), ARG(bare));
	if (wants(q, S("hashtags")))
		db_batch_list(b, &sql_search_hashtags, hashtag_fields, sizeof(struct hashtag),
			      &out->hashtags, ARG(bare));
	if (wants(q, S("posts")))
		db_batch_list(b, &sql_search_posts, post_fields, sizeof(struct post), &out->posts,
			      ARG(r->user.id), ARG(q->q));
	return db_batch_run(b);
}

static void short_tags(struct req *r, struct search_result *out)
{
	const struct hashtag *h = out->hashtags.v;
	size_t n = out->hashtags.n < TAGS ? out->hashtags.n : TAGS;
	struct tag_count *t = arena_alloc(r->arena, n * sizeof(*t) + 1);

	for (size_t i = 0; i < n; i++)
		t[i] = (struct tag_count){ h[i].name, h[i].use_count };
	out->tags = (struct list){ t, n, sizeof(*t) };
}

static err search(struct req *r)
{
	struct search_query q;
	struct search_result out = { .users.size = sizeof(struct found_user),
				     .hashtags.size = sizeof(struct hashtag),
				     .posts.size = sizeof(struct post) };

	TRY(req_query(r, &q, NULL));
	if (str_empty(without_mark(q.q)))
		return req_fail(r, err_invalid, "q must not be empty");
	out.query = q.q;
	TRY(look_up(r, &q, &out));
	short_tags(r, &out);
	return reply(r, &out);
}

const struct route search_routes[] = {
	{ GET, "/api/v1/search", search, "search people, hashtags and posts", .rate = &rate_search,
	  .query = search_query_fields, .out = search_result_fields },
	{ 0 },
};
