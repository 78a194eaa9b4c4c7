/* The three feed routes. */
#include "app/feed/feed.h"

#include "app/feed/feed_db.h"
#include "lib/base/hash.h"

#include <string.h>

#define POOL   150 /* candidates an order is made of: more than anybody reads in ten minutes */
#define PLACES (POOL + 50) /* a page of the newest posts may follow */

struct feed_query {
	bool has_video;
	str category;
};
static const struct field feed_query_fields[] = {
	FIELD(struct feed_query, has_video, .help = "newest videos instead of the ranked order"),
	FIELD(struct feed_query, category, .help = "slug"),
	{ 0 },
};

struct ranked_query {
	str category;
};
static const struct field ranked_query_fields[] = {
	FIELD(struct ranked_query, category, .help = "slug"),
	{ 0 },
};

struct personal_query {
	str type;
	struct uuids author_ids;
};
static const struct field personal_query_fields[] = {
	FIELD(struct personal_query, type, .help = "post, quip (videos) or chain (replies)"),
	FIELD(struct personal_query, author_ids, .max = 200,
	      .help = "only these of the followed accounts"),
	{ 0 },
};

static err reply_newest(struct req *r, const struct page *p, struct list posts)
{
	struct post_page out = { .posts = posts };

	if (posts.n) {
		const struct post *last = (const struct post *)posts.v + posts.n - 1;

		out.next_cursor = page_next(r, p, posts.n, last->created_at.us, last->id);
	}
	return reply(r, &out);
}

/* Unknown types are ignored, as clients expect; beacons are on the map only, and have no author. */
static err get_personal(struct req *r)
{
	struct personal_query q;
	struct list posts = { .size = sizeof(struct post) };
	struct page p;

	TRY(req_query(r, &q, NULL));
	TRY(page_read(r, &p));
	if (str_eq(q.type, S("chain")))
		TRY(feed_chains(r->db, r->user.id, &p, &q.author_ids, &posts));
	else if (!str_eq(q.type, S("beacon")))
		TRY(feed_personal(r->db, r->user.id, &p,
				  str_eq(q.type, S("post")) || str_eq(q.type, S("quip"))
					  ? q.type
					  : (str){ 0 },
				  &q.author_ids, &posts));
	return reply_newest(r, &p, posts);
}

/* The same order for a viewer within an hour, so that a reload does not shuffle the page. */
static uint64_t order_seed(const struct req *r, usec now)
{
	struct {
		uuid viewer;
		int64_t hour;
	} of = { r->user.id, now.us / HOUR };

	return hash_bytes(&of, sizeof(of), 0);
}

/* Ranks the candidates; when few are left, the newest posts follow. */
static err make_order(struct req *r, str category, int32_t page, struct uuids *out)
{
	struct feed_weights w;
	struct list list;
	usec now = time_now();

	TRY(feed_candidates(r->db, r->user.id, category, POOL, &w, &list));
	struct uuids order = { arena_alloc(r->arena, (list.n + (size_t)page) * sizeof(uuid)), 0 };
	order.n = feed_rank(r->arena, &w, list.v, list.n, (size_t)page, order_seed(r, now), now,
			    order.v);
	if (order.n < (size_t)page) {
		struct uuids newest;

		TRY(feed_newest(r->db, r->user.id, category, page - (int32_t)order.n, order,
				&newest));
		if (newest.n)
			memcpy(order.v + order.n, newest.v, newest.n * sizeof(uuid));
		order.n += newest.n;
	}
	*out = order;
	return OK;
}

static err reply_ranked(struct req *r, const struct page *p, uuid session, int32_t at,
			int32_t length, struct list posts)
{
	struct post_page out = { .posts = posts };

	if (at < length)
		out.next_cursor = page_next(r, p, (size_t)p->limit, at, session);
	return reply(r, &out);
}

static err first_page(struct req *r, const struct page *p, str category)
{
	struct list posts;
	struct uuids order;
	uuid session = uuid_random();

	TRY(make_order(r, category, p->limit, &order));
	int32_t shown = order.n < (size_t)p->limit ? (int32_t)order.n : p->limit;
	TRY(feed_session_start(r->db, session, r->user.id, category, order, shown, &posts));
	return reply_ranked(r, p, session, shown, (int32_t)order.n, posts);
}

/* The route /feed has two lists with cursors of their own: the key is a place in one, a time in the other. */
static bool is_place(int64_t key)
{
	return key >= 0 && key <= PLACES;
}

static err wrong_list(struct req *r)
{
	return req_fail(r, err_invalid, "cursor belongs to another list");
}

/* A cursor's key is the position in its session; an offset counts in the viewer's newest one. When the
 * session has ended a new order follows, without what was shown lately. */
static err next_page(struct req *r, const struct page *p, str category)
{
	struct feed_session s;
	struct list posts;
	int64_t from = p->after ? p->key : p->offset;

	if (p->after && !is_place(from))
		return wrong_list(r);
	if (!is_place(from))
		return reply_ranked(r, p, (uuid){ 0 }, 0, 0,
				    (struct list){ .size = sizeof(struct post) });
	err e = feed_session_get(r->db, r->user.id, p->after ? p->id : (uuid){ 0 }, category,
				 (int32_t)from, p->limit, &s);
	if (err_is(e, err_not_found))
		return first_page(r, p, category);
	TRY(e);
	int32_t at = (int32_t)from + (int32_t)s.page.n;
	TRY(feed_session_read(r->db, r->user.id, &s, at, &posts));
	return reply_ranked(r, p, s.id, at, s.length, posts);
}

static err ranked(struct req *r, str category)
{
	struct page p;

	TRY(page_read(r, &p));
	return p.after || p.offset ? next_page(r, &p, category) : first_page(r, &p, category);
}

static str slug(str category)
{
	return str_empty(category) ? (str){ 0 } : category;
}

static err get_ranked(struct req *r)
{
	struct ranked_query q;

	TRY(req_query(r, &q, NULL));
	return ranked(r, slug(q.category));
}

static err get_feed(struct req *r)
{
	struct feed_query q;
	struct list posts;
	struct page p;

	TRY(req_query(r, &q, NULL));
	if (!q.has_video)
		return ranked(r, slug(q.category));
	TRY(page_read(r, &p));
	if (p.after && is_place(p.key))
		return wrong_list(r);
	TRY(feed_videos(r->db, r->user.id, &p, slug(q.category), &posts));
	return reply_newest(r, &p, posts);
}

#define F "/api/v1/feed"

const struct route feed_routes[] = {
	{ GET, F, get_feed, "the ranked feed, or the newest videos", .query = feed_query_fields,
	  .out = post_page_fields, .page = 20 },
	{ GET, F "/personal", get_personal, "posts of followed accounts and oneself, newest first",
	  .query = personal_query_fields, .out = post_page_fields, .page = 20 },
	{ GET, F "/sojorn", get_ranked, "the ranked feed", .query = ranked_query_fields,
	  .out = post_page_fields, .page = 20 },
	{ 0 },
};
