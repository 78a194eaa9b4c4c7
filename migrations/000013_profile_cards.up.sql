-- A profile as the client knows it, for a viewer; no row for one that is hidden from him.
SET search_path = sojorn, public, extensions;

-- Three layers: the card itself (T-FOL-1), the counts, which the account's profile_visibility may close,
-- and the details behind the card, for which a private account must be followed, too. Columns with a dot
-- are members of nested records. Birth data, role and the like are filled for the owner alone.
CREATE FUNCTION profile_cards(viewer uuid) RETURNS TABLE (
	"profile.id" uuid, "profile.handle" text, "profile.display_name" text, "profile.avatar_url" text,
	"profile.cover_url" text, "profile.bio" text, "profile.location" text, "profile.website" text,
	"profile.interests" text[], "profile.is_official" boolean, "profile.is_verified" boolean,
	"profile.is_private" boolean, "profile.role" text, "profile.has_completed_onboarding" boolean,
	"profile.beacon_enabled" boolean, "profile.birth_month" integer, "profile.birth_year" integer,
	"profile.origin_country" text, "profile.status_text" text, "profile.status_updated_at" timestamptz,
	"profile.metadata_fields" jsonb, "profile.trust_tier" text, "profile.follower_count" integer,
	"profile.following_count" integer, "profile.created_at" timestamptz, "profile.updated_at" timestamptz,
	"stats.post_count" integer, "stats.follower_count" integer, "stats.following_count" integer,
	is_following boolean, is_followed_by boolean, is_friend boolean, follow_status text, is_private boolean)
LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT a.id, a.handle, a.display_name, a.avatar_url, a.cover_url,
	       CASE WHEN inside.ok THEN a.bio END,
	       CASE WHEN inside.ok AND (s.show_location OR own.ok) THEN a.location END,
	       CASE WHEN inside.ok THEN a.website END,
	       CASE WHEN inside.ok AND (s.show_interests OR own.ok) THEN a.interests ELSE '{}' END,
	       a.is_official, a.is_verified, a.is_private, a.role,
	       own.ok AND a.has_completed_onboarding, own.ok AND a.beacon_enabled,
	       o.birth_month, o.birth_year, o.origin_country,
	       CASE WHEN inside.ok THEN a.status_text END, CASE WHEN inside.ok THEN a.status_updated_at END,
	       CASE WHEN inside.ok THEN a.metadata_fields ELSE '[]' END,
	       t.tier, n.followers, n.following, a.created_at, a.updated_at,
	       n.posts, n.followers, n.following,
	       COALESCE(f.status = 'accepted', false), COALESCE(b.status = 'accepted', false),
	       COALESCE(f.status = 'accepted' AND b.status = 'accepted', false), COALESCE(f.status, ''), a.is_private
	  FROM sojorn.visible_profiles(viewer) a
	  JOIN sojorn.user_settings s ON s.user_id = a.id
	  JOIN sojorn.trust_state t ON t.user_id = a.id
	  LEFT JOIN sojorn.profile_private o ON o.user_id = a.id AND a.id = viewer
	  LEFT JOIN sojorn.follows f ON f.follower_id = viewer AND f.following_id = a.id
	  LEFT JOIN sojorn.follows b ON b.follower_id = a.id AND b.following_id = viewer
	 CROSS JOIN LATERAL (SELECT COALESCE(a.id = viewer, false) AS ok) own
	  LEFT JOIN LATERAL sojorn.in_audience(viewer, a.id, s.profile_visibility) AS seen (ok) ON true
	 CROSS JOIN LATERAL (SELECT COALESCE(seen.ok, false)
			AND (own.ok OR NOT a.is_private OR COALESCE(f.status = 'accepted', false)) AS ok) inside
	 CROSS JOIN LATERAL (SELECT CASE WHEN seen.ok THEN a.posts_count ELSE 0 END AS posts,
			CASE WHEN seen.ok THEN a.followers_count ELSE 0 END AS followers,
			CASE WHEN seen.ok THEN a.following_count ELSE 0 END AS following) n
$$;
