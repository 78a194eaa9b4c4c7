-- Pushes: the messages of a notification's job, or of a device's, and how they ended.

-- What the messages of these jobs say. None for a device that is somebody else's by now (D20), or for what
-- is not to be pushed any more. The badge is counted once a receiver, up to 999; -1: not to be shown. Whoever did
-- something to a beacon is not named.
-- name: push_messages     $1 ids bigints
WITH due AS MATERIALIZED (
	SELECT o.id AS job, d.token, n.*
	  FROM outbox o
	 CROSS JOIN LATERAL push_due((o.payload->>'notification_id')::uuid) n
	  JOIN user_fcm_tokens d ON d.user_id = n.user_id AND d.token = COALESCE(o.payload->>'token', d.token)
	 WHERE o.id = ANY ($1)
), badge AS MATERIALIZED (
	SELECT r.user_id, CASE WHEN COALESCE(f.show_badge_count, true) THEN (
			SELECT count(*)::integer FROM (SELECT FROM unread_notifications(r.user_id) LIMIT 999) unread)
		    ELSE -1 END AS n
	  FROM (SELECT DISTINCT user_id FROM due) r
	  LEFT JOIN notification_preferences f ON f.user_id = r.user_id
)
SELECT n.job AS id, n.token, n.id AS notification_id, n.type, n.group_key, n.post_id, n.comment_id, n.actor_id,
       a.display_name AS actor_name, a.handle AS actor_handle,
       n.metadata->>'post_type' AS post_type, n.metadata->>'emoji' AS emoji,
       n.metadata->>'beacon_id' AS beacon_id, n.metadata->>'conversation_id' AS conversation_id,
       badge.n AS badge
  FROM due n
  JOIN badge ON badge.user_id = n.user_id
  LEFT JOIN profiles a ON a.id = n.actor_id AND n.type NOT LIKE 'beacon%';

-- The notifications' jobs go, and for each device that is to be tried again there is one of its own: both or neither.
-- name: push_settle     $1 ids bigints, $2 attempts ints, $3 jobs bigints, $4 tokens texts, $5 delays bigints,
--	$6 errors texts
WITH done AS (
	DELETE FROM outbox o USING unnest($1, $2) AS j (id, attempt)
	 WHERE o.id = j.id AND o.attempts = j.attempt
	RETURNING o.id, o.payload, o.user_id
)
INSERT INTO outbox (kind, payload, user_id, attempts, next_try_at, last_error)
SELECT 'push_send', done.payload || jsonb_build_object('token', f.token), done.user_id, 1,
       now() + f.delay * interval '1 microsecond', f.error
  FROM done JOIN unnest($3, $4, $5, $6) AS f (job, token, delay, error) ON f.job = done.id;

-- name: push_forget     $1 tokens texts
DELETE FROM user_fcm_tokens WHERE token = ANY ($1);
