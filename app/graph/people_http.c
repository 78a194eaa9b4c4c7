/* Lists of people: mutual follows, suggestions, the circle. */
#include "app/graph/graph_db.h"

#include "app/graph/graph.sql.h"
#include "app/rates.h"

static const struct err_info info_not_following = { 400, "not_following",
						    "only people you follow can be in your circle",
						    NULL };

/* Somebody as chat's picker and the like show him. */
struct face {
	uuid id;
	str handle, display_name, avatar_url;
};
static const struct field face_fields[] = {
	FIELD(struct face, id),
	FIELD(struct face, handle),
	FIELD(struct face, display_name),
	FIELD(struct face, avatar_url, .address = true),
	{ 0 },
};

struct profile_list {
	struct list profiles;
};
static const struct field profile_list_fields[] = {
	FIELD(struct profile_list, profiles, .of = face_fields),
	{ 0 },
};

static err list_mutuals(struct req *r)
{
	struct profile_list out;
	struct page p;

	TRY(page_read(r, &p));
	TRY(db_list(r->db, &sql_mutuals_list, face_fields, sizeof(struct face), &out.profiles,
		    ARG(r->user.id), ARG(p.limit), ARG(p.offset)));
	return reply(r, &out);
}

struct mutual_list {
	struct list mutual_followers;
};
static const struct field mutual_list_fields[] = {
	FIELD(struct mutual_list, mutual_followers, .of = face_fields),
	{ 0 },
};

static err list_mutual_followers(struct req *r)
{
	struct mutual_list out;
	uuid id;

	TRY(req_id(r, "id", &id));
	struct db_batch *b = db_batch(r->db);
	db_batch_some(b, &sql_people_owner, ARG(r->user.id), ARG(id));
	db_batch_list(b, &sql_mutual_followers_list, face_fields, sizeof(struct face),
		      &out.mutual_followers, ARG(r->user.id), ARG(id));
	TRY(db_batch_run(b));
	return reply(r, &out);
}

struct is_following {
	bool is_following;
};
static const struct field is_following_fields[] = {
	FIELD(struct is_following, is_following),
	{ 0 },
};

static err get_is_following(struct req *r)
{
	struct is_following out;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(db_one(r->db, &sql_follow_get, is_following_fields, &out, ARG(r->user.id), ARG(id)));
	return reply(r, &out);
}

struct suggestion {
	uuid id;
	str handle, display_name, avatar_url;
	int32_t mutual_count;
	str reason;
};
static const struct field suggestion_fields[] = {
	FIELD(struct suggestion, id),
	FIELD(struct suggestion, handle, .alias = "username"),
	FIELD(struct suggestion, display_name),
	FIELD(struct suggestion, avatar_url, .address = true),
	FIELD(struct suggestion, mutual_count),
	FIELD(struct suggestion, reason),
	{ 0 },
};

struct suggestion_list {
	struct list suggestions;
};
static const struct field suggestion_list_fields[] = {
	FIELD(struct suggestion_list, suggestions, .of = suggestion_fields),
	{ 0 },
};

static err list_suggestions(struct req *r)
{
	struct suggestion_list out;
	struct page p;

	TRY(page_read(r, &p));
	TRY(db_list(r->db, &sql_suggestions_list, suggestion_fields, sizeof(struct suggestion),
		    &out.suggestions, ARG(r->user.id), ARG(p.limit)));
	return reply(r, &out);
}

struct followed {
	bool followed;
};
static const struct field followed_fields[] = {
	FIELD(struct followed, followed),
	{ 0 },
};

static err add_to_circle(struct req *r)
{
	struct followed f;
	uuid id;
	err e;

	TRY(req_id(r, "id", &id));
	e = db_one(r->db, &sql_circle_add, followed_fields, &f, ARG(r->user.id), ARG(id));
	if (e.info && db_constraint(r->db).p) /* unfollowed at the same moment */
		return (err){ &info_not_following };
	TRY(e);
	return f.followed ? reply_message(r, "added to circle") : (err){ &info_not_following };
}

static err remove_from_circle(struct req *r)
{
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(db_exec(r->db, &sql_circle_remove, NULL, ARG(r->user.id), ARG(id)));
	return reply_message(r, "removed from circle");
}

struct member_page {
	struct list members;
	int32_t count;
	str next_cursor;
};
static const struct field member_page_fields[] = {
	FIELD(struct member_page, members, .of = person_fields),
	FIELD(struct member_page, count, .help = "on this page"),
	FIELD(struct member_page, next_cursor),
	{ 0 },
};

static err list_circle(struct req *r)
{
	struct member_page out = { 0 };
	struct page p;

	TRY(page_read(r, &p));
	TRY(db_list(r->db, &sql_circle_list, person_fields, sizeof(struct person), &out.members,
		    ARG(r->user.id), ARG(p.limit), ARG(p.offset), ARG(page_time(&p)), ARG(p.id)));
	out.count = (int32_t)out.members.n;
	out.next_cursor = page_after(r, &p, &out.members, offsetof(struct person, followed_at),
				     offsetof(struct person, id));
	return reply(r, &out);
}

#define U "/api/v1/users"

const struct route people_routes[] = {
	{ GET, "/api/v1/mutual-follows", list_mutuals,
	  "people who follow the caller and whom he follows", .out = profile_list_fields,
	  .page = 100, .page_max = 500 },
	{ GET, U "/:id/mutual-followers", list_mutual_followers,
	  "followers of an account whom the caller follows", .out = mutual_list_fields,
	  .errors = "404" },
	{ GET, U "/:id/is-following", get_is_following, "whether the caller follows an account",
	  .out = is_following_fields, .errors = "404" },
	{ GET, U "/suggested", list_suggestions, "friends of friends",
	  .out = suggestion_list_fields, .page = 10 },
	{ POST, U "/circle/:id", add_to_circle, "take somebody into the circle",
	  .out = message_fields, .errors = "400 404" },
	{ DELETE, U "/circle/:id", remove_from_circle, "take somebody out of the circle",
	  .out = message_fields },
	{ GET, U "/circle/members", list_circle, "the caller's circle", .out = member_page_fields,
	  .page = 50, .page_max = 100 },
	{ 0 },
};
