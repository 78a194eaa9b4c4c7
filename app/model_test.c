/*
 * Random worlds: a few people do random things to each other and to posts, each step is answered as the model
 * says, and after each every list somebody reads holds what the model says, no more and no less; what a direct
 * read hides, no list shows.
 *
 * MODEL_SEED repeats a world (a failure names its seed and step), MODEL_WORLDS and MODEL_STEPS make more of
 * them and longer ones.
 */
#include "app/model_test.h"

#include "lib/base/rand.h"
#include "test/harness/harness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define API "/api/v1"

struct world {
	struct model m;
	struct rand_seq seq;
	uint64_t seed;
	int step;
	const char *did, *tag, *word;
	struct t_user who[PEOPLE];
	const char *post[POSTS];
};

static const char *const audience_names[AUDIENCES] = { "public", "followers", "circle",
						       "neighborhood", "private" };

[[gnu::noreturn]] static void differ(const struct world *w, const char *what)
{
	t_fail("MODEL_SEED=%" PRIu64 " step %d (%s): %s", w->seed, w->step, w->did, what);
}

static int pick(struct world *w, int n)
{
	return (int)rand_below(&w->seq, (uint64_t)n);
}

/* Somebody who has not left. */
static int pick_person(struct world *w)
{
	int i = pick(w, PEOPLE);

	while (w->m.is_gone[i])
		i = (i + 1) % PEOPLE;
	return i;
}

static void expect(struct world *w, const struct t_reply *r, int want)
{
	if (r->status != want)
		differ(w, t_fmt("%s is %d and not %d: %s", r->request, r->status, want, r->body));
}

/* ---- what people do ---- */

static void do_follow(struct world *w, int me, int other)
{
	w->did = t_fmt("%d follows %d", me, other);
	expect(w, t_post(&w->who[me], API "/users/%s/follow", w->who[other].id),
	       model_follow(&w->m, me, other) ? 200 : 404);
}

static void do_unfollow(struct world *w, int me, int other)
{
	bool there = model_sees_person(&w->m, me, other) || w->m.follows[me][other] != NONE;

	w->did = t_fmt("%d unfollows %d", me, other);
	model_unfollow(&w->m, me, other);
	expect(w, t_delete(&w->who[me], API "/users/%s/follow", w->who[other].id),
	       there ? 200 : 404);
}

static void do_accept(struct world *w, int me, int other)
{
	w->did = t_fmt("%d accepts %d", me, other);
	expect(w, t_post(&w->who[me], API "/users/%s/accept", w->who[other].id),
	       model_accept(&w->m, me, other) ? 200 : 404);
}

static void do_block(struct world *w, int me, int other)
{
	w->did = t_fmt("%d blocks %d", me, other);
	model_block(&w->m, me, other);
	expect(w, t_post(&w->who[me], API "/users/%s/block", w->who[other].id), 200);
}

static void do_unblock(struct world *w, int me, int other)
{
	w->did = t_fmt("%d unblocks %d", me, other);
	w->m.blocks[me][other] = false;
	expect(w, t_delete(&w->who[me], API "/users/%s/block", w->who[other].id), 200);
}

static void do_trust(struct world *w, int me, int other)
{
	bool follows = w->m.follows[me][other] == ACCEPTED;

	w->did = t_fmt("%d trusts %d", me, other);
	expect(w, t_post(&w->who[me], API "/users/circle/%s", w->who[other].id),
	       !model_sees_person(&w->m, me, other) ? 404
		       : follows		    ? 200
						    : 400);
	if (model_sees_person(&w->m, me, other))
		w->m.circle[me][other] |= follows;
}

static void do_close_or_open(struct world *w, int me, int other)
{
	(void)other;
	w->did = t_fmt("%d %s", me, w->m.is_private[me] ? "opens" : "closes");
	expect(w,
	       t_patch_json(&w->who[me], API "/profile", "{'is_private': %s}",
			    w->m.is_private[me] ? "false" : "true"),
	       200);
	if (w->m.is_private[me])
		model_open(&w->m, me);
	else
		w->m.is_private[me] = true;
}

static void do_set_ceiling(struct world *w, int me, int other)
{
	static const enum audience ceilings[] = { EVERYBODY, EVERYBODY, FOLLOWERS, CIRCLE, NOBODY };

	(void)other;
	w->m.ceiling[me] = ceilings[pick(w, 5)];
	w->did = t_fmt("%d shows his posts to %s", me, audience_names[w->m.ceiling[me]]);
	expect(w,
	       t_patch_json(&w->who[me], API "/settings/privacy", "{'posts_visibility': '%s'}",
			    audience_names[w->m.ceiling[me]]),
	       200);
}

static void do_leave_or_return(struct world *w, int me, int other)
{
	w->m.is_gone[other] = !w->m.is_gone[other];
	w->did = t_fmt("%d %s", other, w->m.is_gone[other] ? "leaves" : "returns");
	if (me == other) /* somebody must stay */
		w->m.is_gone[other] = false;
	t_sql("UPDATE users SET status = '%s' WHERE id = '%s'",
	      w->m.is_gone[other] ? "deactivated" : "active", w->who[other].id);
}

static void do_want_sensitive(struct world *w, int me, int other)
{
	(void)other;
	w->m.wants_sensitive[me] = !w->m.wants_sensitive[me];
	w->did = t_fmt("%d wants sensitive posts or not", me);
	expect(w,
	       t_patch_json(&w->who[me], API "/settings/user", "{'nsfw_enabled': %s}",
			    w->m.wants_sensitive[me] ? "true" : "false"),
	       200);
}

static void do_post(struct world *w, int me, int other)
{
	int parent = w->m.n && pick(w, 3) == 0 ? pick(w, w->m.n) : -1;
	enum audience audience = (enum audience)pick(w, AUDIENCES);
	bool sensitive = pick(w, 5) == 0;
	const struct t_reply *r;

	(void)other;
	if (w->m.n == POSTS)
		return;
	w->did = t_fmt("%d posts for %s as an answer to %d", me, audience_names[audience], parent);
	r = t_post_json(&w->who[me], API "/posts",
			"{'body': 'so many %s words #%s', 'visibility': '%s', 'is_nsfw': %s%s}",
			w->word, w->tag, audience_names[audience], sensitive ? "true" : "false",
			parent < 0 ? "" : t_fmt(", \"chain_parent_id\": \"%s\"", w->post[parent]));
	if (parent >= 0 && !model_sees_post(&w->m, me, parent)) {
		expect(w, r, 404);
		return;
	}
	expect(w, r, 201);
	w->post[w->m.n] = t_json(r, "post.id");
	w->m.posts[w->m.n++] = (struct model_post){ me, parent, audience, .sensitive = sensitive };
}

/* ---- what people do about posts ---- */

static void do_delete(struct world *w, int me, int post)
{
	struct model_post *p = &w->m.posts[post];
	bool own = p->author == me && !p->deleted;

	w->did = t_fmt("%d deletes post %d", me, post);
	p->deleted |= own;
	expect(w, t_delete(&w->who[me], API "/posts/%s", w->post[post]), own ? 200 : 404);
}

static void do_change_audience(struct world *w, int me, int post)
{
	struct model_post *p = &w->m.posts[post];
	bool own = p->author == me && !p->deleted;
	enum audience audience = (enum audience)pick(w, AUDIENCES);

	w->did = t_fmt("%d shows post %d to %s", me, post, audience_names[audience]);
	if (own)
		p->audience = audience;
	expect(w,
	       t_patch_json(&w->who[me], t_fmt(API "/posts/%s/visibility", w->post[post]),
			    "{'visibility': '%s'}", audience_names[audience]),
	       own ? 200 : 404);
}

static void do_like(struct world *w, int me, int post)
{
	bool sees = model_sees_post(&w->m, me, post);

	w->did = t_fmt("%d likes post %d", me, post);
	w->m.liked[me][post] |= sees;
	expect(w, t_post(&w->who[me], API "/posts/%s/like", w->post[post]), sees ? 200 : 404);
}

static void do_save(struct world *w, int me, int post)
{
	bool sees = model_sees_post(&w->m, me, post);

	w->did = t_fmt("%d saves post %d", me, post);
	w->m.saved[me][post] |= sees;
	expect(w, t_post(&w->who[me], API "/posts/%s/save", w->post[post]), sees ? 200 : 404);
}

static void do_hide(struct world *w, int me, int post)
{
	bool may = model_sees_post(&w->m, me, post) && w->m.posts[post].author != me;

	w->did = t_fmt("%d hides post %d", me, post);
	w->m.hidden[me][post] |= may;
	expect(w, t_post(&w->who[me], API "/posts/%s/hide", w->post[post]), may ? 200 : 404);
}

static void do_moderate(struct world *w, int me, int post)
{
	struct model_post *p = &w->m.posts[post];

	(void)me;
	p->removed = !p->removed;
	w->did = t_fmt("post %d is removed or put back", post);
	t_sql("UPDATE posts SET status = '%s' WHERE id = '%s'", p->removed ? "removed" : "active",
	      w->post[post]);
}

static void do_expire(struct world *w, int me, int post)
{
	(void)me;
	w->m.posts[post].expired = true;
	w->did = t_fmt("post %d expires", post);
	t_sql("UPDATE posts SET expires_at = now() WHERE id = '%s'", w->post[post]);
}

static void do_something(struct world *w)
{
	static void (*const about_people[])(struct world *, int, int) = {
		do_follow,	    do_follow,	       do_follow,  do_unfollow, do_accept,
		do_accept,	    do_block,	       do_unblock, do_trust,	do_trust,
		do_close_or_open,   do_set_ceiling,    do_post,	   do_post,	do_post,
		do_leave_or_return, do_want_sensitive,
	};
	static void (*const about_posts[])(struct world *, int, int) = {
		do_delete,
		do_change_audience,
		do_change_audience,
		do_like,
		do_like,
		do_save,
		do_save,
		do_hide,
		do_moderate,
		do_expire,
	};
	int me = pick_person(w), other = (me + 1 + pick(w, PEOPLE - 1)) % PEOPLE;

	if (w->m.n && pick(w, 5) < 2)
		about_posts[pick(w, 10)](w, me, pick(w, w->m.n));
	else
		about_people[pick(w, 17)](w, me, other);
}

/* ---- what people see ---- */

static bool shows_post(const struct t_reply *r, const struct world *w, int post,
		       const char **ret_at)
{
	*ret_at = strstr(r->body, t_fmt("{\"id\":\"%s\"", w->post[post]));
	return *ret_at != NULL;
}

static bool sees_all(const struct model *m, int viewer, int post)
{
	return model_sees_post(m, viewer, post);
}

static bool sees_liked(const struct model *m, int viewer, int post)
{
	return m->liked[viewer][post] && model_sees_post(m, viewer, post);
}

static bool sees_saved(const struct model *m, int viewer, int post)
{
	return m->saved[viewer][post] && model_sees_post(m, viewer, post);
}

/* The newest comes first where `ordered`. */
static void check_posts(const struct world *w, int viewer, const char *path,
			bool (*want)(const struct model *, int, int), bool ordered)
{
	const struct t_reply *r = EXPECT(200, t_get(&w->who[viewer], "%s", path));
	const char *last = r->body, *at;

	for (int p = w->m.n - 1; p >= 0; p--) {
		bool shown = shows_post(r, w, p, &at);

		if (shown != want(&w->m, viewer, p))
			differ(w,
			       t_fmt("%s %s post %d to %d", path, shown ? "shows" : "lacks", p,
				     viewer));
		if (shown && ordered && at < last)
			differ(w,
			       t_fmt("%s has post %d in the wrong place for %d", path, p, viewer));
		if (shown && ordered)
			last = at;
	}
}

/* Lists that choose what they show: nothing in them is hidden from a direct read. */
static void check_nothing_hidden(const struct world *w, int viewer, const char *path)
{
	const struct t_reply *r = EXPECT(200, t_get(&w->who[viewer], "%s", path));
	const char *at;

	for (int p = 0; p < w->m.n; p++)
		if (shows_post(r, w, p, &at) && !model_sees_post(&w->m, viewer, p))
			differ(w, t_fmt("%s shows post %d to %d", path, p, viewer));
}

static void check_direct_reads(struct world *w, int viewer)
{
	for (int p = 0; p < w->m.n; p++)
		expect(w, t_get(&w->who[viewer], API "/posts/%s", w->post[p]),
		       model_sees_post(&w->m, viewer, p) ? 200 : 404);
}

/* Root posts of one account, then its answers. */
static void check_profile_posts(struct world *w, int viewer, int owner)
{
	for (int chained = 0; chained < 2; chained++) {
		const struct t_reply *r = t_get(&w->who[viewer], API "/users/%s/posts?limit=100%s",
						w->who[owner].id, chained ? "&chained=true" : "");
		const char *at;

		expect(w, r, model_sees_person(&w->m, viewer, owner) ? 200 : 404);
		for (int p = 0; p < w->m.n; p++) {
			bool want = w->m.posts[p].author == owner
				&& (w->m.posts[p].parent >= 0) == chained
				&& model_sees_post(&w->m, viewer, p);

			if (shows_post(r, w, p, &at) != want)
				differ(w,
				       t_fmt("posts of %d: post %d for %d is wrong", owner, p,
					     viewer));
		}
	}
}

static void check_people(struct world *w, int viewer, const char *path, const bool want[PEOPLE],
			 int status)
{
	const struct t_reply *r = t_get(&w->who[viewer], "%s", path);

	expect(w, r, status);
	for (int a = 0; a < PEOPLE; a++)
		if ((strstr(r->body, w->who[a].id) != NULL) != want[a])
			differ(w, t_fmt("%s for %d: %d is wrong", path, viewer, a));
}

static void check_edges(struct world *w, int viewer, int owner)
{
	bool followers[PEOPLE], following[PEOPLE], inside = model_sees_inside(&w->m, viewer, owner);
	int status = model_sees_person(&w->m, viewer, owner) ? 200 : 404;

	for (int a = 0; a < PEOPLE; a++) {
		bool seen = inside && model_sees_person(&w->m, viewer, a);

		followers[a] = seen && w->m.follows[a][owner] == ACCEPTED;
		following[a] = seen && w->m.follows[owner][a] == ACCEPTED;
	}
	check_people(w, viewer, t_fmt(API "/users/%s/followers", w->who[owner].id), followers,
		     status);
	check_people(w, viewer, t_fmt(API "/users/%s/following", w->who[owner].id), following,
		     status);
}

static void check_own_lists(struct world *w, int me)
{
	bool asking[PEOPLE], circle[PEOPLE], mutual[PEOPLE], blocked[PEOPLE];
	const struct model *m = &w->m;

	for (int a = 0; a < PEOPLE; a++) {
		bool seen = model_sees_person(m, me, a);

		asking[a] = seen && m->follows[a][me] == PENDING;
		circle[a] = seen && m->circle[me][a];
		mutual[a] = seen && m->follows[a][me] == ACCEPTED && m->follows[me][a] == ACCEPTED;
		blocked[a] = m->blocks[me][a];
	}
	check_people(w, me, API "/users/requests", asking, 200);
	check_people(w, me, API "/users/circle/members", circle, 200);
	check_people(w, me, API "/mutual-follows", mutual, 200);
	check_people(w, me, API "/users/blocked", blocked, 200);
}

static void check_counts(const struct world *w, int me)
{
	const struct t_reply *r = EXPECT(200, t_get(&w->who[me], API "/profile"));
	int followers = 0, following = 0, posts = 0;

	for (int a = 0; a < PEOPLE; a++) {
		followers += w->m.follows[a][me] == ACCEPTED;
		following += w->m.follows[me][a] == ACCEPTED;
	}
	for (int p = 0; p < w->m.n; p++)
		posts += w->m.posts[p].author == me && w->m.posts[p].parent < 0
			&& !w->m.posts[p].deleted;
	if (t_json_int(r, "stats.follower_count") != followers
	    || t_json_int(r, "stats.following_count") != following
	    || t_json_int(r, "stats.post_count") != posts)
		differ(w,
		       t_fmt("counts of %d: %s and not %d %d %d", me, t_json(r, "stats"), posts,
			     followers, following));
}

static void check_all(struct world *w, int viewer)
{
	const char *own = w->who[viewer].id;

	check_direct_reads(w, viewer);
	check_posts(w, viewer, API "/feed/personal?limit=50", model_feeds_post, true);
	check_posts(w, viewer, t_fmt(API "/hashtags/%s?limit=50", w->tag), sees_all, true);
	check_posts(w, viewer, t_fmt(API "/users/%s/saved?limit=100", own), sees_saved, false);
	check_posts(w, viewer, API "/users/me/liked?limit=100", sees_liked, false);
	check_nothing_hidden(w, viewer, API "/feed/sojorn?limit=50");
	check_nothing_hidden(w, viewer, t_fmt(API "/search?q=%s", w->word));
	check_nothing_hidden(w, viewer, API "/notifications?limit=100");
	check_nothing_hidden(w, viewer, API "/discover");
	check_own_lists(w, viewer);
	check_counts(w, viewer);
	for (int owner = 0; owner < PEOPLE; owner++) {
		check_profile_posts(w, viewer, owner);
		check_edges(w, viewer, owner);
	}
}

/* ---- worlds ---- */

static long setting(const char *name, long usual)
{
	const char *given = getenv(name);

	return given ? strtol(given, NULL, 10) : usual;
}

static void live(uint64_t seed, long steps)
{
	struct world w = { .seed = seed,
			   .seq = { seed },
			   .tag = t_unique("tag"),
			   .word = t_unique("word") };

	for (int i = 0; i < PEOPLE; i++) {
		w.who[i] = t_user("ann");
		t_sql("UPDATE trust_state SET tier = 'established' WHERE user_id = '%s'",
		      w.who[i].id);
	}
	do_post(&w, 0, 0); /* a tag that nobody has used is not found */
	for (w.step = 1; w.step <= steps; w.step++) {
		do_something(&w);
		check_all(&w, pick_person(&w));
	}
}

TEST(lists_and_direct_reads_are_what_a_plain_model_says)
{
	long worlds = setting("MODEL_WORLDS", 3), steps = setting("MODEL_STEPS", 50);
	const char *given = getenv("MODEL_SEED");
	uint64_t seed;

	rand_bytes(&seed, sizeof(seed));
	seed = given ? strtoull(given, NULL, 10) : seed % 1000000;
	for (long i = 0; i < worlds; i++)
		live(seed + (uint64_t)i, steps);
}
