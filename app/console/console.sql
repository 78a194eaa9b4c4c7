-- What the operator's console reads and does. Every action writes its row of the audit log in the same statement:
-- one that is not on record has not happened.

-- ---- who is at the console ----

-- No row: nobody who may be here.
-- name: console_staff     $1 user uuid
SELECT p.handle, p.display_name, p.role, u.mfa_enabled
  FROM profiles p JOIN users u ON u.id = p.id
 WHERE p.id = $1 AND p.role IN ('moderator', 'admin');

-- name: console_note     $1 actor uuid, $2 action text, $3 details json
INSERT INTO audit_log (actor_id, action, details) VALUES ($1, $2, $3);

-- name: console_trim_audit     $1 limit int
DELETE FROM audit_log a
 WHERE a.id = ANY (ARRAY(SELECT o.id FROM audit_log o WHERE o.created_at < now() - interval '90 days'
			  ORDER BY o.created_at LIMIT $1));

-- name: console_audit     $1 before bigint, $2 limit int
SELECT l.id, l.created_at, a.handle AS actor, l.action, l.target_type, l.target_id, l.details
  FROM audit_log l LEFT JOIN profiles a ON a.id = l.actor_id
 WHERE l.id < $1
 ORDER BY l.id DESC
 LIMIT $2;

-- ---- people ----

-- By the beginning of a handle, a whole address, or an id; nothing given: who is suspended now.
-- name: console_people     $1 handle text, $2 email text, $3 id uuid, $4 limit int
SELECT u.id, a.handle, a.display_name, a.role, u.email, u.status, u.suspended_until, u.mfa_enabled, u.created_at, u.last_login,
       COALESCE(v.strikes, 0) AS strikes, COALESCE(t.harmony_score, 50)::integer AS harmony, COALESCE(t.posts_count, 0) AS posts_count, a.followers_count,
       (SELECT count(*)::integer FROM (SELECT FROM reports r WHERE r.target_user_id = u.id AND r.status = 'pending' LIMIT 100) open) AS open_reports
  FROM (SELECT id FROM ((SELECT p.id FROM profiles p
			  WHERE $1 <> '' AND lower(p.handle) >= $1 AND lower(p.handle) < $1 || U&'\+10FFFF'
			  ORDER BY lower(p.handle) LIMIT $4)
		 UNION (SELECT e.id FROM users e WHERE lower(e.email) = $2 AND NOT e.duplicate_email)
		 UNION SELECT $3
		 UNION (SELECT s.id FROM users s WHERE $1 = '' AND $3 IS NULL AND s.status = 'suspended'
			 ORDER BY s.suspended_until LIMIT $4)) every) found
  JOIN users u ON u.id = found.id
  LEFT JOIN profiles a ON a.id = u.id
  LEFT JOIN profile_private v ON v.user_id = u.id
  LEFT JOIN trust_state t ON t.user_id = u.id
 ORDER BY lower(a.handle)
 LIMIT $4;

-- name: console_history     $1 user uuid, $2 limit int
SELECT h.created_at, h.old_status, h.new_status, h.reason, c.handle AS changed_by
  FROM user_status_history h LEFT JOIN profiles c ON c.id = h.changed_by
 WHERE h.user_id = $1
 ORDER BY h.created_at DESC
 LIMIT $2;

-- name: console_strikes     $1 user uuid, $2 limit int
SELECT s.created_at, s.category, s.content_snippet AS snippet
  FROM content_strikes s WHERE s.user_id = $1 ORDER BY s.created_at DESC LIMIT $2;

-- name: console_posts_of     $1 user uuid, $2 limit int
SELECT p.id, p.kind, p.status, p.visibility, p.body, p.created_at, p.tone_label
  FROM posts p
 WHERE p.author_id = $1 AND p.deleted_at IS NULL
 ORDER BY p.created_at DESC, p.id DESC
 LIMIT $2;

-- A suspension ends sockets and requests by what the change of the status triggers. `problem` says why nothing was
-- done; staff are an administrator's business ($5), and nobody suspends themselves. No row: no such account.
-- name: console_suspend     $1 user uuid, $2 seconds bigint, $3 reason text, $4 actor uuid, $5 is_admin bool
WITH target AS MATERIALIZED (
	SELECT u.id, u.status, CASE
		WHEN u.id = $4 THEN 'own'
		WHEN NOT $5 AND COALESCE(a.role, 'user') <> 'user' THEN 'staff'
		WHEN u.status NOT IN ('active', 'suspended', 'deactivated') THEN 'status'
	       END AS problem
	  FROM users u LEFT JOIN profiles a ON a.id = u.id
	 WHERE u.id = $1
	   FOR UPDATE OF u
), suspended AS (
	UPDATE users u
	   SET status = 'suspended', suspended_until = now() + $2 * interval '1 second', updated_at = now()
	  FROM target t
	 WHERE u.id = t.id AND t.problem IS NULL
	RETURNING u.id, t.status AS old_status, u.suspended_until
), noted AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason, changed_by)
	SELECT id, old_status, 'suspended', $3, $4 FROM suspended
), jailed AS (
	UPDATE posts p SET status = 'jailed' FROM suspended s WHERE p.author_id = s.id AND p.status = 'active'
), audited AS (
	INSERT INTO audit_log (actor_id, action, target_type, target_id, details)
	SELECT $4, 'user.suspend', 'user', id::text,
	       jsonb_build_object('until', suspended_until, 'reason', $3, 'before', old_status) FROM suspended
)
SELECT t.problem, s.suspended_until FROM target t LEFT JOIN suspended s ON s.id = t.id;

-- A ban is an administrator's to lift; its address may register again, too.
-- name: console_lift     $1 user uuid, $2 reason text, $3 actor uuid, $4 is_admin bool
WITH target AS MATERIALIZED (
	SELECT u.id, u.status, CASE
		WHEN u.id = $3 THEN 'own'
		WHEN u.status NOT IN ('suspended', 'banned') THEN 'status'
		WHEN NOT $4 AND (u.status = 'banned' OR COALESCE(a.role, 'user') <> 'user') THEN 'staff'
	       END AS problem
	  FROM users u LEFT JOIN profiles a ON a.id = u.id
	 WHERE u.id = $1
	   FOR UPDATE OF u
), lifted AS (
	UPDATE users u
	   SET status = 'active', suspended_until = NULL, updated_at = now()
	  FROM target t
	 WHERE u.id = t.id AND t.problem IS NULL
	RETURNING u.id, t.status AS old_status
), noted AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason, changed_by)
	SELECT id, old_status, 'active', $2, $3 FROM lifted
), freed AS (
	UPDATE posts p SET status = 'active' FROM lifted l WHERE p.author_id = l.id AND p.status = 'jailed'
), address AS (
	DELETE FROM banned_ips b USING lifted l WHERE b.user_id = l.id AND l.old_status = 'banned'
), audited AS (
	INSERT INTO audit_log (actor_id, action, target_type, target_id, details)
	SELECT $3, 'user.lift', 'user', id::text, jsonb_build_object('reason', $2, 'before', old_status) FROM lifted
)
SELECT t.problem, NULL::timestamptz AS suspended_until FROM target t;

-- ---- what people wrote ----

-- Of a post, a comment or a beacon; who reported it has their answer, and it leaves the queue. A jailed post may be removed,
-- too: it stays so when its author comes back. No row: there is no such thing, or it is removed already.
-- name: console_remove     $1 id uuid, $2 reason text, $3 actor uuid
WITH post AS (
	UPDATE posts SET status = 'removed', pinned_at = NULL
	 WHERE id = $1 AND deleted_at IS NULL AND status <> 'removed'
	RETURNING id
), beacon AS (
	UPDATE beacons SET status = 'removed' WHERE id = $1 AND status IN ('active', 'flagged')
	RETURNING id
), gone AS (
	SELECT id, 'post' AS kind FROM post UNION ALL SELECT id, 'beacon' FROM beacon
), answered AS (
	UPDATE reports r SET status = 'actioned', reviewed_by = $3, reviewed_at = now()
	  FROM gone
	 WHERE r.status = 'pending'
	   AND r.id = ANY (ARRAY(SELECT x.id FROM reports x WHERE x.post_id = gone.id
			   UNION SELECT x.id FROM reports x WHERE x.comment_id = gone.id
			   UNION SELECT x.id FROM reports x WHERE x.beacon_id = gone.id))
), settled AS (
	UPDATE moderation_flags f SET status = 'actioned', reviewed_by = $3, reviewed_at = now(), updated_at = now()
	  FROM gone WHERE f.post_id = gone.id AND f.status IN ('pending', 'escalated')
), audited AS (
	INSERT INTO audit_log (actor_id, action, target_type, target_id, details)
	SELECT $3, kind || '.remove', kind, id::text, jsonb_build_object('reason', $2) FROM gone
)
SELECT kind FROM gone;

-- ---- reports ----

-- The oldest first. Who has reported is for the moderators alone (T-REP-1); what was reported as it stands now.
-- name: console_reports     $1 after time, $2 after_id uuid, $3 limit int
SELECT r.id, r.created_at, r.violation_type AS violation, r.description, b.handle AS reporter,
       COALESCE(r.target_user_id, p.author_id) AS target_id, t.handle AS target, COALESCE(c.id, r.beacon_id) AS object_id,
       CASE WHEN r.beacon_id IS NOT NULL THEN 'beacon' ELSE COALESCE(p.kind, 'account') END AS object,
       COALESCE(p.body, e.body) AS body, COALESCE(p.status, e.status) AS object_status
  FROM reports r
  LEFT JOIN profiles b ON b.id = r.reporter_id
  LEFT JOIN LATERAL (SELECT COALESCE(r.comment_id, r.post_id) AS id) c ON true
  LEFT JOIN posts p ON p.id = c.id
  LEFT JOIN beacons e ON e.id = r.beacon_id
  LEFT JOIN profiles t ON t.id = COALESCE(r.target_user_id, p.author_id)
 WHERE r.status = 'pending' AND (r.created_at, r.id) > ($1, $2)
 ORDER BY r.created_at, r.id
 LIMIT $3;

-- name: console_resolve     $1 report uuid, $2 outcome text, $3 note text, $4 actor uuid
WITH resolved AS (
	UPDATE reports SET status = $2, reviewed_by = $4, reviewed_at = now()
	 WHERE id = $1 AND status = 'pending'
	RETURNING id
), audited AS (
	INSERT INTO audit_log (actor_id, action, target_type, target_id, details)
	SELECT $4, 'report.resolve', 'report', id::text, jsonb_build_object('outcome', $2, 'note', $3) FROM resolved
)
SELECT id FROM resolved;

-- ---- the moderation queue ----

-- $1: those that a moderator has passed on, instead of the new ones.
-- name: console_flags     $1 escalated bool, $2 after time, $3 after_id uuid, $4 limit int
SELECT f.id, f.created_at, f.flag_reason AS reason, f.scores, f.user_id AS target_id, a.handle AS target, f.post_id AS object_id,
       p.kind AS object, p.body, p.status AS object_status
  FROM (SELECT * FROM ((SELECT * FROM moderation_flags n
			 WHERE NOT $1 AND n.status = 'pending' AND (n.created_at, n.id) > ($2, $3)
			 ORDER BY n.created_at, n.id LIMIT $4)
		 UNION ALL (SELECT * FROM moderation_flags x
			     WHERE $1 AND x.status = 'escalated' AND (x.created_at, x.id) > ($2, $3)
			     ORDER BY x.created_at, x.id LIMIT $4)) every) f
  LEFT JOIN profiles a ON a.id = f.user_id
  LEFT JOIN posts p ON p.id = f.post_id
 ORDER BY f.created_at, f.id
 LIMIT $4;

-- Approved: what waited or was hidden for it is shown. Rejected: it is removed. Escalated: an administrator decides.
-- name: console_review     $1 flag uuid, $2 decision text, $3 note text, $4 actor uuid, $5 is_admin bool
WITH reviewed AS (
	UPDATE moderation_flags SET status = $2, reviewed_by = $4, reviewed_at = now(), updated_at = now()
	 WHERE id = $1 AND (status = 'pending' OR status = 'escalated' AND $5) AND status <> $2
	RETURNING id, post_id
), shown AS (
	UPDATE posts p SET status = 'active'
	  FROM reviewed f
	 WHERE $2 = 'approved' AND p.id = f.post_id AND p.status IN ('flagged', 'pending_moderation') AND p.deleted_at IS NULL
), removed AS (
	UPDATE posts p SET status = 'removed', pinned_at = NULL
	  FROM reviewed f
	 WHERE $2 = 'rejected' AND p.id = f.post_id AND p.status <> 'removed' AND p.deleted_at IS NULL
), audited AS (
	INSERT INTO audit_log (actor_id, action, target_type, target_id, details)
	SELECT $4, 'flag.review', 'flag', id::text,
	       jsonb_build_object('decision', $2, 'note', $3, 'post', post_id) FROM reviewed
)
SELECT id FROM reviewed;

-- ---- the ranking ----

-- name: console_weights
SELECT key, value, description, updated_at FROM algorithm_config ORDER BY key;

-- The lock makes the value before the one that is replaced.
-- name: console_weigh     $1 key text, $2 value float, $3 actor uuid
WITH before AS MATERIALIZED (
	SELECT key, value FROM algorithm_config WHERE key = $1 FOR UPDATE
), changed AS (
	UPDATE algorithm_config c SET value = $2, updated_at = now()
	  FROM before b
	 WHERE c.key = b.key
	RETURNING c.key, b.value AS old, c.value AS new
), audited AS (
	INSERT INTO audit_log (actor_id, action, target_type, target_id, details)
	SELECT $3, 'algorithm.edit', 'algorithm_config', key, jsonb_build_object('old', old, 'new', new) FROM changed
)
SELECT key FROM changed;
