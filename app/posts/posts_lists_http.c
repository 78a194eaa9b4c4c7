/* Threads, and the lists of posts that belong to an account. */
#include "app/posts/posts_db.h"

#include "lib/web/req.h"

static const struct err_info info_private = { 403, "forbidden", "saved posts are private", NULL };

/* A thread in reading order: {"posts": […]}. */
struct thread {
	struct list posts;
};
static const struct field thread_fields[] = {
	FIELD(struct thread, posts, .of = post_fields),
	{ 0 },
};

struct focus {
	struct post target_post;
	struct post *parent_post;
	struct list children, parent_children;
};
static const struct field focus_fields[] = {
	FIELD(struct focus, target_post, .of = post_fields),
	FIELD(struct focus, parent_post, .of = post_fields, .ref = true,
	      .size = sizeof(struct post)),
	FIELD(struct focus, children, .of = post_fields),
	FIELD(struct focus, parent_children, .of = post_fields),
	{ 0 },
};

static err get_thread(struct req *r)
{
	struct thread out;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(thread_list(r->db, r->user.id, id, &out.posts));
	return reply(r, &out);
}

static err get_focus(struct req *r)
{
	struct post_focus f;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(post_focus(r->db, r->user.id, id, &f));
	struct focus out = { f.target, f.has_parent ? &f.parent : NULL, f.children, f.siblings };
	return reply(r, &out);
}

struct profile_query {
	bool chained;
};
static const struct field profile_query_fields[] = {
	FIELD(struct profile_query, chained, .help = "replies instead of root posts"),
	{ 0 },
};

/* "me" stands for the caller in the lists of his own. */
static err owner_id(struct req *r, uuid *out)
{
	if (str_eq(req_param(r, "id"), S("me"))) {
		*out = r->user.id;
		return OK;
	}
	return req_id(r, "id", out);
}

static err reply_page(struct req *r, const struct page *p, struct list posts, usec last)
{
	struct post_page out = { .posts = posts };

	if (posts.n)
		out.next_cursor = page_next(r, p, posts.n, last.us,
					    ((const struct post *)posts.v + posts.n - 1)->id);
	return reply(r, &out);
}

/* Where a page that is the pinned post alone ends: behind it, and before every other, however new. */
static const usec behind_pinned = { INT64_C(253402300799) * SECOND };

static err list_profile_posts(struct req *r)
{
	struct profile_query q;
	struct list posts;
	struct page p;
	uuid owner;

	TRY(owner_id(r, &owner));
	TRY(req_query(r, &q, NULL));
	TRY(page_read(r, &p));
	TRY(profile_posts(r->db, q.chained, r->user.id, owner, &p, &posts));
	const struct post *last = posts.n ? (const struct post *)posts.v + posts.n - 1 : NULL;
	if (last && last->pinned_at.us)
		return reply_page(r, &p, posts, behind_pinned);
	return reply_page(r, &p, posts, last ? last->created_at : (usec){ 0 });
}

static err list_saved(struct req *r)
{
	struct list posts;
	struct page p;
	usec last = { 0 };
	uuid owner;

	TRY(owner_id(r, &owner));
	if (!uuid_eq(owner, r->user.id))
		return (err){ &info_private };
	TRY(page_read(r, &p));
	TRY(saved_list(r->db, r->user.id, &p, &posts, &last));
	return reply_page(r, &p, posts, last);
}

static err list_liked(struct req *r)
{
	struct list posts;
	struct page p;
	usec last = { 0 };

	TRY(page_read(r, &p));
	TRY(liked_list(r->db, r->user.id, &p, &posts, &last));
	return reply_page(r, &p, posts, last);
}

#define P "/api/v1/posts"
#define U "/api/v1/users"

const struct route posts_list_routes[] = {
	{ GET, P "/:id/thread", get_thread, "a whole thread in reading order", .out = thread_fields,
	  .errors = "404" },
	{ GET, P "/:id/chain", get_thread, "the same, as older clients ask", .out = thread_fields,
	  .errors = "404" },
	{ GET, P "/:id/focus-context", get_focus, "a post with its parent, siblings and answers",
	  .out = focus_fields, .errors = "404" },
	{ GET, U "/:id/posts", list_profile_posts,
	  "posts or replies of an account, the pinned one first", .query = profile_query_fields,
	  .out = post_page_fields, .page = 20, .page_max = 100, .errors = "404" },
	{ GET, U "/:id/saved", list_saved, "what the caller has saved", .out = post_page_fields,
	  .page = 20, .page_max = 100, .errors = "403" },
	{ GET, U "/me/liked", list_liked, "what the caller has liked", .out = post_page_fields,
	  .page = 20, .page_max = 100 },
	{ 0 },
};
