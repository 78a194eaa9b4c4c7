-- What the move tells about itself.

-- How many rows every landed table has, as the role that asks sees them.
-- name: move_report_counts
DO $$
DECLARE t record; n bigint;
BEGIN
	DELETE FROM supabase_move.landed;
	FOR t IN SELECT object FROM supabase_move.ledger WHERE kind IN ('rows', 'table') AND object LIKE '%.%'
	         UNION SELECT schema || '.' || name FROM supabase_move.tables LOOP
		CONTINUE WHEN to_regclass(format('%I.%I', split_part(t.object, '.', 1),
			substr(t.object, strpos(t.object, '.') + 1))) IS NULL;
		EXECUTE format('SELECT count(*) FROM %I.%I', split_part(t.object, '.', 1),
			substr(t.object, strpos(t.object, '.') + 1)) INTO n;
		INSERT INTO supabase_move.landed VALUES (t.object, n);
	END LOOP;
END $$

-- Source: what the reader has counted; of a live source, what replication has brought.
-- name: move_report_tables     $1 run bigint
WITH source AS (
	SELECT object AS name, sum(n)::bigint AS n FROM supabase_move.ledger
	 WHERE run_id = $1 AND outcome IN ('done', 'partial') AND kind = 'rows' GROUP BY object
	UNION ALL
	SELECT t.schema || '.' || t.name, l.n FROM supabase_move.tables t JOIN supabase_move.landed l ON l.name = t.schema || '.' || t.name
), kept AS (
	SELECT 'auth.users' AS name, (SELECT count(*) FROM users u JOIN supabase_move.auth_users s ON s.id = u.id) AS n
	UNION ALL SELECT 'public.profiles', (SELECT count(*) FROM profiles p JOIN supabase_move.profiles s ON s.id = p.id)
	UNION ALL SELECT 'public.posts', (SELECT count(*) FROM posts p JOIN supabase_move.posts s ON s.id = p.id)
		+ (SELECT count(*) FROM beacons b JOIN supabase_move.posts s ON s.id = b.id)
	UNION ALL SELECT 'public.comments', (SELECT count(*) FROM posts p JOIN supabase_move.comments s ON s.id = p.id)
	UNION ALL SELECT 'public.follows', (SELECT count(*) FROM follows f JOIN supabase_move.follows s
		ON s.follower_id = f.follower_id AND s.following_id = f.following_id)
	UNION ALL SELECT 'public.blocks', (SELECT count(*) FROM blocks f JOIN supabase_move.blocks s
		ON s.blocker_id = f.blocker_id AND s.blocked_id = f.blocked_id)
	UNION ALL SELECT 'public.post_likes', (SELECT count(*) FROM post_likes f JOIN supabase_move.post_likes s
		ON s.post_id = f.post_id AND s.user_id = f.user_id)
	UNION ALL SELECT 'public.post_saves', (SELECT count(*) FROM post_saves f JOIN supabase_move.post_saves s
		ON s.post_id = f.post_id AND s.user_id = f.user_id)
	UNION ALL SELECT 'public.notifications', (SELECT count(*) FROM notifications f JOIN supabase_move.notifications s
		ON s.id = f.id)
	UNION ALL SELECT 'public.reports', (SELECT count(*) FROM reports f JOIN supabase_move.reports s ON s.id = f.id)
), back AS (
	SELECT CASE WHEN subject LIKE 'public.posts.%' THEN 'public.posts' ELSE subject END AS name, count(*) AS n
	  FROM supabase_move.findings WHERE code IN ('orphan', 'beacon_over', 'not_moved', 'profile_without_user')
	 GROUP BY 1
)
SELECT s.name, s.n AS source, COALESCE(l.n, 0) AS landed, k.n AS moved,
       CASE WHEN k.n IS NOT NULL THEN COALESCE(b.n, 0) END AS kept_back,
       abs(s.n - COALESCE(l.n, 0)) + COALESCE(abs(COALESCE(l.n, 0) - k.n - COALESCE(b.n, 0)), 0) AS differences
  FROM source s
  LEFT JOIN supabase_move.landed l ON l.name = s.name
  LEFT JOIN kept k ON k.name = s.name
  LEFT JOIN back b ON b.name = s.name
 ORDER BY s.name

-- name: move_report_ledger     $1 run bigint
SELECT outcome, kind, count(*)::text AS statements, sum(n)::text AS n FROM supabase_move.ledger WHERE run_id = $1
 GROUP BY outcome, kind ORDER BY outcome, kind

-- name: move_report_skipped     $1 run bigint
SELECT kind, count(*)::text, reason FROM supabase_move.ledger WHERE run_id = $1 AND outcome = 'skipped'
 GROUP BY kind, reason ORDER BY kind, reason

-- name: move_report_findings
SELECT code, subject, count(*)::text, min(key), min(detail), CASE WHEN code IN ('email_collision', 'password_unverifiable',
	'factor_not_moved', 'old_address') THEN 'needs a decision' WHEN code IN ('not_moved', 'key_not_moved', 'orphan', 'beacon_over',
	'profile_without_user') THEN 'archived' ELSE 'transformed' END
  FROM supabase_move.findings
 GROUP BY code, subject ORDER BY code, subject

-- ---- what must hold of the result ----

-- name: move_verify_rules
SELECT c.oid::regclass::text AS "table", '' AS key, '' AS "column", 'row security hides rows' AS detail
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relrowsecurity AND n.nspname NOT LIKE 'pg\_%' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT 'auth.users', s.id::text, 'encrypted_password', 'the password is another one'
  FROM supabase_move.auth_users s JOIN users u ON u.id = s.id
 WHERE s.deleted_at IS NULL AND u.encrypted_password <> COALESCE(s.encrypted_password, '')
   AND u.password_changed_at IS NULL AND u.encrypted_password NOT LIKE '$2b$%'
UNION ALL
SELECT 'public.posts', s.id::text, 'body', 'the text is another one'
  FROM supabase_move.posts s JOIN posts p ON p.id = s.id WHERE p.body <> COALESCE(s.body, '') AND p.edited_at IS NOT DISTINCT FROM s.edited_at
UNION ALL
SELECT 'public.comments', s.id::text, 'body', 'the text is another one'
  FROM supabase_move.comments s JOIN posts p ON p.id = s.id WHERE p.body <> COALESCE(s.body, '') AND p.edited_at IS NULL
UNION ALL
SELECT 'public.posts', s.id::text, 'deleted_at', 'is gone here and not there, or there and not here'
  FROM supabase_move.posts s JOIN posts p ON p.id = s.id WHERE (s.deleted_at IS NULL) <> (p.deleted_at IS NULL)
UNION ALL
SELECT 'public.posts', s.id::text, 'visibility', 'more people see it than before'
  FROM supabase_move.posts s JOIN posts p ON p.id = s.id
 WHERE p.visibility = 'public' AND s.visibility IS NOT NULL AND s.visibility <> 'public'
UNION ALL
SELECT 'posts', m.post_id::text, 'like_count', 'is not the number of likes'
  FROM post_metrics m JOIN posts p ON p.id = m.post_id
 WHERE p.is_imported AND m.like_count <> (SELECT count(*) FROM post_likes l WHERE l.post_id = m.post_id)
UNION ALL
SELECT 'profiles', u.id::text, '', 'an account without a profile' FROM users u WHERE NOT EXISTS (SELECT FROM profiles p WHERE p.id = u.id)
LIMIT 1000

-- What a verify has found, as it printed it.
-- name: move_verdict_keep     $1 run bigint, $2 ok bool, $3 report json
INSERT INTO supabase_move.verdicts (run_id, ok, report) VALUES ($1, $2, $3)
