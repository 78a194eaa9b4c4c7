-- Taking over a live project: the landing zone for its tables, and the subscription that fills it.

-- name: move_live_begin     $1 source text
INSERT INTO supabase_move.runs (source) VALUES ($1) RETURNING id

-- From now on the project is the writer, and clients of the old app are passed on to it.
-- name: move_gate_begin [write]
SELECT supabase_move.gate_begin()

-- name: move_live_source
SELECT source, stopped FROM supabase_move.runs ORDER BY id DESC LIMIT 1

-- name: move_live_stopped     $1 why text
UPDATE supabase_move.runs SET stopped = $1, updated_at = now() WHERE id = (SELECT max(id) FROM supabase_move.runs)

-- name: move_live_plan     $1 catalog json
INSERT INTO supabase_move.tables (schema, name, how, key, columns, defaults, n, bytes)
SELECT x ->> 'schema', x ->> 'name', x ->> 'how', ARRAY(SELECT jsonb_array_elements_text(NULLIF(x -> 'key', 'null'))),
       x -> 'columns', x -> 'defaults', (x ->> 'n')::bigint, (x ->> 'bytes')::bigint
  FROM jsonb_array_elements($1::jsonb) x

-- name: move_live_plan_keys
UPDATE supabase_move.tables SET key = NULL WHERE key = '{}'

-- name: move_live_drift     $1 catalog json
SELECT supabase_move.drift($1::jsonb)

-- name: move_live_collisions
SELECT string_agg(format('%I.%I', t.schema, t.name), ', ' ORDER BY t.schema, t.name) FROM supabase_move.tables t
 WHERE to_regclass(format('%I.%I', t.schema, t.name)) IS NOT NULL

-- name: move_live_landing [write]
SELECT supabase_move.make_landing()

-- name: move_live_drop [write]
SELECT supabase_move.drop_landing()

-- name: move_live_apply_function     $1 on_source bool
SELECT supabase_move.apply_function($1)

-- name: move_live_type_known     $1 name text
SELECT to_regtype($1) IS NOT NULL

-- The plan, as move_source_tables takes it.
-- name: move_live_tables
SELECT json_agg(json_build_object('schema', schema, 'name', name, 'how', how))::text FROM supabase_move.tables

-- Rows of these are copied by us: the statement there, the statement here.
-- name: move_live_uncopied
SELECT schema, name, format('COPY (SELECT %s FROM %I.%I) TO STDOUT', supabase_move.names(c.list, ''), schema, name),
       format('COPY %I.%I (%s) FROM STDIN', schema, name, supabase_move.names(c.list, ''))
  FROM supabase_move.tables,
       LATERAL (SELECT array_agg(x ->> 'name' ORDER BY n) FROM jsonb_array_elements(columns) WITH ORDINALITY AS u (x, n)) AS c (list)
 WHERE how <> 'stream' AND NOT copied ORDER BY bytes, schema, name

-- name: move_live_emptying     $1 schema text, $2 name text
SELECT set_config('move.table', format('%I.%I', $1, $2), true)

-- name: move_live_empty
DO $$
BEGIN
	EXECUTE format('DELETE FROM %s', current_setting('move.table'));
END $$

-- name: move_live_copied     $1 schema text, $2 name text
UPDATE supabase_move.tables SET copied = true WHERE schema = $1 AND name = $2

-- ---- the subscription ----

-- name: move_sub_allowed
SELECT rolsuper OR pg_has_role(current_user, (SELECT oid FROM pg_roles WHERE rolname = 'pg_create_subscription'), 'MEMBER')
  FROM pg_roles WHERE rolname = current_user

-- name: move_sub_find
SELECT s.subenabled, s.subpublications::text LIKE '%sojorn_move_tables%', s.subconninfo
  FROM pg_subscription s WHERE s.subname = 'sojorn_move' AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: move_sub_source     $1 url text, $2 slot text
SELECT set_config('move.source', $1, false), set_config('move.slot', $2, false)

-- name: move_sub_make
DO $$
BEGIN
	EXECUTE format('CREATE SUBSCRIPTION sojorn_move CONNECTION %L PUBLICATION sojorn_move'
		' WITH (create_slot = false, slot_name = %I, copy_data = false)', current_setting('move.source'), current_setting('move.slot'));
END $$

-- name: move_sub_tables
ALTER SUBSCRIPTION sojorn_move ADD PUBLICATION sojorn_move_tables WITH (refresh = false)

-- Tables that are published there and not known here yet are copied from now on; others are let go of.
-- name: move_sub_refresh
ALTER SUBSCRIPTION sojorn_move REFRESH PUBLICATION WITH (copy_data = true)

-- Tables of the stream that are not being copied: what is in them is from a copy that has been given up.
-- name: move_sub_unknown
SELECT t.schema, t.name FROM supabase_move.tables t WHERE t.how = 'stream' AND NOT EXISTS (
	SELECT FROM pg_subscription_rel r WHERE r.srrelid = to_regclass(format('%I.%I', t.schema, t.name)))

-- Tables that have been copied and wait for their copy's slot on the source, whose name it is.
-- name: move_sub_catching_up
SELECT n.nspname, c.relname, format('pg_%s_sync_%s_%s', s.oid, c.oid, (SELECT system_identifier FROM pg_control_system()))
  FROM pg_subscription s JOIN pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_class c ON c.oid = r.srrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE s.subname = 'sojorn_move' AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND r.srsubstate = 'f'
 ORDER BY 1, 2

-- name: move_sub_disable
ALTER SUBSCRIPTION sojorn_move DISABLE

-- name: move_sub_forget_slot
ALTER SUBSCRIPTION sojorn_move SET (slot_name = NONE)

-- name: move_sub_drop
DROP SUBSCRIPTION sojorn_move

-- Tables that have arrived whole, all of them, bytes that have, bytes of all, errors so far.
-- name: move_sub_progress
SELECT count(*) FILTER (WHERE r.srsubstate = 'r')::text, count(*)::text,
       (COALESCE(sum(t.bytes) FILTER (WHERE r.srsubstate = 'r'), 0) + COALESCE((SELECT sum(p.bytes_processed)
	FROM pg_stat_progress_copy p WHERE p.datname = current_database() AND p.type = 'CALLBACK'), 0))::bigint::text,
       COALESCE(sum(t.bytes), 0)::bigint::text,
       COALESCE((SELECT sum(e.apply_error_count + e.sync_error_count) FROM pg_stat_subscription_stats e JOIN pg_subscription o ON o.oid = e.subid
	JOIN pg_database d ON d.oid = o.subdbid WHERE o.subname = 'sojorn_move' AND d.datname = current_database()), 0)::text
  FROM pg_subscription s
  JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
  JOIN pg_subscription_rel r ON r.srsubid = s.oid
  LEFT JOIN supabase_move.tables t ON to_regclass(format('%I.%I', t.schema, t.name)) = r.srrelid
 WHERE s.subname = 'sojorn_move'

-- ---- keys of changes ----

-- name: move_capture     $1 queue text [write]
SELECT supabase_move.capture($1)

-- name: move_index_landing [write]
SELECT supabase_move.index_landing()

-- name: move_runs_forget
DELETE FROM supabase_move.runs

-- name: move_sub_enable
ALTER SUBSCRIPTION sojorn_move ENABLE

-- name: move_live_reload
UPDATE supabase_move.tables SET copied = false WHERE how = 'reload'

-- Where the source was when the app came over; empty: it has not yet.
-- name: move_live_moved
SELECT moved_lsn FROM supabase_move.runs ORDER BY id DESC LIMIT 1

-- name: move_live_moved_at     $1 lsn text
UPDATE supabase_move.runs SET moved_lsn = $1 WHERE id = (SELECT max(id) FROM supabase_move.runs)
