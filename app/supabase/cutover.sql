-- The switch, and the switch back. The gate is docs/decisions/0013.

-- name: move_gate_hold [write]
SELECT supabase_move.gate_hold()

-- name: move_gate_late
SELECT string_agg(name, ', ') FROM supabase_move.gate_waits_for()

-- name: move_gate_seal [write]
SELECT supabase_move.gate_seal()

-- name: move_gate_open     $1 side text [write]
SELECT supabase_move.gate_open($1)

-- name: move_gate_end [write]
SELECT supabase_move.gate_end()

-- name: move_gate_state
SELECT state FROM supabase_move.gate

-- How many there are, and those that have not been heard of for some beats, but are not given up yet.
-- name: move_gate_servers
SELECT count(*)::text, string_agg(name, ', ') FILTER (WHERE seen_at < clock_timestamp() - interval '4 seconds')
  FROM supabase_move.gate_servers WHERE seen_at > clock_timestamp() - supabase_move.gate_silence()

-- Where replication goes on when it begins again.
-- name: move_sub_advance     $1 lsn text [write]
SELECT pg_replication_origin_advance('pg_' || s.oid, $1::pg_lsn) FROM pg_subscription s
 WHERE s.subname = 'sojorn_move' AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: move_follow_let_go
SELECT pg_advisory_unlock(7350073)

-- name: move_sending     $1 yes bool [write]
SELECT supabase_move.send($1)

-- name: move_data_directory
SELECT current_setting('data_directory', true)

-- What went back is looked at again, as if it had changed there.
-- name: move_look_again [write]
SELECT supabase_move.look_again()

-- Tables that have not as many rows here as there.
-- name: move_counts_differ     $1 here json, $2 there json
SELECT string_agg(format('%s: %s here, %s there', t.key, h.value, t.value), '; ')
  FROM jsonb_each_text($2::jsonb) t LEFT JOIN jsonb_each_text($1::jsonb) h ON h.key = t.key
 WHERE h.value IS DISTINCT FROM t.value

-- ---- the way back ----

-- The newest key that waits, and whether one as old as that still does.
-- name: move_back_last
SELECT COALESCE(max(n), 0)::text FROM supabase_move.dirty

-- name: move_back_waits     $1 newest bigint
SELECT EXISTS (SELECT FROM supabase_move.dirty WHERE n <= $1)

-- name: move_back_batch     $1 most int [write]
SELECT supabase_move.back_batch($1)::text

-- Of the keys that the next batch takes: what only this program can open, and has not yet. Keys of sessions with
-- counted tokens, secrets of second factors.
-- name: move_back_sealed     $1 most int
WITH next AS (
	SELECT DISTINCT kind, a FROM (SELECT kind, a FROM supabase_move.dirty ORDER BY n LIMIT $1) x WHERE kind IN ('session', 'factor')
)
SELECT 'session', s.id::text, s.user_id::text, ''
  FROM next k JOIN sessions s ON s.id = k.a
 WHERE k.kind = 'session' AND s.refresh_counter IS NOT NULL AND s.refresh_key IS NULL
   AND NOT EXISTS (SELECT FROM supabase_move.opened o WHERE o.kind = 'session' AND o.id = s.id)
UNION ALL
SELECT 'factor', f.id::text, f.user_id::text, convert_from(f.secret, 'UTF8')
  FROM next k JOIN account_factors f ON f.user_id = k.a
 WHERE k.kind = 'factor' AND f.secret IS NOT NULL
   AND NOT EXISTS (SELECT FROM supabase_move.opened o WHERE o.kind = 'factor' AND o.id = f.id AND o.sealed = f.secret)

-- name: move_back_opened     $1 kind text, $2 id uuid, $3 sealed text, $4 value text
INSERT INTO supabase_move.opened AS o (kind, id, sealed, value) VALUES ($1, $2, convert_to($3, 'UTF8'), $4)
ON CONFLICT (kind, id) DO UPDATE SET sealed = excluded.sealed, value = excluded.value

-- name: move_outgoing     $1 most int
SELECT array_agg(tab ORDER BY id), array_agg(op ORDER BY id), array_agg(before ORDER BY id), array_agg(after ORDER BY id),
       max(id)::text, count(*)::text
  FROM (SELECT * FROM supabase_move.outgoing ORDER BY id LIMIT $1) x

-- name: move_outgoing_done     $1 until bigint
DELETE FROM supabase_move.outgoing WHERE id <= $1
