-- The list of what happened to a user. Type "message" is only pushed, never listed or counted. An actor who
-- is blocked by now or not live any more is left out, and so is a post that cannot be seen any more, with its id.

-- name: inbox_list     $1 me uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid, $6 archived bool
WITH page AS MATERIALIZED (
	SELECT n.* FROM notifications n
	 WHERE n.user_id = $1 AND n.type <> 'message' AND NOT $6 AND n.archived_at IS NULL
	   AND (n.created_at, n.id) < ($4, $5)
	   AND (n.actor_id IS NULL OR n.actor_id = $1 OR EXISTS (SELECT FROM visible_profiles($1) a WHERE a.id = n.actor_id))
	 ORDER BY n.created_at DESC, n.id DESC
	 LIMIT $2 OFFSET $3
), archive AS MATERIALIZED (
	SELECT n.* FROM notifications n
	 WHERE n.user_id = $1 AND n.type <> 'message' AND $6 AND n.archived_at IS NOT NULL
	   AND (n.created_at, n.id) < ($4, $5)
	   AND (n.actor_id IS NULL OR n.actor_id = $1 OR EXISTS (SELECT FROM visible_profiles($1) a WHERE a.id = n.actor_id))
	 ORDER BY n.created_at DESC, n.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT n.id, n.user_id, n.type, n.actor_id, COALESCE(a.handle, '') AS actor_handle,
       COALESCE(a.display_name, '') AS actor_display_name, COALESCE(a.avatar_url, '') AS actor_avatar_url,
       CASE WHEN p.seen THEN n.post_id END AS post_id, CASE WHEN p.seen THEN n.comment_id END AS comment_id,
       n.is_read, n.archived_at,
       CASE WHEN p.seen THEN n.metadata ELSE n.metadata - '{post_id,comment_id}'::text[] END AS metadata, n.priority, n.group_key, n.created_at,
       p.image_url AS post_image_url, left(p.body, 100) AS post_body, 1 AS group_count, 0 AS other_count
  FROM (SELECT * FROM page UNION ALL SELECT * FROM archive) n
  LEFT JOIN profiles a ON a.id = n.actor_id
  LEFT JOIN LATERAL (SELECT v.image_url, v.body, true AS seen FROM visible_posts_and_comments($1) v
		      WHERE v.id = COALESCE(n.comment_id, n.post_id)) p ON true
 ORDER BY n.created_at DESC, n.id DESC;

-- One row a group: its newest, with how many there are among the 200 latest (grouped=true).
-- name: inbox_groups     $1 me uuid, $2 limit int, $3 offset int
WITH recent AS MATERIALIZED (
	SELECT n.*, COALESCE(n.group_key, n.id::text) AS grp FROM notifications n
	 WHERE n.user_id = $1 AND n.type <> 'message' AND n.archived_at IS NULL
	   AND (n.actor_id IS NULL OR n.actor_id = $1 OR EXISTS (SELECT FROM visible_profiles($1) a WHERE a.id = n.actor_id))
	 ORDER BY n.created_at DESC, n.id DESC
	 LIMIT 200
), head AS MATERIALIZED (
	SELECT DISTINCT ON (r.grp) r.*, count(*) OVER (PARTITION BY r.grp)::integer AS group_count
	  FROM recent r ORDER BY r.grp, r.created_at DESC, r.id DESC
)
SELECT n.id, n.user_id, n.type, n.actor_id, COALESCE(a.handle, '') AS actor_handle,
       COALESCE(a.display_name, '') AS actor_display_name, COALESCE(a.avatar_url, '') AS actor_avatar_url,
       CASE WHEN p.seen THEN n.post_id END AS post_id, CASE WHEN p.seen THEN n.comment_id END AS comment_id,
       n.is_read, n.archived_at,
       CASE WHEN p.seen THEN n.metadata ELSE n.metadata - '{post_id,comment_id}'::text[] END AS metadata, n.priority, n.group_key, n.created_at,
       p.image_url AS post_image_url, left(p.body, 100) AS post_body, n.group_count, n.group_count - 1 AS other_count
  FROM head n
  LEFT JOIN profiles a ON a.id = n.actor_id
  LEFT JOIN LATERAL (SELECT v.image_url, v.body, true AS seen FROM visible_posts_and_comments($1) v
		      WHERE v.id = COALESCE(n.comment_id, n.post_id)) p ON true
 ORDER BY n.created_at DESC, n.id DESC
 LIMIT $2 OFFSET $3;

-- Counted up to 1,000, as for the badge.
-- name: inbox_unread     $1 me uuid
SELECT count(*)::integer AS count FROM (SELECT FROM unread_notifications($1) LIMIT 1000) unread;

-- name: inbox_badge     $1 me uuid
SELECT notification_count, message_count, notification_count + message_count AS total_count FROM badge($1);

-- T-NOT-1: ids that are not the caller's change nothing. Archiving marks read; what was archived twice
-- for the same event stays as it is.
-- name: inbox_read     $1 me uuid, $2 ids uuids
UPDATE notifications SET is_read = true WHERE user_id = $1 AND id = ANY ($2);

-- name: inbox_read_all     $1 me uuid
UPDATE notifications SET is_read = true WHERE user_id = $1 AND NOT is_read;

-- name: inbox_archive     $1 me uuid, $2 ids uuids
UPDATE notifications SET is_read = true, archived_at = now()
 WHERE user_id = $1 AND archived_at IS NULL AND id = ANY ($2);

-- name: inbox_archive_all     $1 me uuid
UPDATE notifications SET is_read = true, archived_at = now() WHERE user_id = $1 AND archived_at IS NULL;

-- name: inbox_delete     $1 me uuid, $2 id uuid
DELETE FROM notifications WHERE user_id = $1 AND id = $2;

-- Retention: archived after 30 days, gone after 180.
-- name: inbox_age [slow]
WITH gone AS (
	DELETE FROM notifications WHERE created_at < now() - interval '180 days'
)
UPDATE notifications SET is_read = true, archived_at = now()
 WHERE archived_at IS NULL AND created_at < now() - interval '30 days' AND created_at >= now() - interval '180 days';

-- Who has never changed anything has no row, here and where pushes are decided; reading writes none.
-- name: preferences_get     $1 me uuid
SELECT COALESCE(p.push_enabled, true) AS push_enabled, COALESCE(p.push_likes, true) AS push_likes,
       COALESCE(p.push_comments, true) AS push_comments, COALESCE(p.push_replies, true) AS push_replies,
       COALESCE(p.push_mentions, true) AS push_mentions, COALESCE(p.push_follows, true) AS push_follows,
       COALESCE(p.push_follow_requests, true) AS push_follow_requests,
       COALESCE(p.push_messages, true) AS push_messages, COALESCE(p.push_saves, true) AS push_saves,
       COALESCE(p.push_beacons, true) AS push_beacons, COALESCE(p.email_enabled, false) AS email_enabled,
       COALESCE(p.email_digest_frequency, 'never') AS email_digest_frequency,
       COALESCE(p.quiet_hours_enabled, false) AS quiet_hours_enabled,
       to_char(p.quiet_hours_start, 'HH24:MI:SS') AS quiet_hours_start,
       to_char(p.quiet_hours_end, 'HH24:MI:SS') AS quiet_hours_end,
       COALESCE(p.show_badge_count, true) AS show_badge_count
  FROM users u LEFT JOIN notification_preferences p ON p.user_id = u.id
 WHERE u.id = $1;

-- name: preferences_make     $1 me uuid
INSERT INTO notification_preferences (user_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: preferences_put     $1 me uuid, $2 changes json
UPDATE notification_preferences p
   SET push_enabled = COALESCE(c.push_enabled, p.push_enabled), push_likes = COALESCE(c.push_likes, p.push_likes),
       push_comments = COALESCE(c.push_comments, p.push_comments), push_replies = COALESCE(c.push_replies, p.push_replies),
       push_mentions = COALESCE(c.push_mentions, p.push_mentions), push_follows = COALESCE(c.push_follows, p.push_follows),
       push_follow_requests = COALESCE(c.push_follow_requests, p.push_follow_requests),
       push_messages = COALESCE(c.push_messages, p.push_messages), push_saves = COALESCE(c.push_saves, p.push_saves),
       push_beacons = COALESCE(c.push_beacons, p.push_beacons), email_enabled = COALESCE(c.email_enabled, p.email_enabled),
       email_digest_frequency = COALESCE(c.email_digest_frequency, p.email_digest_frequency),
       quiet_hours_enabled = COALESCE(c.quiet_hours_enabled, p.quiet_hours_enabled),
       quiet_hours_start = COALESCE(c.quiet_hours_start, p.quiet_hours_start),
       quiet_hours_end = COALESCE(c.quiet_hours_end, p.quiet_hours_end),
       show_badge_count = COALESCE(c.show_badge_count, p.show_badge_count), updated_at = now()
  FROM jsonb_to_record($2) AS c (push_enabled boolean, push_likes boolean, push_comments boolean, push_replies boolean,
		push_mentions boolean, push_follows boolean, push_follow_requests boolean, push_messages boolean,
		push_saves boolean, push_beacons boolean, email_enabled boolean, email_digest_frequency text,
		quiet_hours_enabled boolean, quiet_hours_start time, quiet_hours_end time, show_badge_count boolean)
 WHERE p.user_id = $1;

-- What the user did lately, newest first: the client's activity log.
-- name: activity_list     $1 me uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
WITH act AS (
	(SELECT CASE WHEN p.kind = 'comment' THEN 'comment' WHEN p.root_id IS NULL THEN 'post' ELSE 'reply' END AS activity_type,
		p.id AS entity_id, p.created_at, p.body, p.image_url, NULL::uuid AS target
	   FROM posts p
	  WHERE p.author_id = $1 AND p.deleted_at IS NULL AND (p.created_at, p.id) < ($4, $5)
	  ORDER BY p.created_at DESC, p.id DESC LIMIT $2 + $3)
	UNION ALL
	(SELECT 'follow', f.following_id, f.created_at, '', NULL, f.following_id
	   FROM follows f
	  WHERE f.follower_id = $1 AND f.status = 'accepted' AND (f.created_at, f.following_id) < ($4, $5)
	  ORDER BY f.created_at DESC, f.following_id DESC LIMIT $2 + $3)
)
SELECT act.activity_type, act.entity_id, act.created_at, act.body, act.image_url, a.display_name AS target_name,
       a.handle AS target_handle, a.avatar_url AS target_avatar_url
  FROM act LEFT JOIN visible_profiles($1) a ON a.id = act.target
 WHERE act.target IS NULL OR a.id IS NOT NULL
 ORDER BY act.created_at DESC, act.entity_id DESC
 LIMIT $2 OFFSET $3;
