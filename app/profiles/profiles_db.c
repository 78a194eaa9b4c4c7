/* The statements of app/profiles/profiles.sql, one function each. */
#include "app/profiles/profiles_db.h"

#include "app/profiles/profiles.sql.h"

const struct field profile_fields[] = {
	FIELD(struct profile, id),
	FIELD(struct profile, handle, .required = true),
	FIELD(struct profile, display_name, .required = true),
	FIELD(struct profile, avatar_url, .address = true),
	FIELD(struct profile, cover_url, .address = true),
	FIELD(struct profile, bio),
	FIELD(struct profile, location),
	FIELD(struct profile, website),
	FIELD(struct profile, interests),
	FIELD(struct profile, is_official),
	FIELD(struct profile, is_verified),
	FIELD(struct profile, is_private),
	FIELD(struct profile, role, .required = true, .one_of = "user|moderator|admin"),
	FIELD(struct profile, has_completed_onboarding, .help = "own profile only"),
	FIELD(struct profile, beacon_enabled, .help = "own profile only"),
	FIELD(struct profile, birth_month, .optional = true, .omit_absent = true,
	      .help = "own profile only"),
	FIELD(struct profile, birth_year, .optional = true, .omit_absent = true,
	      .help = "own profile only"),
	FIELD(struct profile, origin_country, .omit_absent = true, .help = "own profile only"),
	FIELD(struct profile, status_text),
	FIELD(struct profile, status_updated_at),
	FIELD(struct profile, metadata_fields,
	      .schema = "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"),
	FIELD(struct profile, trust_tier),
	FIELD(struct profile, follower_count),
	FIELD(struct profile, following_count),
	FIELD(struct profile, created_at, .required = true),
	FIELD(struct profile, updated_at, .required = true),
	{ 0 },
};

static const struct field stats_fields[] = {
	FIELD(struct profile_stats, post_count, .alias = "posts"),
	FIELD(struct profile_stats, follower_count, .alias = "followers"),
	FIELD(struct profile_stats, following_count, .alias = "following"),
	{ 0 },
};

const struct field profile_card_fields[] = {
	FIELD(struct profile_card, profile, .of = profile_fields),
	FIELD(struct profile_card, stats, .of = stats_fields),
	FIELD(struct profile_card, is_following),
	FIELD(struct profile_card, is_followed_by),
	FIELD(struct profile_card, is_friend, .help = "both follow each other"),
	FIELD(struct profile_card, follow_status, .help = "accepted, pending or empty"),
	FIELD(struct profile_card, is_private),
	{ 0 },
};

const struct field trust_state_fields[] = {
	FIELD(struct trust_state, user_id),
	FIELD(struct trust_state, harmony_score),
	FIELD(struct trust_state, tier, .required = true,
	      .one_of = "new|sprout|trusted|elder|established"),
	FIELD(struct trust_state, posts_today),
	FIELD(struct trust_state, last_post_at),
	FIELD(struct trust_state, last_harmony_calc_at),
	FIELD(struct trust_state, updated_at, .required = true),
	{ 0 },
};

static err not_found(err e)
{
	return err_is(e, err_not_found) ? err_profile_not_found : e;
}

err profiles_get(struct db *db, uuid id, uuid viewer, struct profile_card *out)
{
	return not_found(
		db_one(db, &sql_profile_get, profile_card_fields, out, ARG(id), ARG(viewer)));
}

err profiles_get_by_handle(struct db *db, str handle, uuid viewer, struct profile_card *out)
{
	return not_found(db_one(db, &sql_profile_get_by_handle, profile_card_fields, out,
				ARG(handle), ARG(viewer)));
}

err profile_update(struct db *db, uuid me, const struct profile_change *in,
		   const struct profile_sent *sent, struct json metadata, struct profile_card *out)
{
	struct db_batch *b = db_batch(db);
	int64_t changed = 0;

	db_batch_exec(b, &sql_profile_update, &changed, ARG(me), ARG(in->handle),
		      ARG(in->display_name), ARG(in->bio), ARG(in->avatar_url), ARG(in->cover_url),
		      ARG(in->location), ARG(in->website),
		      arg_when(sent->interests, ARG(in->interests)),
		      arg_when(sent->is_private, ARG(in->is_private)), ARG(in->status_text),
		      arg_when(sent->metadata_fields, ARG(metadata)),
		      arg_when(sent->beacon_enabled, ARG(in->beacon_enabled)));
	db_batch_one(b, &sql_profile_get, profile_card_fields, out, ARG(me), ARG(me));
	err e = db_batch_run(b);
	if (err_is(e, err_db_unique))
		return err_handle_taken;
	TRY(e);
	return changed ? OK : err_handle_reserved;
}

err trust_get(struct db *db, uuid me, struct trust_state *out)
{
	return db_one(db, &sql_trust_get, trust_state_fields, out, ARG(me));
}
