/*
 * The authorization matrix: every route of the program times every kind of caller, with the status that is to
 * come. The routes are those the program has, so one without a row here fails.
 *
 * What is asked for belongs to an owner: a public post with a tag, an account, a notification. The caller is
 * that owner, or somebody who stands to him as the column says; he had liked and saved the post and was told
 * of it before he stood so. Where 404 is to come, the same request for what does not exist must come back
 * alike, and a reply to somebody from whom the owner or the post is hidden must name neither.
 */
#include "app/matrix_test.h"

#include "app/app.h"

#include <string.h>

#define A "/api/v1"

/* ---- who and what ---- */

/* What only the last step may do to the caller, so that what came before is still his. */
static void stand(enum role role, struct cast *c)
{
	static const char *const status[ROLES] = { [SUSPENDED] = "suspended",
						   [DEACTIVATED] = "deactivated",
						   [BANNED] = "banned" };

	if (role == FOLLOWER)
		t_follow(&c->caller, &c->owner);
	if (role == CIRCLE || role == BLOCKED || role == BLOCKER)
		t_mutual(&c->caller, &c->owner);
	if (role == CIRCLE)
		t_sql("INSERT INTO circle_members (user_id, member_id) VALUES ('%s', '%s')",
		      c->owner.id, c->caller.id);
	if (role == BLOCKED)
		t_block(&c->owner, &c->caller);
	if (role == BLOCKER)
		t_block(&c->caller, &c->owner);
	if (role == PRIVATE)
		t_sql("UPDATE profiles SET is_private = true WHERE id = '%s'", c->owner.id);
	if (role == MODERATOR)
		t_sql("UPDATE profiles SET role = 'moderator' WHERE id = '%s'", c->caller.id);
	if (status[role])
		t_sql("UPDATE users SET status = '%s', suspended_until = now() + interval '1 day' WHERE id = '%s'",
		      status[role], c->caller.id);
}

static const char *notification_for(const struct t_user *receiver, const char *actor,
				    const char *about)
{
	return t_sql("INSERT INTO notifications (user_id, type, actor_id, post_id)"
		     " VALUES ('%s', 'mention', %s, '%s') RETURNING id",
		     receiver->id, actor, about);
}

/* Between the owner and somebody else. */
static void write_message(struct cast *c)
{
	struct t_user friend = t_user("friend");

	t_mutual(&c->owner, &friend);
	c->conversation = t_sql(
		"INSERT INTO encrypted_conversations (participant_a, participant_b)"
		" SELECT LEAST(a, b), GREATEST(a, b) FROM (VALUES ('%s'::uuid, '%s'::uuid)) AS p (a, b)"
		" RETURNING id",
		c->owner.id, friend.id);
	c->message = t_sql(
		"INSERT INTO secure_messages (conversation_id, sender_id, receiver_id, ciphertext)"
		" VALUES ('%s', '%s', '%s', %s) RETURNING id",
		c->conversation, c->owner.id, friend.id, t_lit(c->secret));
}

/* Any bytes: nobody here encrypts. */
static void publish_keys(const struct t_user *u)
{
	t_sql("WITH i AS (INSERT INTO e2ee_identities (user_id, identity_key)"
	      "           VALUES ('%s', decode(repeat('ab', 64), 'hex')) RETURNING user_id)"
	      " INSERT INTO signed_prekeys (user_id, key_id, public_key, signature)"
	      " SELECT user_id, 1, decode(repeat('cd', 32), 'hex'), decode(repeat('ef', 64), 'hex') FROM i",
	      u->id);
}

static void leave_backups(struct cast *c)
{
	t_sql("INSERT INTO key_vaults (user_id, backup_type, salt, iv, payload, pub)"
	      " VALUES ('%s', 'passphrase', 'AAAA', 'AAAA', 'AAAA', 'AAAA')",
	      c->owner.id);
	c->backup = t_sql("INSERT INTO cloud_backups (user_id, encrypted_blob, salt, nonce, mac)"
			  " VALUES ('%s', 'x', 'x', 'x', 'x') RETURNING id",
			  c->owner.id);
	c->device = t_sql("INSERT INTO user_devices (user_id, device_fingerprint)"
			  " VALUES ('%s', 'x') RETURNING id",
			  c->owner.id);
}

struct cast matrix_cast(enum role role)
{
	struct cast c = { .owner = t_user("owner"),
			  .tag = t_unique("tag"),
			  .secret = t_fmt("%s.", t_unique("secret")) };
	const struct t_reply *made =
		EXPECT(201,
		       t_post_json(&c.owner, A "/posts", "{'body': 'this is %s #%s'}", c.secret,
				   c.tag));

	c.caller = role == OWNER ? c.owner : t_user("caller");
	c.post = t_json(made, "post.id");
	c.notification = notification_for(&c.owner, "NULL", c.post);
	c.beacon = t_sql(
		"INSERT INTO beacons (beacon_type, lat, long, body, expires_at)"
		" VALUES ('hazard', 1, 1, 'ice on the road', now() + interval '1 hour') RETURNING id");
	t_sql("INSERT INTO post_feed_scores (post_id, author_id, score) VALUES ('%s', '%s', 0.5)"
	      " ON CONFLICT DO NOTHING",
	      c.post, c.owner.id);
	t_sql("INSERT INTO post_likes (post_id, user_id) VALUES ('%s', '%s')", c.post, c.caller.id);
	t_sql("INSERT INTO post_saves (post_id, user_id) VALUES ('%s', '%s')", c.post, c.caller.id);
	t_sql("UPDATE post_metrics SET like_count = 1, save_count = 1 WHERE post_id = '%s'",
	      c.post);
	if (role != OWNER)
		notification_for(&c.caller, t_lit(c.owner.id), c.post);
	write_message(&c);
	publish_keys(&c.owner);
	leave_backups(&c);
	stand(role, &c);
	return c;
}

/* ---- requests ---- */

static const char *some_uuid(void)
{
	return t_sql("SELECT gen_random_uuid()");
}

/* The object of a parameter, known by what stands before it. */
static const char *parameter(const struct cast *c, const char *before, const char *name)
{
	static const char *const kinds[] = { "/posts/",		  "/notifications/", "/beacons/",
					     "/conversations/",	  "/messages/",	     "/backup/",
					     "/backup/download/", "/devices/" };
	const char *const ids[] = { c->post,	c->notification, c->beacon, c->conversation,
				    c->message, c->backup,	 c->backup, c->device };

	if (strncmp(name, "handle", 6) == 0)
		return c->owner.handle;
	if (strncmp(name, "name", 4) == 0)
		return c->tag;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strlen(before) >= strlen(kinds[i])
		    && strcmp(before + strlen(before) - strlen(kinds[i]), kinds[i]) == 0)
			return ids[i];
	return c->owner.id;
}

static const char *fill_path(const struct cast *c, const char *path, bool unknown)
{
	const char *out = "";

	for (const char *colon; (colon = strchr(path, ':')) != NULL;) {
		size_t name = strcspn(colon, "/");

		out = t_fmt("%s%.*s", out, (int)(colon - path), path);
		out = t_fmt("%s%s", out, unknown ? some_uuid() : parameter(c, out, colon + 1));
		path = colon + name;
	}
	return t_fmt("%s%s", out, path);
}

/* What a mark stands for; NULL: no mark. */
static const char *meaning(const struct cast *c, char mark)
{
	switch (mark) {
	case '@':
		return c->owner.id;
	case '%':
		return c->owner.handle;
	case '#':
		return c->post;
	case '!':
		return c->conversation;
	case '$':
		return c->tag;
	case '\'':
		return "\"";
	default:
		return NULL;
	}
}

static const char *fill_text(const struct cast *c, const char *text, bool unknown)
{
	const char *out = "";

	for (; *text; text++) {
		const char *put = meaning(c, *text);

		if (!put)
			put = t_fmt("%c", *text);
		else if (unknown && strchr("@%#!", *text))
			put = some_uuid();
		out = t_fmt("%s%s", out, put);
	}
	return out;
}

const struct t_reply *matrix_ask(const struct row *row, enum role role, const struct cast *c,
				 bool unknown)
{
	size_t method = strcspn(row->route, " ");
	const char *path = fill_path(c, row->route + method + 1, unknown);
	const char *query = row->query ? fill_text(c, row->query, unknown) : "";

	return t_send(&(struct t_request){
		.method = t_fmt("%.*s", (int)method, row->route),
		.path = t_fmt("%s%s%s", path, *query ? "?" : "", query),
		.user = role == ANONYMOUS ? NULL : &c->caller,
		.body = row->body	       ? fill_text(c, row->body, unknown)
			: row->route[0] == 'G' ? NULL
					       : "null",
	});
}

/* ---- what came ---- */

static int wrong;

static void complain(const struct row *row, enum role role, const struct t_reply *r,
		     const char *what)
{
	print_error("%s, role %d: %d, %s: %.300s\n", row->route, role, r->status, what, r->body);
	wrong++;
}

/* An error without the part that is of its own request. */
static const char *without_id(const char *body)
{
	const char *id = strstr(body, "\"request_id\"");

	return id ? t_fmt("%.*s", (int)(id - body), body) : body;
}

/* What is hidden must look like what is not there. */
static void check_alike(const struct row *row, enum role role, const struct cast *c,
			const struct t_reply *r)
{
	const struct t_reply *unknown = matrix_ask(row, role, c, true);

	if (unknown->status != r->status
	    || strcmp(without_id(unknown->body), without_id(r->body)) != 0)
		complain(row, role, unknown, "differs from what is hidden");
}

static void check_silence(const struct row *row, enum role role, const struct cast *c,
			  const struct t_reply *r)
{
	bool hidden = role == BLOCKED || role == BLOCKER;

	if (!hidden && role != PRIVATE)
		return;
	if (strstr(r->body, c->secret) || (!row->names_owner && strstr(r->body, c->post)))
		complain(row, role, r, "shows a hidden post");
	if (hidden && !row->names_owner
	    && (strstr(r->body, c->owner.id) || strstr(r->body, t_quote(c->owner.handle))))
		complain(row, role, r, "names somebody hidden");
}

static void check(const struct row *row, enum role role, const struct cast *c)
{
	const struct t_reply *r = matrix_ask(row, role, c, false);
	int want = row->want[role] == 200 && row->ok ? row->ok : row->want[role];

	if (r->status != want)
		complain(row, role, r, t_fmt("not %d", want));
	if (r->status == 404)
		check_alike(row, role, c, r);
	check_silence(row, role, c, r);
}

/* Reads share a cast, each write has its own. */
static void check_role(enum role role)
{
	struct cast shared = matrix_cast(role);

	for (size_t i = 0; i < matrix_size; i++) {
		struct cast c = matrix_rows[i].route[0] == 'G' ? shared : matrix_cast(role);

		check(&matrix_rows[i], role, &c);
	}
	EXPECT_EQ(0, wrong);
}

TEST(matrix_of_nobody)
{
	check_role(ANONYMOUS);
}

TEST(matrix_of_the_owner)
{
	check_role(OWNER);
}

TEST(matrix_of_a_stranger)
{
	check_role(STRANGER);
}

TEST(matrix_of_a_follower)
{
	check_role(FOLLOWER);
}

TEST(matrix_of_the_circle)
{
	check_role(CIRCLE);
}

TEST(matrix_of_the_blocked)
{
	check_role(BLOCKED);
}

TEST(matrix_of_a_blocker)
{
	check_role(BLOCKER);
}

TEST(matrix_of_a_stranger_to_a_private_account)
{
	check_role(PRIVATE);
}

TEST(matrix_of_the_suspended)
{
	check_role(SUSPENDED);
}

TEST(matrix_of_the_deactivated)
{
	check_role(DEACTIVATED);
}

TEST(matrix_of_the_banned)
{
	check_role(BANNED);
}

TEST(matrix_of_a_moderator)
{
	check_role(MODERATOR);
}

static bool has_row(const struct route *route)
{
	const char *name = t_fmt("%s %s", method_name(route->method), route->path);

	for (size_t i = 0; i < matrix_size; i++)
		if (strcmp(matrix_rows[i].route, name) == 0)
			return true;
	print_error("no row for %s\n", name);
	return false;
}

TEST(the_matrix_has_every_route_and_no_other)
{
	size_t routes = 0, missing = 0;

	for (const struct route *const *table = app_routes; *table; table++)
		for (const struct route *route = *table; route->path; route++, routes++)
			missing += !has_row(route);
	EXPECT_EQ(0, missing);
	EXPECT_EQ(routes, matrix_size);
}
