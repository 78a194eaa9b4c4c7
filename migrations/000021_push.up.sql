-- Who is told on the phone, too, and when: §12.4. Asked when a notification's pushes are made and again before
-- each is sent, for it may have been read meanwhile, or the night begun.
SET search_path = sojorn, public, extensions;

-- The time of day somewhere; in UTC where the zone's name means nothing.
CREATE FUNCTION time_of_day(at timestamptz, zone text) RETURNS time LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN date_trunc('second', at AT TIME ZONE zone)::time;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN date_trunc('second', at AT TIME ZONE 'UTC')::time;
END
$$;

-- Both ends belong to the quiet hours, which may span midnight.
CREATE FUNCTION is_within(t time, from_time time, to_time time) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT CASE WHEN from_time <= to_time THEN t BETWEEN from_time AND to_time
		    ELSE t >= from_time OR t <= to_time END
$$;

-- What moderation did to somebody's post has no preference and no quiet hours of its own; push_enabled = false
-- stops it as well (T-NOT-2). Who never opened his preferences has the defaults.
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

-- The notification, if it is to be pushed at this moment: neither read nor archived, its receiver live, and
-- whom and what it is about still to be seen by him.
CREATE FUNCTION push_due(notification uuid) RETURNS SETOF notifications LANGUAGE sql STABLE ROWS 1 AS $$
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

-- Jobs that take many of their kind at once look by kind.
CREATE INDEX outbox_kind_due ON outbox (kind, next_try_at, id);
