/*
 * Profiles: what an account shows of itself (domain-rules §17.5, contract §3.2, §5.2). The access
 * rules are in the SQL function profile_cards(viewer).
 */
#pragma once

#include "app/app.h"
#include "lib/db/db.h"

struct profile {
	uuid id;
	str handle, display_name, avatar_url, cover_url, bio, location, website;
	struct strs interests;
	bool is_official, is_verified, is_private;
	str role;
	bool has_completed_onboarding, beacon_enabled;
	int32_t birth_month, birth_year;
	str origin_country, status_text;
	usec status_updated_at;
	struct json metadata_fields;
	str trust_tier;
	int32_t follower_count, following_count;
	usec created_at, updated_at;
};
extern const struct field profile_fields[];

struct profile_stats {
	int32_t post_count, follower_count, following_count;
};

/* A profile with what the viewer is to it. */
struct profile_card {
	struct profile profile;
	struct profile_stats stats;
	bool is_following, is_followed_by, is_friend;
	str follow_status;
	bool is_private;
};
extern const struct field profile_card_fields[];

/* The profile as `viewer` sees it. Suspends. err_not_found (message "profile not found", which the
 * client matches) when it is missing or hidden. */
err profiles_get(struct db *db, uuid id, uuid viewer, struct profile_card *out);
err profiles_get_by_handle(struct db *db, str handle, uuid viewer, struct profile_card *out);

extern const err err_profile_not_found; /* 404 not_found */
extern const err err_handle_reserved;	/* 403 handle_reserved */
extern const err err_handle_taken;	/* 409 handle_taken */

/* A handle as it is stored: lower case, without a leading @. Errors: err_invalid when it is not 3 to 30
 * of a-z 0-9 _ . with no dot at an end and no two dots in a row. */
err profiles_handle(struct arena *a, str typed, str *out);

extern const struct route profiles_routes[];
