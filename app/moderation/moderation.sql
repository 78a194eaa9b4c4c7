-- Strikes, their consequences, and the end of suspensions.

-- The row lock makes strikes of one account wait for each other, so that each counts those before it.
-- name: strike_add     $1 user_id uuid, $2 category text, $3 snippet text
WITH struck AS MATERIALIZED (
	SELECT id FROM users WHERE id = $1 FOR UPDATE
)
INSERT INTO content_strikes (user_id, category, content_snippet)
SELECT id, $2, $3 FROM struck;

-- A statement after the lock, because only a new snapshot sees what was committed while it waited.
-- name: strike_count     $1 user_id uuid
WITH rolling AS (
	SELECT count(*)::integer AS strikes
	  FROM content_strikes
	 WHERE user_id = $1 AND created_at > now() - interval '30 days'
), kept AS (
	INSERT INTO profile_private (user_id, strikes)
	SELECT $1, strikes FROM rolling
	ON CONFLICT (user_id) DO UPDATE SET strikes = excluded.strikes
)
SELECT strikes FROM rolling;

-- name: strike_suspend     $1 user_id uuid, $2 seconds bigint, $3 reason text
WITH suspended AS (
	UPDATE users u
	   SET status = 'suspended', updated_at = now(),
	       suspended_until = GREATEST(u.suspended_until, now() + $2 * interval '1 second')
	  FROM (SELECT id, status FROM users WHERE id = $1) before
	 WHERE u.id = before.id AND u.status IN ('active', 'suspended')
	RETURNING u.id, before.status AS old_status
), noted AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, old_status, 'suspended', $3 FROM suspended
)
UPDATE posts p
   SET status = 'jailed'
  FROM suspended
 WHERE p.author_id = suspended.id AND p.status = 'active';

-- A banned address can neither register nor sign in, so it is let go after a while (many share one), and
-- one that is our own proxy or network's is not noted at all.
-- name: strike_ban     $1 user_id uuid, $2 reason text, $3 client text
WITH banned AS (
	UPDATE users u
	   SET status = 'banned', suspended_until = NULL, updated_at = now()
	  FROM (SELECT id, status FROM users WHERE id = $1) before
	 WHERE u.id = before.id AND u.status <> 'banned'
	RETURNING u.id, before.status AS old_status
), noted AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, old_status, 'banned', $2 FROM banned
), revoked AS (
	UPDATE sessions s
	   SET revoked_at = now()
	  FROM banned
	 WHERE s.user_id = banned.id AND s.revoked_at IS NULL
), address AS (
	INSERT INTO banned_ips (ip, user_id, reason, expires_at)
	SELECT c.ip, banned.id, $2, now() + interval '30 days'
	  FROM banned, (SELECT $3::text::inet AS ip) c
	 WHERE NOT EXISTS (SELECT FROM unnest(ARRAY['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16',
		'::1', 'fc00::/7', 'fe80::/10']::inet[]) near WHERE c.ip <<= near)
	ON CONFLICT (ip) DO UPDATE SET expires_at = excluded.expires_at WHERE banned_ips.expires_at IS NOT NULL
)
UPDATE posts p
   SET status = 'jailed'
  FROM banned
 WHERE p.author_id = banned.id AND p.status = 'active';

-- name: suspension_lift     $1 user_id uuid
WITH lifted AS (
	UPDATE users
	   SET status = 'active', suspended_until = NULL, updated_at = now()
	 WHERE id = $1 AND status = 'suspended' AND suspended_until <= now()
	RETURNING id
), freed AS (
	UPDATE posts p
	   SET status = 'active'
	  FROM lifted
	 WHERE p.author_id = lifted.id AND p.status = 'jailed'
), noted AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, 'suspended', 'active', 'suspension over' FROM lifted
)
SELECT id FROM lifted;

-- Strikes fall out of the 30 days without anything happening; the copy that the ranking reads follows.
-- name: strikes_recount     [slow]
WITH rolling AS (
	SELECT p.user_id, count(s.id)::integer AS strikes
	  FROM profile_private p
	  LEFT JOIN content_strikes s ON s.user_id = p.user_id AND s.created_at > now() - interval '30 days'
	 WHERE p.strikes > 0
	 GROUP BY p.user_id
)
UPDATE profile_private p
   SET strikes = rolling.strikes
  FROM rolling
 WHERE p.user_id = rolling.user_id AND p.strikes <> rolling.strikes;
