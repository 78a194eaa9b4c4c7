-- What the move remembers (migrations: schema supabase_move), and the landing zone. Run on a connection of
-- the command line's own; "move_" exempts from the rule that no statement reads a whole table.

-- ---- the connection ----

-- name: move_begin
BEGIN

-- name: move_commit
COMMIT

-- name: move_savepoint
SAVEPOINT move

-- name: move_release
RELEASE SAVEPOINT move

-- name: move_undo
ROLLBACK TO SAVEPOINT move

-- Names without a schema are the app's or an extension's, never this server's own.
-- name: move_session [write]
SELECT set_config('search_path', 'public, extensions', false), set_config('TimeZone', 'UTC', false),
       set_config('check_function_bodies', 'off', false), set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('DateStyle', 'ISO', false), set_config('IntervalStyle', 'postgres', false),
       set_config('extra_float_digits', '3', false), set_config('row_security', 'off', false),
       set_config('xmloption', 'content', false), set_config('supabase_move.mover', 'on', false),
       set_config('synchronous_commit', 'on', false), -- a side that has been told of is in charge after a crash, too
       set_config('client_connection_check_interval', '1s', false), -- what a killed command has begun does not go on
       set_config('jit', 'off', false) -- estimates of recursive queries are far too high, compiling takes seconds

-- Rows may come before those they refer to; every reference is looked at again when all are there.
-- name: move_without_triggers [write]
SELECT set_config('session_replication_role', 'replica', false)
  FROM pg_roles WHERE rolname = current_user AND rolsuper

-- name: move_with_triggers [write]
SELECT set_config('session_replication_role', 'origin', false)
  FROM pg_roles WHERE rolname = current_user AND rolsuper

-- name: move_own_names [write]
SELECT set_config('search_path', 'sojorn, public, extensions', false)

-- One at a time, and none while what a killed one has begun is still being finished.
-- name: move_lock
SELECT pg_advisory_lock(7350071)

-- name: move_try_lock
SELECT pg_try_advisory_lock(7350071)

-- name: move_analyze
ANALYZE

-- name: move_has_schema
SELECT to_regclass('supabase_move.ledger') IS NOT NULL

-- ---- runs ----

-- name: move_run_find
SELECT id, phase FROM supabase_move.runs ORDER BY id DESC LIMIT 1

-- name: move_run_new
INSERT INTO supabase_move.runs DEFAULT VALUES RETURNING id

-- name: move_run_addresses     $1 run bigint, $2 old text, $3 new text
UPDATE supabase_move.runs SET old_url = rtrim($2, '/'), new_url = rtrim($3, '/') WHERE id = $1

-- name: move_run_phase     $1 run bigint, $2 phase text
UPDATE supabase_move.runs SET phase = $2, updated_at = now() WHERE id = $1

-- name: move_verified     $1 run bigint, $2 wrong bigint
UPDATE supabase_move.runs SET verified_at = clock_timestamp(), verified_wrong = $2 WHERE id = $1

-- name: move_has_accounts
SELECT EXISTS (SELECT FROM sojorn.users)

-- name: move_file_put     $1 run bigint, $2 n int, $3 name text, $4 size bigint, $5 fingerprint text
INSERT INTO supabase_move.files (run_id, n, name, size, fingerprint) VALUES ($1, $2, $3, $4, $5)

-- name: move_files     $1 run bigint
SELECT n, name, size, fingerprint, done_to FROM supabase_move.files WHERE run_id = $1 ORDER BY n

-- name: move_file_done     $1 run bigint, $2 n int, $3 done_to bigint
UPDATE supabase_move.files SET done_to = $3 WHERE run_id = $1 AND n = $2

-- ---- the ledger ----

-- name: move_ledger_put     $1 run bigint, $2 file int, $3 at bigint, $4 kind text, $5 object text, $6 outcome text,
--	$7 reason text, $8 n bigint, $9 done_to bigint, $10 statement text
INSERT INTO supabase_move.ledger (run_id, file, at, kind, object, outcome, reason, n, done_to, text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (run_id, file, at) DO UPDATE SET kind = excluded.kind, object = excluded.object,
	outcome = excluded.outcome, reason = excluded.reason, n = excluded.n, done_to = excluded.done_to,
	text = excluded.text

-- name: move_partial     $1 run bigint, $2 file int, $3 at bigint
SELECT done_to, n FROM supabase_move.ledger WHERE run_id = $1 AND file = $2 AND at = $3 AND outcome = 'partial'

-- ---- making room ----

-- name: move_schema_make     $1 name text
SELECT set_config('move.schema', $1, true), EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)

-- name: move_schema_make_now
DO $$
BEGIN
	EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', current_setting('move.schema'));
END $$

-- What SQL of the app calls, for dumps that leave the platform's schemas out.
-- name: move_auth_stubs
DO $$
BEGIN
	CREATE SCHEMA IF NOT EXISTS auth;
	CREATE SCHEMA IF NOT EXISTS storage;
	CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid';
	CREATE OR REPLACE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
	CREATE OR REPLACE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
	CREATE OR REPLACE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS 'SELECT NULL::jsonb';
END $$

-- name: move_extension_known     $1 name text
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1),
       EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)

-- Where it is, when that is not the schema that the dump names.
-- name: move_extension_elsewhere     $1 name text, $2 schema text
SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1 AND n.nspname <> $2

-- name: move_rename     $1 extension text, $2 schema text
INSERT INTO supabase_move.renamed (name, from_schema, to_schema)
SELECT DISTINCT x.name, $2, n.nspname
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
 CROSS JOIN LATERAL (SELECT t.typname FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
	UNION ALL SELECT p.proname FROM pg_proc p WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	UNION ALL SELECT o.oprname FROM pg_operator o WHERE d.classid = 'pg_operator'::regclass AND o.oid = d.objid
	UNION ALL SELECT c.opcname FROM pg_opclass c WHERE d.classid = 'pg_opclass'::regclass AND c.oid = d.objid) x (name)
 WHERE e.extname = $1
ON CONFLICT DO NOTHING

-- name: move_renamed
SELECT name, from_schema, to_schema FROM supabase_move.renamed ORDER BY name COLLATE "C", from_schema COLLATE "C"

-- name: move_extension_name     $1 name text
SELECT set_config('move.extension', $1, true), set_config('move.extension_schema', 'extensions', true)

-- name: move_extension_schema     $1 schema text
SELECT set_config('move.extension_schema', $1, true)

-- name: move_extension_make
DO $$
BEGIN
	EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', current_setting('move.extension_schema'));
	EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', current_setting('move.extension'),
		current_setting('move.extension_schema'));
END $$

-- name: move_table_exists     $1 schema text, $2 name text
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = $1 AND c.relname = $2)

-- A table that the dump has rows of and no definition: every column as text, which nothing is lost in.
-- name: move_table_make     $1 schema text, $2 name text, $3 columns texts
SELECT set_config('move.table', format('CREATE TABLE %I.%I (%s)', $1, $2,
	(SELECT string_agg(format('%I text', c), ', ') FROM unnest($3) c)), true)

-- name: move_table_make_now
DO $$
BEGIN
	EXECUTE current_setting('move.table');
END $$

-- Rows of the source give values to columns that are computed here, or counted: they keep those of the source.
-- name: move_columns_plain     $1 schema text, $2 name text, $3 columns texts
SELECT set_config('move.table', COALESCE((
	SELECT string_agg(format('ALTER TABLE %I.%I ALTER %I %s', $1, $2, a.attname,
		CASE WHEN a.attgenerated <> '' THEN 'DROP EXPRESSION' ELSE 'SET GENERATED BY DEFAULT' END), '; ')
	  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	 WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = ANY ($3)
	   AND (a.attgenerated <> '' OR a.attidentity = 'a')), ''), true)

-- ---- leaving it ----

-- Everything a landing has made, before another one: of a schema "public" only what the app's dump brought.
-- name: move_landing_drop
DO $$
DECLARE t record;
BEGIN
	PERFORM supabase_move.shape_nothing();
	DELETE FROM supabase_move.renamed;
	FOR t IN SELECT DISTINCT split_part(object, '.', 1) AS schema FROM supabase_move.ledger
	          WHERE outcome IN ('done', 'partial') AND kind IN ('schema', 'rows', 'table')
		    AND object LIKE '%.%' AND object NOT LIKE 'public.%' LOOP
		EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', t.schema);
	END LOOP;
	FOR t IN SELECT c.oid::regclass::text AS name, c.relkind AS kind FROM pg_class c
	          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
		    AND c.relname <> 'schema_migrations'
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i', 'a')
			AND (d.deptype = 'e' OR c.relkind = 'S')) ORDER BY c.relkind, 1 LOOP
		EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE t.kind WHEN 'v' THEN 'VIEW'
			WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, t.name);
	END LOOP;
	FOR t IN SELECT p.oid::regprocedure::text AS name FROM pg_proc p
	          WHERE p.pronamespace = 'public'::regnamespace
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1 LOOP
		EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', t.name);
	END LOOP;
	FOR t IN SELECT y.oid::regtype::text AS name FROM pg_type y
	          WHERE y.typnamespace = 'public'::regnamespace AND y.typtype IN ('e', 'd')
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = y.oid AND d.deptype = 'e') ORDER BY 1 LOOP
		EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', t.name);
	END LOOP;
END $$
