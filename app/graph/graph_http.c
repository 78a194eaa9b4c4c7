/* What clients can do about other people: follow, answer requests, block. */
#include "app/graph/graph_db.h"

#include "app/ops/jobs.h"
#include "app/profiles/profiles.h"
#include "app/rates.h"

#define BULK_MAX 500

struct followed {
	str message, status;
};
static const struct field followed_fields[] = {
	FIELD(struct followed, message, .required = true),
	FIELD(struct followed, status, .required = true, .one_of = "accepted|pending"),
	{ 0 },
};

/* The id in the path, which must be somebody else's. */
static err not_oneself(struct req *r, uuid id)
{
	return uuid_eq(id, r->user.id) ? req_fail(r, err_invalid, "that is yourself") : OK;
}

static err other_id(struct req *r, uuid *out)
{
	TRY(req_id(r, "id", out));
	return not_oneself(r, *out);
}

static err follow_user(struct req *r)
{
	struct followed out = { 0 };
	uuid id;

	TRY(other_id(r, &id));
	TRY(follow_put(r->db, r->user.id, id, &out.status));
	jobs_wake();
	out.message = str_eq(out.status, S("pending")) ? S("follow request sent") : S("following");
	return reply(r, &out);
}

/* Every verb about one other person that answers a message. */
static err act(struct req *r, err (*verb)(struct db *, uuid, uuid), const char *said)
{
	uuid id;

	TRY(other_id(r, &id));
	TRY(verb(r->db, r->user.id, id));
	jobs_wake();
	return reply_message(r, said);
}

static err unfollow_user(struct req *r)
{
	return act(r, follow_delete, "unfollowed");
}

static err remove_follower(struct req *r)
{
	return act(r, follower_delete, "follower removed");
}

static err accept_request(struct req *r)
{
	return act(r, request_accept, "follow request accepted");
}

static err reject_request(struct req *r)
{
	return act(r, request_reject, "follow request rejected");
}

static err unblock_user(struct req *r)
{
	return act(r, block_delete, "user unblocked");
}

struct request_page {
	struct list requests;
	str next_cursor;
};
static const struct field request_page_fields[] = {
	FIELD(struct request_page, requests, .of = request_fields),
	FIELD(struct request_page, next_cursor),
	{ 0 },
};

static err list_requests(struct req *r)
{
	struct request_page out = { 0 };
	struct page p;

	TRY(page_read(r, &p));
	TRY(requests_list(r->db, r->user.id, &p, &out.requests));
	out.next_cursor = page_after(r, &p, &out.requests, offsetof(struct request, requested_at),
				     offsetof(struct request, follower_id));
	return reply(r, &out);
}

/* count: all there are, not only on this page; 0 when the viewer may not look. */
struct followers_page {
	struct list followers;
	int32_t count;
	str next_cursor;
};
static const struct field followers_page_fields[] = {
	FIELD(struct followers_page, followers, .of = person_fields),
	FIELD(struct followers_page, count),
	FIELD(struct followers_page, next_cursor),
	{ 0 },
};

struct following_page {
	struct list following;
	int32_t count;
	str next_cursor;
};
static const struct field following_page_fields[] = {
	FIELD(struct following_page, following, .of = person_fields),
	FIELD(struct following_page, count),
	FIELD(struct following_page, next_cursor),
	{ 0 },
};

/* One page of people of the account in the path. */
static err read_people(struct req *r, bool followers, struct people_owner *ret_owner,
		       struct list *out, str *ret_cursor)
{
	struct page p;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(page_read(r, &p));
	TRY(people_list(r->db, followers, r->user.id, id, &p, ret_owner, out));
	*ret_cursor = page_after(r, &p, out, offsetof(struct person, followed_at),
				 offsetof(struct person, id));
	return OK;
}

static err list_followers(struct req *r)
{
	struct followers_page out = { 0 };
	struct people_owner owner;

	TRY(read_people(r, true, &owner, &out.followers, &out.next_cursor));
	out.count = owner.followers_count;
	return reply(r, &out);
}

static err list_following(struct req *r)
{
	struct following_page out = { 0 };
	struct people_owner owner;

	TRY(read_people(r, false, &owner, &out.following, &out.next_cursor));
	out.count = owner.following_count;
	return reply(r, &out);
}

static err block_user(struct req *r)
{
	struct list found;
	uuid id;

	TRY(other_id(r, &id));
	TRY(block_put(r->db, r->user.id, (struct uuids){ &id, 1 }, (struct strs){ 0 }, r->client,
		      &found));
	return found.n ? reply_message(r, "user blocked") : err_not_found;
}

struct handle_name {
	str handle;
};
static const struct field handle_name_fields[] = {
	FIELD(struct handle_name, handle, .required = true, .min = 1, .max = 65),
	{ 0 },
};

/* A handle as somebody typed it: with or without @, in any case. */
static str plain_handle(struct req *r, str typed)
{
	return arena_lower(r->arena,
			   str_starts(typed, S("@")) ? str_slice(typed, 1, typed.n) : typed);
}

static err block_by_handle(struct req *r)
{
	struct handle_name in;
	struct profile_card card;
	struct list found;

	TRY(req_body(r, &in, NULL));
	str handle = plain_handle(r, in.handle);
	TRY(block_put(r->db, r->user.id, (struct uuids){ 0 }, (struct strs){ &handle, 1 },
		      r->client, &found));
	if (found.n)
		return reply_message(r, "user blocked");
	TRY(profiles_get_by_handle(r->db, handle, r->user.id, &card));
	TRY(not_oneself(r, card.profile.id));
	return err_not_found;
}

struct handle_names {
	struct strs handles;
};
static const struct field handle_names_fields[] = {
	FIELD(struct handle_names, handles, .required = true, .max = BULK_MAX),
	{ 0 },
};

struct bulk_result {
	int32_t blocked;
	struct strs not_found, already_blocked;
};
static const struct field bulk_result_fields[] = {
	FIELD(struct bulk_result, blocked),
	FIELD(struct bulk_result, not_found),
	FIELD(struct bulk_result, already_blocked),
	{ 0 },
};

/* Files one name of the list under what became of it. */
static void sort_name(str handle, const struct list *found, struct bulk_result *out)
{
	const struct block_outcome *o = found->v;

	for (size_t i = 0; i < found->n; i++) {
		if (!str_eq(o[i].handle, handle))
			continue;
		if (o[i].fresh)
			out->blocked++;
		else
			out->already_blocked.v[out->already_blocked.n++] = handle;
		return;
	}
	out->not_found.v[out->not_found.n++] = handle;
}

static err block_in_bulk(struct req *r)
{
	struct handle_names in;
	struct list found;

	TRY(req_body(r, &in, NULL));
	for (size_t i = 0; i < in.handles.n; i++)
		in.handles.v[i] = plain_handle(r, in.handles.v[i]);
	TRY(block_put(r->db, r->user.id, (struct uuids){ 0 }, in.handles, r->client, &found));

	struct bulk_result out = {
		.not_found.v = arena_alloc(r->arena, in.handles.n * sizeof(str)),
		.already_blocked.v = arena_alloc(r->arena, in.handles.n * sizeof(str)),
	};
	for (size_t i = 0; i < in.handles.n; i++)
		sort_name(in.handles.v[i], &found, &out);
	return reply(r, &out);
}

struct blocked_page {
	struct list users;
	str next_cursor;
};
static const struct field blocked_page_fields[] = {
	FIELD(struct blocked_page, users, .of = blocked_fields),
	FIELD(struct blocked_page, next_cursor),
	{ 0 },
};

static err list_blocked(struct req *r)
{
	struct blocked_page out = { 0 };
	struct page p;

	TRY(page_read(r, &p));
	TRY(blocks_list(r->db, r->user.id, &p, &out.users));
	out.next_cursor = page_after(r, &p, &out.users, offsetof(struct blocked, blocked_at),
				     offsetof(struct blocked, id));
	return reply(r, &out);
}

#define U "/api/v1/users"

const struct route graph_routes[] = {
	{ POST, U "/:id/follow", follow_user, "follow somebody, or ask to", .rate = &rate_follow,
	  .out = followed_fields, .errors = "404" },
	{ DELETE, U "/:id/follow", unfollow_user, "unfollow somebody, or withdraw the request",
	  .out = message_fields, .errors = "404" },
	{ DELETE, U "/:id/follower", remove_follower, "drop a follower", .out = message_fields,
	  .errors = "404" },
	{ GET, U "/requests", list_requests, "requests to follow the caller",
	  .out = request_page_fields, .page = 20, .page_max = 100 },
	{ POST, U "/requests", list_requests, "the same, as older clients ask",
	  .out = request_page_fields, .page = 20, .page_max = 100 },
	{ POST, U "/:id/accept", accept_request, "accept a follow request", .out = message_fields,
	  .errors = "404" },
	{ DELETE, U "/:id/reject", reject_request, "reject a follow request", .out = message_fields,
	  .errors = "404" },
	{ GET, U "/:id/followers", list_followers, "who follows an account",
	  .out = followers_page_fields, .page = 50, .page_max = 100, .errors = "404" },
	{ GET, U "/:id/following", list_following, "whom an account follows",
	  .out = following_page_fields, .page = 50, .page_max = 100, .errors = "404" },
	{ POST, U "/:id/block", block_user, "block somebody", .out = message_fields,
	  .errors = "404" },
	{ DELETE, U "/:id/block", unblock_user, "unblock somebody", .out = message_fields },
	{ GET, U "/blocked", list_blocked, "whom the caller has blocked",
	  .out = blocked_page_fields, .page = 50, .page_max = 100 },
	{ POST, U "/block_by_handle", block_by_handle, "block by handle",
	  .body = handle_name_fields, .out = message_fields, .errors = "400 404" },
	{ POST, U "/me/blocks/bulk", block_in_bulk, "block a list of handles",
	  .body = handle_names_fields, .out = bulk_result_fields },
	{ 0 },
};
