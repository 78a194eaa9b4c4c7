/*
 * The nine functions the app had at the edge, each a route of /api/v1 now. Clients call them by POST with a
 * JSON body whatever they do, older ones by GET with a query; so what a function reads comes from either.
 * Replies are those of the routes, whose records have the members the functions' had.
 */
#include "app/compat/compat_http.h"

enum { PAIRS_MAX = 8 };

/* What the functions were told, under all the names it had. */
struct told {
	str handle, username, q, type, cursor;
	uuid user_id, following_id, target_user_id, id;
	str action, token, fcm_token;
};
static const struct field told_fields[] = {
	FIELD(struct told, handle),
	FIELD(struct told, username),
	FIELD(struct told, q, .alias = "query"),
	FIELD(struct told, type),
	FIELD(struct told, cursor),
	FIELD(struct told, user_id),
	FIELD(struct told, following_id),
	FIELD(struct told, target_user_id),
	FIELD(struct told, id),
	FIELD(struct told, action),
	FIELD(struct told, token),
	FIELD(struct told, fcm_token),
	{ 0 },
};

/* Numbers, which a query has as text and a body as either. */
struct numbers {
	int32_t limit, offset;
};
static const struct field number_fields[] = {
	FIELD(struct numbers, limit),
	FIELD(struct numbers, offset),
	{ 0 },
};

struct call {
	struct told told;
	struct numbers numbers;
	struct pair pairs[PAIRS_MAX];
	size_t n;
};

static err read_call(struct req *r, struct call *c)
{
	str body = req_body_text(r);

	*c = (struct call){ 0 };
	if (r->method == GET) {
		TRY(fields_from_pairs(r->arena, r->query, r->nquery, told_fields, &c->told, NULL));
		return fields_from_pairs(r->arena, r->query, r->nquery, number_fields, &c->numbers,
					 NULL);
	}
	TRY(fields_from_json(r->arena, body, told_fields, &c->told, NULL));
	return fields_from_json(r->arena, body, number_fields, &c->numbers, NULL);
}

static void tell(struct call *c, const char *name, str value)
{
	if (!str_empty(value) && c->n < PAIRS_MAX)
		c->pairs[c->n++] = (struct pair){ str_of(name), value };
}

static void tell_number(struct req *r, struct call *c, const char *name, int32_t value)
{
	if (value)
		tell(c, name, arena_printf(r->arena, "%d", (int)value));
}

static void tell_page(struct req *r, struct call *c)
{
	tell_number(r, c, "limit", c->numbers.limit);
	tell_number(r, c, "offset", c->numbers.offset);
	tell(c, "cursor", c->told.cursor);
}

static err forward(struct req *r, enum method method, str path, const struct call *c)
{
	struct forward to = { .method = method, .path = path };

	if (c) {
		to.query = c->pairs;
		to.nquery = c->n;
	}
	return req_forward(r, &to);
}

/* The first that is set of the names the function had for somebody. */
static uuid somebody(const struct told *t)
{
	const uuid ids[] = { t->user_id, t->target_user_id, t->following_id, t->id };
	size_t i = 0;

	while (i + 1 < sizeof ids / sizeof *ids && uuid_is_nil(ids[i]))
		i++;
	return ids[i];
}

static str path_of(struct req *r, const char *format, uuid id)
{
	char text[UUID_TEXT + 1] = { 0 };

	uuid_format(id, text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return arena_printf(r->arena, format, text);
#pragma GCC diagnostic pop
}

/* ---- the functions ---- */

/* The account is there, made by /auth/v1/signup; this named the person. */
static err signup(struct req *r)
{
	return forward(r, POST, S("/api/v1/profile"), NULL);
}

static err profile(struct req *r)
{
	struct call c;
	uuid id;

	TRY(read_call(r, &c));
	id = somebody(&c.told);
	if (!uuid_is_nil(id))
		return forward(r, GET, path_of(r, "/api/v1/profiles/%s", id), &c);
	tell(&c, "handle", c.told.handle.p ? c.told.handle : c.told.username);
	return forward(r, GET, S("/api/v1/profile"), &c);
}

static err change_profile(struct req *r)
{
	return forward(r, PATCH, S("/api/v1/profile"), NULL);
}

static err feed(struct req *r)
{
	struct call c;

	TRY(read_call(r, &c));
	tell_page(r, &c);
	return forward(r, GET, S("/api/v1/feed"), &c);
}

static err publish_post(struct req *r)
{
	return forward(r, POST, S("/api/v1/posts"), NULL);
}

static err create_beacon(struct req *r)
{
	return forward(r, POST, S("/api/v1/beacons"), NULL);
}

static err search(struct req *r)
{
	struct call c;

	TRY(read_call(r, &c));
	tell(&c, "q", c.told.q);
	tell(&c, "type", c.told.type);
	tell_page(r, &c);
	return forward(r, GET, S("/api/v1/search"), &c);
}

static err follow(struct req *r)
{
	bool ends = r->method == DELETE;
	struct call c;
	uuid id;

	TRY(read_call(r, &c));
	id = somebody(&c.told);
	if (uuid_is_nil(id))
		return req_fail(r, err_invalid, "user_id is required");
	ends = ends || str_eq(c.told.action, S("unfollow"));
	return forward(r, ends ? DELETE : POST, path_of(r, "/api/v1/users/%s/follow", id), NULL);
}

static err tone_check(struct req *r)
{
	return forward(r, POST, S("/api/v1/analysis/tone"), NULL);
}

/* With a device's token it is where pushes go, without one the inbox. */
static err notifications(struct req *r)
{
	struct call c;

	TRY(read_call(r, &c));
	if (c.told.token.p || c.told.fcm_token.p)
		return forward(r, POST, S("/api/v1/notifications/device"), NULL);
	tell_page(r, &c);
	return forward(r, GET, S("/api/v1/notifications"), &c);
}

#define F "/functions/v1"

/* A token is checked by the route behind it. */
const struct route compat_function_routes[] = {
	{ POST, F "/signup", signup, "name the person of a new account", .auth = AUTH_KEY },
	{ GET, F "/profile", profile, "a profile", .auth = AUTH_KEY },
	{ POST, F "/profile", profile, "a profile", .auth = AUTH_KEY },
	{ PATCH, F "/profile", change_profile, "change the own profile", .auth = AUTH_KEY },
	{ GET, F "/feed-sojorn", feed, "the feed", .auth = AUTH_KEY },
	{ POST, F "/feed-sojorn", feed, "the feed", .auth = AUTH_KEY },
	{ POST, F "/publish-post", publish_post, "publish a post", .auth = AUTH_KEY },
	{ POST, F "/create-beacon", create_beacon, "put up a beacon", .auth = AUTH_KEY },
	{ GET, F "/search", search, "search", .auth = AUTH_KEY },
	{ POST, F "/search", search, "search", .auth = AUTH_KEY },
	{ POST, F "/follow", follow, "follow somebody", .auth = AUTH_KEY },
	{ DELETE, F "/follow", follow, "unfollow somebody", .auth = AUTH_KEY },
	{ POST, F "/tone-check", tone_check, "the tone of a text", .auth = AUTH_KEY },
	{ GET, F "/notifications", notifications, "the inbox", .auth = AUTH_KEY },
	{ POST, F "/notifications", notifications, "the inbox, or a device for pushes",
	  .auth = AUTH_KEY },
	{ 0 },
};
