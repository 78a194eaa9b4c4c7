-- name: privacy_get     $1 me uuid
SELECT s.user_id, s.profile_visibility, a.posts_visibility, s.saved_visibility, s.follow_request_policy,
       s.default_post_visibility, a.is_private AS is_private_profile, s.show_location, s.show_interests, s.allow_chains,
       s.who_can_message, s.who_can_comment, s.show_activity_status, s.show_in_search, s.show_in_suggestions, s.updated_at
  FROM user_settings s JOIN profiles a ON a.id = s.user_id
 WHERE s.user_id = $1;

-- NULL leaves a value as it is. Going public accepts everybody who waits, as a profile change does.
-- name: privacy_put     $1 me uuid, $2 profile_visibility text, $3 posts_visibility text, $4 saved_visibility text,
--	$5 follow_request_policy text, $6 default_post_visibility text, $7 is_private bool, $8 show_location bool,
--	$9 show_interests bool, $10 allow_chains bool, $11 who_can_message text, $12 who_can_comment text,
--	$13 show_activity_status bool, $14 show_in_search bool, $15 show_in_suggestions bool
WITH opened AS MATERIALIZED (
	SELECT accept_waiting($1) AS n WHERE $7 = false
), profile AS (
	UPDATE profiles
	   SET is_private = COALESCE($7, is_private), posts_visibility = COALESCE($3, posts_visibility),
	       followers_count = followers_count + COALESCE((SELECT n FROM opened), 0), updated_at = now()
	 WHERE id = $1
)
UPDATE user_settings
   SET profile_visibility = COALESCE($2, profile_visibility), saved_visibility = COALESCE($4, saved_visibility),
       follow_request_policy = COALESCE($5, follow_request_policy),
       default_post_visibility = COALESCE($6, default_post_visibility), show_location = COALESCE($8, show_location),
       show_interests = COALESCE($9, show_interests), allow_chains = COALESCE($10, allow_chains),
       who_can_message = COALESCE($11, who_can_message), who_can_comment = COALESCE($12, who_can_comment),
       show_activity_status = COALESCE($13, show_activity_status), show_in_search = COALESCE($14, show_in_search),
       show_in_suggestions = COALESCE($15, show_in_suggestions), updated_at = now()
 WHERE user_id = $1;

-- name: settings_get     $1 me uuid
SELECT user_id, theme, language, notifications_enabled, email_notifications, push_notifications,
       content_filter_level, auto_play_videos, data_saver_mode, default_post_ttl, nsfw_enabled, nsfw_blur_enabled, updated_at
  FROM user_settings WHERE user_id = $1;

-- A post's lifetime is cleared by $14. Sensitive posts need an age of 18 (no birth data: not known to be
-- younger); `allowed` is false when that is missing, and nothing changes.
-- name: settings_put     $1 me uuid, $2 theme text, $3 language text, $4 notifications bool, $5 email bool,
--	$6 push bool, $7 filter text, $8 auto_play bool, $9 data_saver bool, $10 post_ttl int, $11 nsfw bool,
--	$12 nsfw_blur bool, $13 this_month int, $14 clear_ttl bool
WITH age AS (
	SELECT $11 IS NOT TRUE OR birth_year = 0
		OR birth_year * 12 + birth_month + 18 * 12 <= $13 AS enough
	  FROM profile_private WHERE user_id = $1
), allowed AS (
	SELECT COALESCE((SELECT enough FROM age), true) AS enough
), put AS (
	UPDATE user_settings s
	   SET theme = COALESCE($2, theme), language = COALESCE($3, language),
	       notifications_enabled = COALESCE($4, notifications_enabled),
	       email_notifications = COALESCE($5, email_notifications),
	       push_notifications = COALESCE($6, push_notifications),
	       content_filter_level = COALESCE($7, content_filter_level),
	       auto_play_videos = COALESCE($8, auto_play_videos), data_saver_mode = COALESCE($9, data_saver_mode),
	       default_post_ttl = CASE WHEN $14 THEN NULL ELSE COALESCE($10, default_post_ttl) END,
	       nsfw_enabled = COALESCE($11, nsfw_enabled), nsfw_blur_enabled = COALESCE($12, nsfw_blur_enabled),
	       updated_at = now()
	  FROM allowed WHERE s.user_id = $1 AND allowed.enough
)
SELECT enough AS allowed FROM allowed;
