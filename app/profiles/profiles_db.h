/* Within app/profiles only: records and statements. */
#pragma once

#include "app/profiles/profiles.h"

/* A change of a profile: what is absent stays as it is. */
struct profile_change {
	str handle, display_name, bio, avatar_url, cover_url, location, website;
	struct strs interests;
	bool is_private;
	str status_text;
	struct list metadata_fields;
	bool beacon_enabled;
};

/* Which members whose zero is a value of their own were sent. */
struct profile_sent {
	bool interests, is_private, metadata_fields, beacon_enabled;
};

struct trust_state {
	uuid user_id;
	int32_t harmony_score;
	str tier;
	int32_t posts_today;
	usec last_post_at, last_harmony_calc_at, updated_at;
};
extern const struct field trust_state_fields[];

/* Applies the change and reads the profile back, in one round trip. metadata: in->metadata_fields as JSON. Suspends. Errors:
 * err_handle_reserved, err_handle_taken. */
err profile_update(struct db *db, uuid me, const struct profile_change *in,
		   const struct profile_sent *sent, struct json metadata, struct profile_card *out);

err trust_get(struct db *db, uuid me, struct trust_state *out);
