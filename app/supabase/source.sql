-- What is done on the source, as its limited role: looking, making the few things that following needs (schema
-- sojorn_move, triggers of that name, two publications, a slot), and taking them away again. "move_" exempts
-- from the rule that no statement reads a whole table; these read catalogs.

-- Types and names in full, values the same whoever asks.
-- name: move_source_session [write]
SELECT set_config('search_path', '', false), set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),
       set_config('IntervalStyle', 'postgres', false), set_config('extra_float_digits', '3', false),
       set_config('bytea_output', 'hex', false), set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('row_security', 'off', false), set_config('default_transaction_read_only', 'off', false),
       set_config('synchronous_commit', 'on', false), -- a slot moves past what is flushed, no further
       set_config('client_connection_check_interval', '1s', false), -- what a killed command has begun does not go on
       set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
       set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false),
       set_config('idle_session_timeout', '0', false)

-- Whoever changes which side may write there holds this until his session has ended.
-- name: move_source_lock
SELECT pg_try_advisory_lock(7350075)

-- name: move_source_unlock
SELECT pg_advisory_unlock(7350075)

-- What stands in the way, in words.
-- name: move_source_obstacles
SELECT text FROM (
	SELECT 'it is a standby; the primary is needed' AS text, pg_is_in_recovery() AS bad
	UNION ALL SELECT 'wal_level is not logical', current_setting('wal_level') <> 'logical'
	UNION ALL SELECT 'its role has no REPLICATION', NOT rolreplication AND NOT rolsuper FROM pg_roles WHERE rolname = current_user
	UNION ALL SELECT 'its role has no BYPASSRLS: rows would be missing', NOT rolbypassrls AND NOT rolsuper FROM pg_roles
		WHERE rolname = current_user
	UNION ALL SELECT 'its role may not create in the database', NOT has_database_privilege(current_database(), 'CREATE')
	UNION ALL SELECT 'no replication slot is free', (SELECT count(*) FROM pg_replication_slots WHERE slot_name NOT LIKE 'sojorn\_move%')
		>= current_setting('max_replication_slots')::integer
	UNION ALL SELECT 'it is older than PostgreSQL 14', current_setting('server_version_num')::integer < 140000
	UNION ALL SELECT 'a pooler in transaction mode stands before it: use the direct host, or port 5432',
		current_setting('search_path') NOT IN ('', '""')
) x WHERE bad

-- name: move_source_name
SELECT format('%s at %s', current_database(), COALESCE(host(inet_server_addr()), 'a local socket'))

-- Every table that is somebody's, as JSON. stream: ours to publish, with a key. journal: by triggers. reload:
-- without a key (published, its rows could no longer be changed there), copied as a whole.
-- name: move_source_catalog
WITH named AS (
	SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relowner, c.relreplident, c.relkind,
	       (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::smallint[], a.attnum))
		  FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::smallint[])
		 WHERE i.indrelid = c.oid AND i.indisprimary) AS key
	  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
	   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	   AND n.nspname !~ '^pg_' AND n.nspname <> ALL (ARRAY['information_schema', 'sojorn_move', 'extensions', 'realtime',
		'_realtime', 'graphql', 'graphql_public', 'vault', 'pgsodium', 'pgsodium_masks', 'pgbouncer',
		'supabase_functions', 'supabase_migrations', 'net', 'cron', 'etl', '_analytics', '_supavisor', 'pgtle',
		'repack', 'topology', 'tiger', 'tiger_data', 'sojorn', 'supabase_move'])
	   AND (n.nspname, c.relname) NOT IN (('auth', 'schema_migrations'), ('auth', 'audit_log_entries'),
		('auth', 'flow_state'), ('auth', 'mfa_challenges'), ('auth', 'saml_relay_states'),
		('auth', 'webauthn_challenges'), ('auth', 'oauth_client_states'), ('auth', 'instances'), ('storage', 'migrations'),
		('storage', 's3_multipart_uploads'), ('storage', 's3_multipart_uploads_parts'))
), columns AS (
	SELECT t.oid, json_agg(json_build_object('name', a.attname, 'type', CASE WHEN e.objid IS NULL
			THEN format_type(a.atttypid, a.atttypmod)
			ELSE replace(format_type(a.atttypid, a.atttypmod), quote_ident(y.typnamespace::regnamespace::text) || '.', '') END,
		'computed', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) ELSE '' END) ORDER BY a.attnum) AS list,
	       COALESCE(json_agg(json_build_object('name', a.attname, 'value', pg_get_expr(d.adbin, d.adrelid)))
			FILTER (WHERE a.attgenerated = '' AND d.adbin IS NOT NULL), '[]') AS defaults
	  FROM named t
	  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
	  JOIN pg_type y ON y.oid = a.atttypid
	  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	  LEFT JOIN pg_depend e ON e.classid = 'pg_type'::regclass AND e.deptype = 'e'
		AND e.objid = CASE WHEN y.typelem <> 0 AND y.typcategory = 'A' THEN y.typelem ELSE y.oid END
	 GROUP BY t.oid
)
SELECT COALESCE(json_agg(json_build_object('schema', t.schema, 'name', t.name, 'how', CASE
		WHEN t.key IS NULL THEN 'reload'
		WHEN pg_has_role(t.relowner, 'MEMBER') AND t.relreplident IN ('d', 'f') THEN 'stream'
		WHEN has_table_privilege(t.oid, 'TRIGGER') THEN 'journal' ELSE 'reload' END,
	'key', t.key, 'columns', k.list, 'defaults', k.defaults, 'n', GREATEST(c.reltuples, 0)::bigint, 'bytes', pg_table_size(t.oid))
	ORDER BY t.schema, t.name), '[]')::text
  FROM named t JOIN columns k ON k.oid = t.oid JOIN pg_class c ON c.oid = t.oid

-- Types that columns of those tables may have, as statements that make them, in their order.
-- name: move_source_types
SELECT format('%I', n.nspname), format('%I.%I', n.nspname, y.typname),
       CASE y.typtype
	WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, y.typname,
		(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = y.oid))
	WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s', n.nspname, y.typname, format_type(y.typbasetype, y.typtypmod))
	ELSE format('CREATE TYPE %I.%I AS (%s)', n.nspname, y.typname,
		(SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
		   FROM pg_attribute a WHERE a.attrelid = y.typrelid AND NOT a.attisdropped)) END
  FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace LEFT JOIN pg_class c ON c.oid = y.typrelid
 WHERE (y.typtype IN ('e', 'd') OR y.typtype = 'c' AND c.relkind = 'c')
   AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'extensions', 'realtime', 'vault', 'graphql',
	'pgsodium', 'net', 'cron', 'sojorn_move')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = y.oid AND d.deptype = 'e')
 ORDER BY array_position('{e,d,c}', y.typtype::text), y.oid

-- Extensions whose types the columns of tables have.
-- name: move_source_extensions
SELECT DISTINCT x.extname::text
  FROM pg_extension x
  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.classid = 'pg_type'::regclass AND d.deptype = 'e'
  JOIN pg_type y ON d.objid IN (y.oid, y.typelem)
  JOIN pg_attribute a ON a.atttypid = y.oid
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
 WHERE NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype = 'e')

-- ---- what is made there ----

-- Functions of triggers fix the settings that values are written by. They belong to the limited role: the
-- platform's own roles write through them.
-- name: move_source_schema
DO $$
BEGIN
	CREATE SCHEMA IF NOT EXISTS sojorn_move;
	CREATE TABLE IF NOT EXISTS sojorn_move.journal (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		tab text NOT NULL, op text NOT NULL, before text, after text);
	CREATE TABLE IF NOT EXISTS sojorn_move.beat (id integer PRIMARY KEY, at bigint NOT NULL);
	CREATE OR REPLACE FUNCTION sojorn_move.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
		SET search_path = '' SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO' SET "IntervalStyle" = 'postgres'
		SET extra_float_digits = 3 SET bytea_output = 'hex' AS $note$
	BEGIN
		IF TG_OP = 'TRUNCATE' THEN
			INSERT INTO sojorn_move.journal (tab, op) VALUES (TG_ARGV[0], 'T');
		ELSIF TG_OP = 'INSERT' THEN
			INSERT INTO sojorn_move.journal (tab, op, after) VALUES (TG_ARGV[0], 'I', NEW::text);
		ELSIF TG_OP = 'UPDATE' THEN
			INSERT INTO sojorn_move.journal (tab, op, before, after) VALUES (TG_ARGV[0], 'U', OLD::text, NEW::text);
		ELSE
			INSERT INTO sojorn_move.journal (tab, op, before) VALUES (TG_ARGV[0], 'D', OLD::text);
		END IF;
		RETURN NULL;
	END $note$;
	DELETE FROM sojorn_move.journal WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database());
	IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'sojorn_move') THEN
		CREATE PUBLICATION sojorn_move FOR TABLE sojorn_move.journal, sojorn_move.beat;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'sojorn_move_tables') THEN
		CREATE PUBLICATION sojorn_move_tables WITH (publish_via_partition_root = true);
	END IF;
END $$

-- name: move_source_tables     $1 tables json
SELECT set_config('move.tables', $1::text, false)

-- name: move_source_capture
DO $$
DECLARE
	t record;
	tab text;
BEGIN
	FOR t IN SELECT x ->> 'schema' AS schema, x ->> 'name' AS name, x ->> 'how' AS how
		  FROM json_array_elements(current_setting('move.tables')::json) x LOOP
		tab := format('%I.%I', t.schema, t.name);
		IF t.how = 'stream' AND NOT EXISTS (SELECT FROM pg_publication_tables WHERE pubname = 'sojorn_move_tables'
			AND (schemaname, tablename) = (t.schema, t.name)) THEN
			EXECUTE format('ALTER PUBLICATION sojorn_move_tables ADD TABLE %s', tab);
		ELSIF t.how = 'journal' AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = tab::regclass AND tgname = 'sojorn_move') THEN
			EXECUTE format('CREATE TRIGGER sojorn_move AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION sojorn_move.note(%L)', tab, tab);
		END IF;
		COMMIT; -- a lock on more than one table at a time would meet the project's own writers crosswise
	END LOOP;
END $$

-- Slots belong to a server, names of ours to a database.
-- name: move_source_slot [write]
SELECT pg_create_logical_replication_slot('sojorn_move_' || d.oid, 'pgoutput')::text FROM pg_database d
 WHERE d.datname = current_database()
   AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'sojorn_move_' || d.oid)

-- name: move_source_slot_name
SELECT slot_name::text FROM pg_replication_slots WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database()

-- name: move_source_has_slot     $1 name text
SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)

-- A table is in the publication or not, as $2 says.
-- name: move_source_publish_which     $1 schema text, $2 name text, $3 yes text
SELECT set_config('move.table', format('%I.%I', $1, $2), false), set_config('move.publish', CASE $3 WHEN 't' THEN 'ADD' ELSE 'DROP' END, false)

-- name: move_source_publish
DO $$
BEGIN
	EXECUTE format('ALTER PUBLICATION sojorn_move_tables %s TABLE %s', current_setting('move.publish'), current_setting('move.table'));
END $$

-- Everything of ours that is there.
-- name: move_source_made
SELECT kind, object FROM (
	SELECT 'schema' AS kind, nspname::text AS object FROM pg_namespace WHERE nspname = 'sojorn_move'
	UNION ALL SELECT 'trigger', format('%s on %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE tgname LIKE 'sojorn\_move%'
	UNION ALL SELECT 'publication', pubname::text FROM pg_publication WHERE pubname LIKE 'sojorn\_move%'
	UNION ALL SELECT 'slot', slot_name::text FROM pg_replication_slots WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database()
) x ORDER BY kind, object

-- Slots whose walsender has not ended yet stay for another try.
-- name: move_source_unmake_slots [write]
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
 WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database() AND NOT active

-- name: move_source_slots_left
SELECT count(*)::text FROM pg_replication_slots WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database()

-- The triggers go with their function: on tables of others, we may make one and not take it away.
-- name: move_source_unmake
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT pubname FROM pg_publication WHERE pubname LIKE 'sojorn\_move%' LOOP
		EXECUTE format('DROP PUBLICATION %I', p.pubname);
	END LOOP;
	DROP SCHEMA IF EXISTS sojorn_move CASCADE;
END $$

-- ---- while following ----

-- name: move_source_beat     $1 id int, $2 at bigint
INSERT INTO sojorn_move.beat (id, at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET at = excluded.at

-- name: move_source_prune     $1 until bigint
DELETE FROM sojorn_move.journal WHERE id <= $1

-- ---- the cutover and the way back ----

-- The fence: whatever session, role or transaction, nobody writes but we. A trigger can only be made when all
-- that write to its table have ended, so that its being there is the proof. A read-only default of the database
-- would be no fence (PostgREST begins its writes READ WRITE), and stay with sessions that began meanwhile.
-- name: move_source_close
DO $$
DECLARE
	t record;
	tab text;
BEGIN
	CREATE OR REPLACE FUNCTION sojorn_move.closed() RETURNS trigger LANGUAGE plpgsql AS $closed$
	BEGIN
		RAISE EXCEPTION 'this project is moving: % is not written here any more', TG_TABLE_NAME
			USING ERRCODE = 'read_only_sql_transaction';
	END $closed$;
	COMMIT;
	FOR t IN SELECT x ->> 'schema' AS schema, x ->> 'name' AS name FROM json_array_elements(current_setting('move.tables')::json) x LOOP
		tab := format('%I.%I', t.schema, t.name);
		CONTINUE WHEN NOT has_table_privilege(tab, 'TRIGGER')
			OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = tab::regclass AND tgname = 'sojorn_move_closed');
		EXECUTE format('CREATE TRIGGER sojorn_move_closed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
			' FOR EACH STATEMENT EXECUTE FUNCTION sojorn_move.closed()', tab);
		COMMIT;
	END LOOP;
END $$

-- Tables of the plan that are not behind the fence.
-- name: move_source_unfenced
SELECT string_agg(format('%I.%I', x ->> 'schema', x ->> 'name'), ', ')
  FROM json_array_elements(current_setting('move.tables', true)::json) x
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(format('%I.%I', x ->> 'schema', x ->> 'name'))
	AND tgname = 'sojorn_move_closed')

-- name: move_source_open
DROP FUNCTION IF EXISTS sojorn_move.closed() CASCADE

-- name: move_source_patience [write]
SELECT set_config('lock_timeout', '3s', false)

-- What we write must not fire anything, and may delete files' rows.
-- name: move_source_quiet [write]
SELECT set_config('session_replication_role', 'replica', true), set_config('storage.allow_delete_query', 'true', true)

-- name: move_source_begin
BEGIN

-- name: move_source_commit
COMMIT

-- name: move_source_apply     $1 tables texts, $2 ops texts, $3 before texts, $4 after texts [write]
SELECT count(sojorn_move.apply(x.tab, x.op, x.before, x.after)) FROM unnest($1, $2, $3, $4) AS x (tab, op, before, after)

-- The slot lets go of what was written before now: it came from here.
-- name: move_source_advance [write]
SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn())::text FROM pg_replication_slots
 WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database() AND NOT active

-- name: move_source_slot_idle
SELECT NOT active FROM pg_replication_slots WHERE slot_name LIKE 'sojorn\_move%' AND database = current_database()

-- Counters of tables that we have put rows into go on behind the largest number, with room.
-- name: move_source_sequences_on
DO $$
DECLARE
	s record;
	most bigint;
BEGIN
	FOR s IN SELECT d.objid::regclass AS seq, d.refobjid::regclass AS tab, a.attname FROM pg_depend d
		  JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
		  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE d.deptype IN ('a', 'i') AND n.nspname !~ '^(pg_|sojorn_move)' AND CASE WHEN c.relkind = 'S'
			THEN has_sequence_privilege(d.objid, 'UPDATE') AND has_table_privilege(d.refobjid, 'SELECT') END LOOP
		EXECUTE format('SELECT max(%I)::bigint FROM %s', s.attname, s.tab) INTO most;
		EXECUTE format('SELECT setval(%L, %s + 100) FROM %s WHERE last_value < %s', s.seq, most, s.seq, most);
	END LOOP;
END $$

-- How many rows each table has, as JSON; found by the next statement.
-- name: move_source_count
DO $$
DECLARE
	t record;
	n bigint;
	all_of jsonb := '{}';
BEGIN
	FOR t IN SELECT format('%I.%I', x ->> 'schema', x ->> 'name') AS tab FROM json_array_elements(current_setting('move.tables')::json) x LOOP
		EXECUTE format('SELECT count(*) FROM %s', t.tab) INTO n;
		all_of := all_of || jsonb_build_object(t.tab, n);
	END LOOP;
	PERFORM set_config('move.counts', all_of::text, false);
END $$

-- name: move_source_counts
SELECT current_setting('move.counts')

-- name: move_source_lsn
SELECT pg_current_wal_lsn()::text

-- All but the fence.
-- name: move_source_unmake_rest
DO $$
BEGIN
	DROP PUBLICATION IF EXISTS sojorn_move;
	DROP PUBLICATION IF EXISTS sojorn_move_tables;
	DROP FUNCTION IF EXISTS sojorn_move.note() CASCADE;
	DROP FUNCTION IF EXISTS sojorn_move.apply(text, text, text, text);
	DROP TABLE IF EXISTS sojorn_move.journal, sojorn_move.beat;
END $$
