SET search_path = sojorn, public, extensions;

CREATE FUNCTION push_wanted(receiver uuid, kind text, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT COALESCE((
		SELECT p.push_enabled AND (kind IN ('nsfw_warning', 'content_removed')
		       OR CASE WHEN kind IN ('like', 'quip_reaction') THEN p.push_likes
			       WHEN kind = 'comment' THEN p.push_comments
			       WHEN kind = 'reply' THEN p.push_replies
			       WHEN kind = 'mention' THEN p.push_mentions
			       WHEN kind IN ('follow', 'follow_accepted') THEN p.push_follows
			       WHEN kind = 'follow_request' THEN p.push_follow_requests
			       WHEN kind = 'save' THEN p.push_saves
			       WHEN kind = 'message' THEN p.push_messages
			       WHEN kind IN ('beacon_vouch', 'beacon_report') THEN p.push_beacons
			       ELSE true END
			  AND NOT (p.quiet_hours_enabled AND COALESCE(sojorn.is_within(
					CASE WHEN p.quiet_hours_enabled THEN sojorn.time_of_day(at, p.timezone) END,
					p.quiet_hours_start, p.quiet_hours_end), false)))
		  FROM sojorn.notification_preferences p WHERE p.user_id = receiver), true)
$$;

CREATE OR REPLACE FUNCTION push_due(notification uuid) RETURNS SETOF notifications LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT n.*
	  FROM sojorn.notifications n
	  JOIN sojorn.profiles r ON r.id = n.user_id AND r.is_live
	 WHERE n.id = notification AND NOT n.is_read AND n.archived_at IS NULL
	   AND sojorn.push_wanted(n.user_id, n.type, now())
	   AND (n.type IN ('nsfw_warning', 'content_removed')
		OR (n.actor_id IS NULL OR n.actor_id = n.user_id
		    OR EXISTS (SELECT FROM sojorn.visible_profiles(n.user_id) a WHERE a.id = n.actor_id))
		   AND (n.post_id IS NULL
			OR EXISTS (SELECT FROM sojorn.visible_posts_and_comments(n.user_id) p
				    WHERE p.id = COALESCE(n.comment_id, n.post_id))))
$$;

DROP FUNCTION is_push_wanted(uuid, text, timestamptz);

CREATE OR REPLACE FUNCTION notify(receiver uuid, actor uuid, kind text, post uuid, comment uuid, urgency text,
		group_name text, details jsonb) RETURNS SETOF uuid LANGUAGE sql VOLATILE ROWS 1 AS $$
	WITH told AS (
		INSERT INTO sojorn.notifications AS n (user_id, type, actor_id, post_id, comment_id, priority,
				group_key, metadata)
		SELECT receiver, kind, actor, post, comment, urgency, group_name,
		       jsonb_strip_nulls(jsonb_build_object('actor_name', a.display_name, 'post_id', post,
				'comment_id', comment)) || details
		  FROM sojorn.profiles a, sojorn.profiles r
		 WHERE a.id = actor AND r.id = receiver AND a.id <> r.id AND a.is_live AND r.is_live
		   AND NOT EXISTS (SELECT FROM sojorn.has_block_between(actor, receiver))
		    ON CONFLICT (user_id, type, actor_id, post_id, comment_id, archived_at) DO UPDATE
			SET is_read = false, created_at = now(), metadata = excluded.metadata
			WHERE n.type = 'message'
		RETURNING id
	), queued AS (
		INSERT INTO sojorn.outbox (kind, payload, user_id, dedup_key)
		SELECT 'push', jsonb_build_object('notification_id', told.id), receiver, told.id::text FROM told
		 WHERE EXISTS (SELECT FROM sojorn.user_fcm_tokens d WHERE d.user_id = receiver)
		    ON CONFLICT (kind, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
	)
	SELECT id FROM told
$$;
