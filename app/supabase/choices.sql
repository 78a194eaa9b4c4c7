-- What people have chosen, and whom they have let in; from the landing zone to schema sojorn, as transform.sql, of which
-- it is a part. A project without such a table or row leaves what there is here.

-- name: move_settings     $1 users uuids
INSERT INTO user_settings AS o (user_id, theme, language, timezone, notifications_enabled, email_notifications,
	push_notifications, content_filter_level, auto_play_videos, data_saver_mode, default_post_ttl, nsfw_enabled,
	nsfw_blur_enabled, profile_visibility, saved_visibility, follow_request_policy, default_post_visibility,
	show_location, show_interests, allow_chains, who_can_message, who_can_comment, show_activity_status, show_in_search,
	show_in_suggestions, updated_at)
SELECT u.id, COALESCE(s.theme, b.theme, 'system'), COALESCE(s.language, b.language, 'en'), COALESCE(s.timezone, b.timezone, 'UTC'),
       COALESCE(s.notifications_enabled, b.notifications_enabled, true), COALESCE(s.email_notifications, b.email_notifications, true),
       COALESCE(s.push_notifications, b.push_notifications, true), COALESCE(s.content_filter_level, b.content_filter_level, 'medium'),
       COALESCE(s.auto_play_videos, b.auto_play_videos, true), COALESCE(s.data_saver_mode, b.data_saver_mode, false),
       CASE WHEN s.user_id IS NULL THEN b.default_post_ttl WHEN s.default_post_ttl BETWEEN 1 AND 8760 THEN s.default_post_ttl END,
       COALESCE(s.nsfw_enabled, b.nsfw_enabled, false), COALESCE(s.nsfw_blur_enabled, b.nsfw_blur_enabled, true),
       COALESCE(supabase_move.audience_near(v.profile_visibility), b.profile_visibility, 'public'),
       COALESCE(supabase_move.audience_near(v.saved_visibility), b.saved_visibility, 'private'),
       CASE WHEN v.user_id IS NULL THEN COALESCE(b.follow_request_policy, 'everyone')
	    ELSE supabase_move.follow_policy(v.follow_request_policy) END,
       COALESCE(supabase_move.audience(v.default_post_visibility), b.default_post_visibility, 'public'),
       COALESCE(v.show_location, b.show_location, true), COALESCE(v.show_interests, b.show_interests, true),
       COALESCE(v.allow_chains, b.allow_chains, true), COALESCE(supabase_move.admitted(v.who_can_message), b.who_can_message, 'mutuals'),
       COALESCE(supabase_move.admitted(v.who_can_comment), b.who_can_comment, 'mutuals'),
       COALESCE(v.show_activity_status, b.show_activity_status, true), COALESCE(v.show_in_search, b.show_in_search, true),
       COALESCE(v.show_in_suggestions, b.show_in_suggestions, true),
       COALESCE(GREATEST(supabase_move.plain_time(s.updated_at), supabase_move.plain_time(v.updated_at)), b.updated_at,
		supabase_move.as_of())
  FROM supabase_move.auth_users u
  LEFT JOIN user_settings b ON b.user_id = u.id
  LEFT JOIN LATERAL (SELECT * FROM supabase_move.old_settings x WHERE x.user_id = u.id
	ORDER BY x.updated_at DESC NULLS LAST LIMIT 1) s ON true
  LEFT JOIN LATERAL (SELECT * FROM supabase_move.old_privacy x WHERE x.user_id = u.id
	ORDER BY x.updated_at DESC NULLS LAST LIMIT 1) v ON true
 WHERE ($1::uuid[] IS NULL OR u.id = ANY ($1))
ON CONFLICT (user_id) DO UPDATE SET theme = excluded.theme, language = excluded.language, timezone = excluded.timezone,
	notifications_enabled = excluded.notifications_enabled, email_notifications = excluded.email_notifications,
	push_notifications = excluded.push_notifications, content_filter_level = excluded.content_filter_level,
	auto_play_videos = excluded.auto_play_videos, data_saver_mode = excluded.data_saver_mode,
	default_post_ttl = excluded.default_post_ttl, nsfw_enabled = excluded.nsfw_enabled,
	nsfw_blur_enabled = excluded.nsfw_blur_enabled, profile_visibility = excluded.profile_visibility,
	saved_visibility = excluded.saved_visibility, follow_request_policy = excluded.follow_request_policy,
	default_post_visibility = excluded.default_post_visibility, show_location = excluded.show_location,
	show_interests = excluded.show_interests, allow_chains = excluded.allow_chains,
	who_can_message = excluded.who_can_message, who_can_comment = excluded.who_can_comment,
	show_activity_status = excluded.show_activity_status, show_in_search = excluded.show_in_search,
	show_in_suggestions = excluded.show_in_suggestions, updated_at = excluded.updated_at
WHERE o.* IS DISTINCT FROM excluded.*

-- name: move_preferences     $1 users uuids
INSERT INTO notification_preferences AS o (user_id, push_enabled, push_likes, push_comments, push_replies, push_mentions,
	push_follows, push_follow_requests, push_messages, push_saves, push_beacons, email_enabled, email_digest_frequency,
	quiet_hours_enabled, quiet_hours_start, quiet_hours_end, timezone, show_badge_count, created_at, updated_at)
SELECT DISTINCT ON (s.user_id) s.user_id, COALESCE(s.push_enabled, true), COALESCE(s.push_likes, true), COALESCE(s.push_comments, true),
       COALESCE(s.push_replies, true), COALESCE(s.push_mentions, true), COALESCE(s.push_follows, true),
       COALESCE(s.push_follow_requests, true), COALESCE(s.push_messages, true), COALESCE(s.push_saves, true),
       COALESCE(s.push_beacons, true), COALESCE(s.email_enabled, false),
       COALESCE(supabase_move.known(s.email_digest_frequency, '{never,daily,weekly}', 'never'), 'never'),
       COALESCE(s.quiet_hours_enabled, false), s.quiet_hours_start, s.quiet_hours_end, COALESCE(s.timezone, 'UTC'),
       COALESCE(s.show_badge_count, true), COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of())
  FROM supabase_move.old_preferences s JOIN users u ON u.id = s.user_id
 WHERE ($1::uuid[] IS NULL OR s.user_id = ANY ($1))
 ORDER BY s.user_id, s.updated_at DESC NULLS LAST
ON CONFLICT (user_id) DO UPDATE SET push_enabled = excluded.push_enabled, push_likes = excluded.push_likes,
	push_comments = excluded.push_comments, push_replies = excluded.push_replies, push_mentions = excluded.push_mentions,
	push_follows = excluded.push_follows, push_follow_requests = excluded.push_follow_requests,
	push_messages = excluded.push_messages, push_saves = excluded.push_saves, push_beacons = excluded.push_beacons,
	email_enabled = excluded.email_enabled, email_digest_frequency = excluded.email_digest_frequency,
	quiet_hours_enabled = excluded.quiet_hours_enabled, quiet_hours_start = excluded.quiet_hours_start,
	quiet_hours_end = excluded.quiet_hours_end, timezone = excluded.timezone, show_badge_count = excluded.show_badge_count,
	created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE o.* IS DISTINCT FROM excluded.*

-- Whom one does not follow, one does not trust here.
-- name: move_circle     $1 users uuids, $2 members uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.old_circle s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.old_circle s ON s.user_id = k.a AND s.member_id = k.b
)
INSERT INTO circle_members AS o (user_id, member_id, created_at)
SELECT DISTINCT ON (s.user_id, s.member_id) s.user_id, s.member_id, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s JOIN follows f ON f.follower_id = s.user_id AND f.following_id = s.member_id AND f.status = 'accepted'
 ORDER BY s.user_id, s.member_id, s.created_at
ON CONFLICT (user_id, member_id) DO UPDATE SET created_at = excluded.created_at WHERE o.created_at <> excluded.created_at

-- name: move_circle_gone     $1 a uuids, $2 b uuids
DELETE FROM circle_members x USING unnest($1, $2) AS k (a, b)
 WHERE x.user_id = k.a AND x.member_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.old_circle s
	JOIN follows f ON f.follower_id = k.a AND f.following_id = k.b AND f.status = 'accepted'
	WHERE s.user_id = k.a AND s.member_id = k.b)

-- One a person and post, the newest of several.
-- name: move_emotions     $1 posts uuids, $2 users uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.old_emotions s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM (SELECT DISTINCT a, b FROM unnest($1, $2) AS k (a, b)) k
	  JOIN supabase_move.old_emotions s ON s.post_id = k.a AND s.user_id = k.b
)
INSERT INTO post_reactions AS o (post_id, user_id, emoji, created_at)
SELECT DISTINCT ON (s.post_id, s.user_id) s.post_id, s.user_id, s.emoji, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s JOIN posts p ON p.id = s.post_id JOIN profiles u ON u.id = s.user_id
 WHERE octet_length(s.emoji) BETWEEN 1 AND 512
 ORDER BY s.post_id, s.user_id, s.created_at DESC NULLS LAST, s.emoji
ON CONFLICT (post_id, user_id) DO UPDATE SET emoji = excluded.emoji, created_at = excluded.created_at
WHERE (o.emoji, o.created_at) <> (excluded.emoji, excluded.created_at)

-- name: move_emotions_gone     $1 a uuids, $2 b uuids
DELETE FROM post_reactions x USING unnest($1, $2) AS k (a, b)
 WHERE x.post_id = k.a AND x.user_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.old_emotions s WHERE s.post_id = k.a AND s.user_id = k.b
	AND octet_length(s.emoji) BETWEEN 1 AND 512)

-- name: move_hides     $1 users uuids, $2 posts uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.old_hides s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.old_hides s ON s.user_id = k.a AND s.post_id = k.b
)
INSERT INTO post_hides (user_id, post_id, author_id, created_at)
SELECT s.user_id, s.post_id, p.author_id, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s JOIN posts p ON p.id = s.post_id JOIN profiles u ON u.id = s.user_id
ON CONFLICT (user_id, post_id) DO NOTHING

-- name: move_hides_gone     $1 a uuids, $2 b uuids
DELETE FROM post_hides x USING unnest($1, $2) AS k (a, b)
 WHERE x.user_id = k.a AND x.post_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.old_hides s WHERE s.user_id = k.a AND s.post_id = k.b)

-- What editors have picked, for as long as they did.
-- name: move_overrides     $1 overrides uuids
INSERT INTO trending_overrides AS o (id, post_id, category_id, reason, starts_at, expires_at, created_by, created_at)
SELECT s.id, s.post_id, (SELECT c.id FROM categories c WHERE c.id = s.category_id), s.reason,
       COALESCE(supabase_move.plain_time(COALESCE(s.starts_at, s.created_at)), supabase_move.as_of()),
       supabase_move.plain_time(s.expires_at), (SELECT u.id FROM users u WHERE u.id = s.created_by),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM supabase_move.old_overrides s JOIN posts p ON p.id = s.post_id
 WHERE s.expires_at IS NOT NULL AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (id) DO UPDATE SET post_id = excluded.post_id, category_id = excluded.category_id, reason = excluded.reason,
	starts_at = excluded.starts_at, expires_at = excluded.expires_at, created_by = excluded.created_by
WHERE (o.post_id, o.category_id, o.reason, o.starts_at, o.expires_at, o.created_by) IS DISTINCT FROM
	(excluded.post_id, excluded.category_id, excluded.reason, excluded.starts_at, excluded.expires_at, excluded.created_by)

-- name: move_overrides_gone     $1 overrides uuids
DELETE FROM trending_overrides o WHERE o.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_overrides s WHERE s.id = o.id)

-- As long as entries are kept here, too.
-- name: move_audit     $1 entries texts
INSERT INTO audit_log (id, actor_id, action, target_type, target_id, details, created_at) OVERRIDING SYSTEM VALUE
SELECT supabase_move.audit_number(s.id), (SELECT u.id FROM users u WHERE u.id = COALESCE(s.actor_id, s.admin_id)), s.action,
       s.target_type, s.target_id, CASE WHEN jsonb_typeof(s.details) = 'object' THEN s.details ELSE '{}' END, s.created_at
  FROM supabase_move.old_audit s
 WHERE s.action IS NOT NULL AND s.created_at BETWEEN supabase_move.as_of() - interval '90 days' AND now() + interval '1 day'
   AND ($1::text[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (id) DO NOTHING

-- ---- what somebody should know ----

-- name: move_find_choices
INSERT INTO supabase_move.findings (code, subject, key, detail)
SELECT 'value_unknown', 'public.profile_privacy_settings', v.user_id::text, 'an audience that is none here; nobody else sees or may it'
  FROM supabase_move.old_privacy v
 WHERE v.profile_visibility NOT IN ('public', 'followers', 'circle', 'private', 'only_me')
    OR v.posts_visibility NOT IN ('public', 'followers', 'circle', 'private', 'only_me')
    OR v.saved_visibility NOT IN ('public', 'followers', 'circle', 'private', 'only_me')
    OR v.default_post_visibility NOT IN ('public', 'followers', 'circle', 'neighborhood', 'private', 'only_me')
    OR v.who_can_message NOT IN ('everyone', 'followers', 'mutual', 'mutuals', 'nobody')
    OR v.who_can_comment NOT IN ('everyone', 'followers', 'mutual', 'mutuals', 'nobody')
UNION ALL
SELECT 'privacy_differs', 'public.profiles.is_private', s.id::text, 'two flags said different things; the profile is private'
  FROM supabase_move.profiles s JOIN supabase_move.old_privacy v ON v.user_id = s.id
 WHERE COALESCE(s.is_private, false) <> v.is_private_profile
UNION ALL
SELECT 'not_moved', 'public.circle_members', format('%s %s', s.user_id, s.member_id), 'one of them is gone, or does not follow the other'
  FROM supabase_move.old_circle s
 WHERE NOT EXISTS (SELECT FROM circle_members c WHERE c.user_id = s.user_id AND c.member_id = s.member_id)
UNION ALL
SELECT 'not_moved', 'public.post_reactions', format('%s %s %s', s.post_id, s.user_id, s.emoji), 'its post or user is gone, or a newer one counts'
  FROM supabase_move.old_emotions s
 WHERE NOT EXISTS (SELECT FROM post_reactions r WHERE r.post_id = s.post_id AND r.user_id = s.user_id AND r.emoji = s.emoji)
UNION ALL
SELECT 'orphan', 'public.post_hides', format('%s %s', s.user_id, s.post_id), 'its post or user is gone'
  FROM supabase_move.old_hides s
 WHERE NOT EXISTS (SELECT FROM post_hides h WHERE h.user_id = s.user_id AND h.post_id = s.post_id)
UNION ALL
SELECT 'not_moved', 'public.trending_overrides', s.id::text, 'its post is gone, or it has no end'
  FROM supabase_move.old_overrides s WHERE NOT EXISTS (SELECT FROM trending_overrides o WHERE o.id = s.id)
UNION ALL
SELECT 'settings_of_nobody', 'public.user_settings', s.user_id::text, 'has no account; not taken over'
  FROM supabase_move.old_settings s WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = s.user_id)
ON CONFLICT DO NOTHING
