/* The three feed routes. */
#include "app/feed/feed.h"

#include "app/feed/feed_db.h"
#include "lib/base/hash.h"

#include <string.h>

#define POOL   100  /* candidates that are ranked at a time */
#define PLACES 1000 /* where a ranked order ends */

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

	out.next_cursor = page_after(r, p, &posts, offsetof(struct post, created_at),
				     offsetof(struct post, id));
	return reply(r, &out);
}

/* Unknown types are ignored, as clients expect; beacons are on the map only, and have no author. */
static err get_personal(struct req *r)
{
	struct list posts = { .size = sizeof(struct post) };
	struct personal_query q;
	struct page p;

	TRY(req_query(r, &q, NULL));
	TRY(page_read(r, &p));
	if (str_eq(q.type, S("chain")))
		TRY(feed_chains(r->db, r->user.id, &p, &q.author_ids, &posts));
	else if (str_eq(q.type, S("quip")))
		TRY(feed_quips(r->db, r->user.id, &p, &q.author_ids, &posts));
	else if (!str_eq(q.type, S("beacon")))
		TRY(feed_personal(r->db, r->user.id, &p, &q.author_ids, str_eq(q.type, S("post")),
				  &posts));
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

struct order {
	str category;
	uuid session;	/* whose posts it must not have; nil: none */
	int32_t wanted; /* so many at least, if there are; the newest posts follow the ranked ones */
	int32_t mixed;	/* the first so many are a first page */
};

static err make_order(struct req *r, const struct order *o, struct uuids *out)
{
	struct uuids order = { 0 }, newest;
	struct feed_weights w;
	struct list list;
	usec now = time_now();

	TRY(feed_candidates(r->db, r->user.id, o->category, POOL, o->session, &w, &list));
	order.v = arena_alloc(r->arena, (list.n + (size_t)o->wanted) * sizeof(uuid));
	order.n = list.n;
	feed_rank(r->arena, &w, list.v, list.n, (size_t)o->mixed, order_seed(r, now), now, order.v);
	if (order.n < (size_t)o->wanted) {
		TRY(feed_newest(r->db, r->user.id, o->category, o->wanted - (int32_t)order.n, order,
				o->session, &newest));
		if (newest.n)
			memcpy(order.v + order.n, newest.v, newest.n * sizeof(uuid));
		order.n += newest.n;
	}
	*out = order;
	return OK;
}

/* `places`: how many of the page's places were filled; one that is not full is the last. */
static err reply_ranked(struct req *r, const struct page *p, size_t places, int32_t at,
			uuid session, struct list posts)
{
	struct post_page out = { .posts = posts };

	if (at < PLACES)
		out.next_cursor = page_next(r, p, places, at, session);
	return reply(r, &out);
}

static int32_t at_most(size_t n, int32_t limit)
{
	return n < (size_t)limit ? (int32_t)n : limit;
}

static err first_page(struct req *r, const struct page *p, str category)
{
	struct order o = { .category = category, .wanted = p->limit, .mixed = p->limit };
	uuid session = uuid_random();
	struct uuids order;
	struct list posts;

	TRY(make_order(r, &o, &order));
	int32_t shown = at_most(order.n, p->limit);
	TRY(feed_session_start(r->db, session, r->user.id, category, order, shown, &posts));
	return reply_ranked(r, p, (size_t)shown, shown, session, posts);
}

/* The order ends on this page: what can be ranked by now goes on. *more is what the order gets, whose
 * first posts are added to the page. */
static err go_on(struct req *r, const struct page *p, str category, struct feed_session *s,
		 struct uuids *more)
{
	int32_t missing = p->limit - (int32_t)s->page.n;
	struct order o = { .category = category, .session = s->id, .wanted = missing };
	uuid *page = arena_alloc(r->arena, (size_t)p->limit * sizeof(uuid));

	TRY(make_order(r, &o, more));
	if (s->page.n)
		memcpy(page, s->page.v, s->page.n * sizeof(uuid));
	size_t added = (size_t)at_most(more->n, missing);
	if (added)
		memcpy(page + s->page.n, more->v, added * sizeof(uuid));
	s->page = (struct uuids){ page, s->page.n + added };
	s->at = s->length + (int32_t)added;
	return OK;
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

/* A cursor's key is the place in its session; an offset counts in the viewer's newest one. When the
 * session has ended a new order follows, without what was shown lately. */
static err next_page(struct req *r, const struct page *p, str category)
{
	struct uuids more = { 0 };
	struct feed_session s;
	struct list posts;
	int64_t from = p->after ? p->key : p->offset;

	if (p->after && !is_place(from))
		return wrong_list(r);
	if (!is_place(from))
		return reply_ranked(r, p, 0, PLACES, (uuid){ 0 },
				    (struct list){ .size = sizeof(struct post) });
	err e = feed_session_get(r->db, r->user.id, p->after ? p->id : (uuid){ 0 }, category,
				 (int32_t)from, p->limit, &s);
	if (err_is(e, err_not_found))
		return first_page(r, p, category);
	TRY(e);
	if (s.page.n < (size_t)p->limit && from <= s.length)
		TRY(go_on(r, p, category, &s, &more));
	TRY(feed_session_read(r->db, r->user.id, &s, more, &posts));
	return reply_ranked(r, p, s.page.n, s.at, s.id, posts);
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
