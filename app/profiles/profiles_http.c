/* Reading profiles and changing one's own. */
#include "app/profiles/profiles_db.h"

#include "app/links.h"
#include "app/media/media.h"
#include "app/moderation/moderation.h"
#include "lib/web/req.h"

#define URL_MAX 2048

struct metadata_field {
	str key, value;
	bool verified; /* the server's to say; nobody sets it for himself */
};
static const struct field metadata_field_fields[] = {
	FIELD(struct metadata_field, key, .required = true, .min = 1, .max = 30),
	FIELD(struct metadata_field, value, .required = true, .max = 200),
	FIELD(struct metadata_field, verified),
	{ 0 },
};

static const struct field change_fields[] = {
	FIELD(struct profile_change, handle, .max = 31),
	FIELD(struct profile_change, display_name, .min = 1, .max = 50),
	FIELD(struct profile_change, bio, .max = 300),
	FIELD(struct profile_change, avatar_url, .max = URL_MAX),
	FIELD(struct profile_change, cover_url, .max = URL_MAX),
	FIELD(struct profile_change, location, .max = 100),
	FIELD(struct profile_change, website, .max = 200),
	FIELD(struct profile_change, interests, .max = 20),
	FIELD(struct profile_change, is_private),
	FIELD(struct profile_change, status_text, .max = 80),
	FIELD(struct profile_change, metadata_fields, .of = metadata_field_fields,
	      .size = sizeof(struct metadata_field), .max = 8),
	FIELD(struct profile_change, beacon_enabled),
	{ 0 },
};

/* The older client's way to make a profile: its account has one since it was registered. */
static const struct field creation_fields[] = {
	FIELD(struct profile_change, handle, .required = true, .max = 31),
	FIELD(struct profile_change, display_name, .required = true, .min = 1, .max = 50),
	FIELD(struct profile_change, bio, .max = 300),
	{ 0 },
};

struct own_profile {
	struct profile profile;
};
static const struct field own_profile_fields[] = {
	FIELD(struct own_profile, profile, .of = profile_fields),
	{ 0 },
};

struct profile_query {
	str handle;
};
static const struct field profile_query_fields[] = {
	FIELD(struct profile_query, handle, .help = "somebody else's; default: the caller's own"),
	{ 0 },
};

static str bare(str handle)
{
	return str_starts(handle, S("@")) ? str_slice(handle, 1, handle.n) : handle;
}

static err get_profile(struct req *r)
{
	struct profile_card out;
	struct profile_query q;
	struct present set;

	TRY(req_query(r, &q, &set));
	if (!present_has(&set, profile_query_fields, "handle")) {
		TRY(profiles_get(r->db, r->user.id, r->user.id, &out));
		return reply(r, &out);
	}
	if (str_empty(bare(q.handle)))
		return req_fail(r, err_invalid, "handle must not be empty");
	TRY(profiles_get_by_handle(r->db, bare(q.handle), r->user.id, &out));
	return reply(r, &out);
}

static err get_profile_by_id(struct req *r)
{
	struct profile_card out;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(profiles_get(r->db, id, r->user.id, &out));
	return reply(r, &out);
}

static err get_by_handle(struct req *r)
{
	struct profile_card out;

	TRY(profiles_get_by_handle(r->db, bare(req_param(r, "handle")), r->user.id, &out));
	return reply(r, &out.profile);
}

static bool is_unchanged(const struct req *r, str sent, str stored)
{
	return str_eq(sent, stored) || str_eq(sent, media_shown(r, stored));
}

/* A client sends back what it was given, also what came from another server long ago. */
static err check_pictures(struct req *r, struct profile_change *in)
{
	err avatar = media_check_picture(r, "avatar_url", &in->avatar_url);
	err cover = media_check_picture(r, "cover_url", &in->cover_url);
	struct profile_card now;

	if (!avatar.info && !cover.info)
		return OK;
	TRY(profiles_get(r->db, r->user.id, r->user.id, &now));
	if (avatar.info && !is_unchanged(r, in->avatar_url, now.profile.avatar_url))
		return avatar;
	return cover.info && !is_unchanged(r, in->cover_url, now.profile.cover_url) ? cover : OK;
}

/* What other people read of somebody goes through the word filter, like any text. */
static err check_change(struct req *r, struct profile_change *in)
{
	if (in->handle.p)
		TRY(profiles_handle(r->arena, in->handle, &in->handle));
	TRY(check_pictures(r, in));
	TRY(link_check(r, "website", in->website));
	TRY(moderation_name(r, "handle", in->handle));
	TRY(moderation_name(r, "display_name", in->display_name));
	TRY(moderation_name(r, "bio", in->bio));
	return moderation_name(r, "status_text", in->status_text);
}

static struct json metadata_json(struct req *r, struct list *fields)
{
	struct metadata_field *m = fields->v;
	struct json_writer w;

	for (size_t i = 0; i < fields->n; i++)
		m[i].verified = false;
	json_init(&w, r->arena, 256);
	json_records(&w, metadata_field_fields, fields);
	return (struct json){ json_text(&w) };
}

static err apply(struct req *r, struct profile_change *in, const struct profile_sent *sent)
{
	struct profile_card card;

	TRY(check_change(r, in));
	TRY(profile_update(r->db, r->user.id, in, sent, metadata_json(r, &in->metadata_fields),
			   &card));
	struct own_profile out = { card.profile };
	return reply(r, &out);
}

static err patch_profile(struct req *r)
{
	struct profile_change in;
	struct present set;

	TRY(req_body(r, &in, &set));
	struct profile_sent sent = {
		.interests = present_has(&set, change_fields, "interests"),
		.is_private = present_has(&set, change_fields, "is_private"),
		.metadata_fields = present_has(&set, change_fields, "metadata_fields"),
		.beacon_enabled = present_has(&set, change_fields, "beacon_enabled"),
	};
	return apply(r, &in, &sent);
}

static err create_profile(struct req *r)
{
	struct profile_change in;

	TRY(req_body(r, &in, NULL));
	return apply(r, &in, &(struct profile_sent){ 0 });
}

static err get_trust_state(struct req *r)
{
	struct trust_state out;

	TRY(trust_get(r->db, r->user.id, &out));
	return reply(r, &out);
}

#define V "/api/v1"

const struct route profiles_routes[] = {
	{ GET, V "/profile", get_profile, "the caller's profile, or one by handle",
	  .query = profile_query_fields, .out = profile_card_fields, .errors = "404" },
	{ POST, V "/profile", create_profile, "set handle, name and biography of the own profile",
	  .body = creation_fields, .out = own_profile_fields, .errors = "403 409" },
	{ PATCH, V "/profile", patch_profile, "change the own profile", .body = change_fields,
	  .out = own_profile_fields, .errors = "403 409" },
	{ GET, V "/profile/trust-state", get_trust_state,
	  "the caller's harmony, tier and posts of today", .out = trust_state_fields },
	{ GET, V "/profiles/:id", get_profile_by_id, "a profile", .out = profile_card_fields,
	  .errors = "404" },
	{ GET, V "/users/by-handle/:handle", get_by_handle, "a profile by handle",
	  .out = profile_fields, .errors = "404" },
	{ 0 },
};
