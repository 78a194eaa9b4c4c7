-- What `supabase watch` asks of this side, and remembers.

-- name: move_watch_begin     [write]
UPDATE supabase_move.watch SET fired = '', compared = 0, differ = 0 RETURNING baseline_us::text

-- name: move_watch_baseline     $1 us bigint
UPDATE supabase_move.watch SET baseline_us = $1

-- name: move_watch_seen     $1 errors float, $2 p95 bigint, $3 compared bigint, $4 differ bigint
UPDATE supabase_move.watch SET seen_at = now(), errors = $1, p95_us = $2, compared = compared + $3, differ = differ + $4

-- name: move_watch_fired     $1 rule text
UPDATE supabase_move.watch SET fired = $1

-- ---- rows picked at random ----

-- First columns of keys of some rows of a side; empty: too many rows, and no index to find them again by.
-- name: move_sample_text     $1 id int, $2 on_a bool
SELECT CASE WHEN a_key IS NOT NULL AND (first_type IS NOT NULL OR b_rows < 20000) THEN
	format('SELECT json_agg(k)::text FROM (SELECT %s::text AS k FROM %s x TABLESAMPLE SYSTEM (%s) ORDER BY random() LIMIT 100) y',
		CASE WHEN $2 THEN a_look ELSE b_look END, CASE WHEN $2 THEN a_from ELSE b_from END, LEAST(100, 1e5 / GREATEST(b_rows, 1))) ELSE '' END
  FROM supabase_move.compared WHERE id = $1

-- The newest entries of what goes back; with a limit, how many are left up to there.
-- name: move_back_newest
SELECT COALESCE((SELECT max(n) FROM supabase_move.dirty), 0)::text, COALESCE((SELECT max(id) FROM supabase_move.outgoing), 0)::text

-- name: move_back_left     $1 dirty bigint, $2 outgoing bigint
SELECT (EXISTS (SELECT FROM supabase_move.dirty WHERE n <= $1) OR EXISTS (SELECT FROM supabase_move.outgoing WHERE id <= $2))::text

-- What only an error in this side's data can bring about, in some of its rows: a text or a password that is not the
-- one which came over, though nobody has changed it.
-- name: move_sample_rules
SELECT 'sojorn.posts', p.id::text, 'body', 'is not the text that came over'
  FROM sojorn.posts p TABLESAMPLE SYSTEM (LEAST(100, 1e5 / GREATEST((SELECT reltuples FROM pg_class WHERE oid = 'sojorn.posts'::regclass), 1)))
  JOIN supabase_move.posts s ON s.id = p.id
 WHERE p.body <> COALESCE(s.body, '') AND p.edited_at IS NOT DISTINCT FROM s.edited_at
   AND NOT EXISTS (SELECT FROM supabase_move.dirty d WHERE d.kind = 'post' AND d.a = p.id)
UNION ALL
SELECT 'sojorn.users', u.id::text, 'encrypted_password', 'is not the password that came over'
  FROM sojorn.users u TABLESAMPLE SYSTEM (LEAST(100, 1e5 / GREATEST((SELECT reltuples FROM pg_class WHERE oid = 'sojorn.users'::regclass), 1)))
  JOIN supabase_move.auth_users s ON s.id = u.id
 WHERE s.deleted_at IS NULL AND u.password_changed_at IS NULL AND u.encrypted_password <> COALESCE(s.encrypted_password, '')
   AND u.encrypted_password NOT LIKE '$2b$%' AND NOT EXISTS (SELECT FROM supabase_move.dirty d WHERE d.kind = 'user' AND d.a = u.id)
LIMIT 100
