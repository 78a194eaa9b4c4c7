-- Comparing tables row by row. Side a is what should be (the project, or what the transform makes of the landing
-- zone now), side b what is there. Texts for either side are put together here, by format(), from the catalogs of
-- both; none has a value in it that is not quoted.

-- Nothing here writes on the source. Values are the same whoever asks, and no row is hidden without an error. Sums
-- by range are few, which the planner does not know: sorting millions of rows for them takes twice the time.
-- name: move_verify_session [write]
SELECT set_config('search_path', '', false), set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),
       set_config('IntervalStyle', 'postgres', false), set_config('extra_float_digits', '3', false),
       set_config('bytea_output', 'hex', false), set_config('xmlbinary', 'base64', false),
       set_config('xmloption', 'content', false), set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('row_security', 'off', false), set_config('enable_sort', 'off', false), set_config('jit', 'off', false)

-- name: move_verify_read_only [write]
SELECT set_config('default_transaction_read_only', 'on', false)

-- What stands in the way of reading everything, in words.
-- name: move_verify_obstacles
SELECT text FROM (
	SELECT 'a pooler in transaction mode stands before it: use the direct host, or port 5432' AS text,
		current_setting('default_transaction_read_only') <> 'on' OR current_setting('search_path') NOT IN ('', '""') AS bad
	UNION ALL SELECT 'it is older than PostgreSQL 14', current_setting('server_version_num')::integer < 140000
	UNION ALL SELECT 'its role has no BYPASSRLS: rows would be missing', NOT rolbypassrls AND NOT rolsuper FROM pg_roles
		WHERE rolname = current_user
) x WHERE bad

-- Every column of every table that is somebody's, as JSON; scope: one schema, the session's own "temporary"
-- tables, or nothing for all that a project brings. Beacons that are over may have been swept already, or not.
-- name: move_verify_catalog     $1 scope text
SELECT COALESCE(jsonb_agg(jsonb_build_object('schema', CASE $1 WHEN 'temporary' THEN 'sojorn' ELSE n.nspname END,
	'name', c.relname, 'from', format(CASE WHEN c.relname = 'beacons' AND $1 <> ''
		THEN '(SELECT * FROM %I.%I WHERE expires_at > now())' ELSE '%I.%I' END, n.nspname, c.relname), 'column', a.attname, 'n', a.attnum,
	'type', format_type(a.atttypid, NULL), 'computed', a.attgenerated <> '',
	'key', array_position(i.indkey::smallint[], a.attnum), 'rows', CASE WHEN c.relname <> 'beacons' THEN GREATEST(c.reltuples, 0)::bigint ELSE 0 END,
	'form', CASE WHEN a.atttypid IN ('boolean'::regtype, 'smallint'::regtype, 'integer'::regtype, 'date'::regtype,
			'uuid'::regtype, 'bytea'::regtype) THEN 'plain'
		WHEN a.atttypid IN ('text'::regtype, 'varchar'::regtype) THEN 'letters'
		WHEN t.oid < 10000 AND t.typtype = 'b' AND t.typcategory IN ('A', 'B', 'D', 'I', 'N', 'S', 'T', 'U', 'V')
			AND t.typname !~ '^_?(reg|xml)' THEN p.proname ELSE 'text' END)), '[]')::text
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_proc p ON p.oid = t.typsend::oid
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
 WHERE c.relkind = 'r' AND CASE $1
	WHEN 'temporary' THEN n.oid = pg_my_temp_schema() AND c.relname <> 'audit_log'
	WHEN '' THEN n.nspname !~ '^(pg_|sojorn)' AND n.nspname <> ALL (ARRAY['information_schema', 'supabase_move', 'extensions',
		'realtime', '_realtime', 'graphql', 'graphql_public', 'vault', 'pgsodium', 'pgsodium_masks', 'pgbouncer',
		'supabase_functions', 'supabase_migrations', 'net', 'cron', 'etl', '_analytics', '_supavisor', 'pgtle', 'pgmq',
		'repack', 'topology', 'tiger', 'tiger_data'])
	ELSE n.nspname = $1 AND (c.relname, a.attname) NOT IN (('account_factors', 'secret'), ('users', 'mfa_enabled'),
		('posts', 'frames_moderated_at'), ('user_settings', 'updated_at'), ('post_metrics', 'updated_at'),
		('storage_objects', 'state'), ('storage_objects', 'problem'), ('storage_objects', 'size'), ('one_time_prekeys', 'used_at'),
		('e2ee_identities', 'changed_at'), ('post_reactions', 'prior')) AND c.relname <> 'audit_log' END
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')

-- name: move_verify_forget
DELETE FROM supabase_move.compared

-- Tables and columns that both sides have. A column that landed as text, because the dump did not define its
-- table, is read as the type that it has in the source. Ranges are cut along the key's first column.
-- name: move_verify_plan     $1 a json, $2 b json
WITH a AS (
	SELECT * FROM jsonb_to_recordset($1) AS x (schema text, name text, "from" text, "column" text, n integer, type text,
		key integer, rows bigint, form text)
), b AS (
	SELECT * FROM jsonb_to_recordset($2) AS x (schema text, name text, "from" text, "column" text, n integer, type text,
		key integer, rows bigint, form text)
), shared AS (
	SELECT format('%I.%I', a.schema, a.name) AS name, a."from" AS a_from, b."from" AS b_from, a."column", a.n, a.type,
	       CASE WHEN a.type = b.type OR to_regtype(a.type) IS NOT NULL THEN a.form ELSE 'text' END AS form,
	       a.key, b.rows, format('x.%I', a."column") AS a_reference,
	       CASE WHEN a.type = b.type OR to_regtype(a.type) IS NULL THEN format('x.%I', b."column")
		    ELSE format('x.%I::text::%s', b."column", to_regtype(a.type)) END AS b_reference
	  FROM a JOIN b USING (schema, name, "column")
), whole_key AS (
	SELECT format('%I.%I', schema, name) AS name FROM a GROUP BY schema, name
	HAVING count(key) > 0 AND count(key) = (SELECT count(*) FROM b JOIN a k USING (schema, name, "column")
		WHERE k.key IS NOT NULL AND (k.schema, k.name) = (a.schema, a.name))
), first AS (
	SELECT DISTINCT ON (name) name, CASE WHEN form = 'letters' THEN 'text'
			WHEN type IN ('uuid', 'smallint', 'integer', 'bigint') THEN type END AS type,
	       a_reference, b_reference, CASE WHEN form = 'letters' THEN ' COLLATE "C"' ELSE '' END AS collation
	  FROM shared JOIN whole_key USING (name) WHERE key IS NOT NULL ORDER BY name, key
)
INSERT INTO supabase_move.compared (id, name, columns, first_type, a_from, a_first, a_look, a_key, a_row, a_columns,
	b_from, b_first, b_look, b_key, b_row, b_columns, b_rows)
SELECT row_number() OVER (ORDER BY s.name), s.name, array_agg(s."column" ORDER BY s.n), f.type,
       s.a_from, CASE WHEN f.type IS NOT NULL THEN f.a_reference || f.collation END, f.a_reference,
       CASE WHEN k.name IS NOT NULL THEN format(CASE count(s.key) WHEN 1 THEN '%s' ELSE 'ROW(%s)' END || '::text COLLATE "C"',
		string_agg(s.a_reference, ', ' ORDER BY s.key) FILTER (WHERE s.key IS NOT NULL)) END,
       format('hash_record_extended(ROW(%s), 0)', string_agg(supabase_move.compared_value(s.a_reference, s.form), ', ' ORDER BY s.n)),
       format('ARRAY[%s]', string_agg(format('hash_record_extended(ROW(%s), 0)',
		supabase_move.compared_value(s.a_reference, s.form)), ', ' ORDER BY s.n)),
       s.b_from, CASE WHEN f.type IS NOT NULL THEN f.b_reference || f.collation END, f.b_reference,
       CASE WHEN k.name IS NOT NULL THEN format(CASE count(s.key) WHEN 1 THEN '%s' ELSE 'ROW(%s)' END || '::text COLLATE "C"',
		string_agg(s.b_reference, ', ' ORDER BY s.key) FILTER (WHERE s.key IS NOT NULL)) END,
       format('hash_record_extended(ROW(%s), 0)', string_agg(supabase_move.compared_value(s.b_reference, s.form), ', ' ORDER BY s.n)),
       format('ARRAY[%s]', string_agg(format('hash_record_extended(ROW(%s), 0)',
		supabase_move.compared_value(s.b_reference, s.form)), ', ' ORDER BY s.n)),
       max(s.rows)
  FROM shared s
  LEFT JOIN first f ON f.name = s.name
  LEFT JOIN whole_key k ON k.name = s.name
 GROUP BY s.name, s.a_from, s.b_from, k.name, f.type, f.a_reference, f.b_reference, f.collation

-- What one side has and the other has not. Tables of the old servers' passing affairs stay behind.
-- name: move_verify_drift     $1 a json, $2 b json
WITH a AS (
	SELECT * FROM jsonb_to_recordset($1) AS x (schema text, name text, "column" text, computed boolean)
), b AS (
	SELECT * FROM jsonb_to_recordset($2) AS x (schema text, name text, "column" text, computed boolean)
)
SELECT DISTINCT format('%I.%I', a.schema, a.name) AS "table", '' AS key, '' AS "column", 'the table is missing here' AS detail
  FROM a
 WHERE NOT EXISTS (SELECT FROM b WHERE (b.schema, b.name) = (a.schema, a.name))
   AND (a.schema, a.name) NOT IN (('auth', 'schema_migrations'), ('auth', 'audit_log_entries'), ('auth', 'flow_state'),
	('auth', 'mfa_challenges'), ('auth', 'saml_relay_states'), ('auth', 'webauthn_challenges'),
	('auth', 'oauth_client_states'), ('auth', 'instances'), ('storage', 'migrations'),
	('storage', 's3_multipart_uploads'), ('storage', 's3_multipart_uploads_parts'))
UNION ALL
SELECT format('%I.%I', a.schema, a.name), '', a."column", 'the column is missing here'
  FROM a
 WHERE EXISTS (SELECT FROM b WHERE (b.schema, b.name) = (a.schema, a.name)) AND NOT a.computed
   AND NOT EXISTS (SELECT FROM b WHERE (b.schema, b.name, b."column") = (a.schema, a.name, a."column"))
UNION ALL
SELECT format('%I.%I', b.schema, b.name), '', b."column", 'the column is not in the source any more'
  FROM b
 WHERE EXISTS (SELECT FROM a WHERE (a.schema, a.name) = (b.schema, b.name))
   AND NOT EXISTS (SELECT FROM a WHERE (a.schema, a.name, a."column") = (b.schema, b.name, b."column"))
 ORDER BY 1, 3

-- name: move_verify_tables
SELECT id::text, name, (a_key IS NOT NULL)::text,
       CASE WHEN first_type IS NULL THEN 1 ELSE LEAST(GREATEST(b_rows / 50000, 1), 2000) END::text AS ranges
  FROM supabase_move.compared ORDER BY id

-- Where to cut, by a look at some 100,000 rows.
-- name: move_verify_bounds_text     $1 id int, $2 ranges int
SELECT format('SELECT percentile_disc(ARRAY(SELECT i / %s.0::double precision FROM generate_series(1, %s) i)) WITHIN GROUP (ORDER BY %s)::text FROM %s x TABLESAMPLE SYSTEM (%s)',
	$2, $2 - 1, b_first, b_from, LEAST(100, 1e7 / GREATEST(b_rows, 1)))
  FROM supabase_move.compared WHERE id = $1

-- Number of the range, its rows, the sum of their hashes.
-- name: move_verify_digest_text     $1 id int, $2 on_a bool, $3 bounds text
SELECT format('SELECT r, count(*), sum(h)::text FROM (SELECT %s AS r, %s AS h FROM %s x) y GROUP BY r',
	CASE WHEN $3 IS NULL THEN '0' ELSE format('width_bucket(%s, %L::%s[])', CASE WHEN $2 THEN a_first ELSE b_first END,
		$3, first_type) END,
	CASE WHEN $2 THEN a_row ELSE b_row END, CASE WHEN $2 THEN a_from ELSE b_from END)
  FROM supabase_move.compared WHERE id = $1

-- The rows of a range, or those whose first columns are given, in the order of their keys: key, first column, hash,
-- or the hashes of the columns. Of a table without a key: hash, and how often it is there.
-- name: move_verify_rows_text     $1 id int, $2 on_a bool, $3 bounds text, $4 range int, $5 firsts json, $6 columns bool
WITH side AS (
	SELECT first_type, CASE WHEN $2 THEN a_from ELSE b_from END AS source, CASE WHEN $2 THEN a_first ELSE b_first END AS first,
	       CASE WHEN $2 THEN a_look ELSE b_look END AS look, CASE WHEN $2 THEN a_key ELSE b_key END AS key,
	       CASE WHEN $2 THEN a_row ELSE b_row END AS row, CASE WHEN $2 THEN a_columns ELSE b_columns END AS columns,
	       ARRAY(SELECT jsonb_array_elements_text($5)) AS firsts, ($3::text[])[$4] AS low, ($3::text[])[$4 + 1] AS high
	  FROM supabase_move.compared WHERE id = $1
)
SELECT CASE WHEN key IS NULL
	THEN format('SELECT %s::text COLLATE "C", '''', count(*)::text FROM %s x GROUP BY 1 ORDER BY 1', row, source)
	ELSE format('SELECT %s, %s::text, %s::text FROM %s x WHERE %s ORDER BY 1', key, look,
		CASE WHEN $6 THEN columns ELSE row END, source, CASE
		WHEN $5 IS NOT NULL AND first_type IS NULL THEN format('%s::text = ANY (%L::text[])', look, firsts)
		WHEN $5 IS NOT NULL THEN format('%s = ANY (%L::%s[])', look, firsts, first_type)
		ELSE concat_ws(' AND ', 'true',
			CASE WHEN low IS NOT NULL THEN format('%s >= %L::%s', first, low, first_type) END,
			CASE WHEN high IS NOT NULL THEN format('%s < %L::%s', first, high, first_type) END) END) END
  FROM side

-- Columns by which two rows differ, by the hashes of them all.
-- name: move_verify_columns     $1 id int, $2 a bigints, $3 b bigints
SELECT c.name FROM supabase_move.compared t, unnest(t.columns, $2, $3) AS c (name, a, b) WHERE t.id = $1 AND c.a <> c.b

-- ---- the transform, done again ----

-- The tables that it fills, empty and of this session; they are found before those of schema sojorn.
-- name: move_verify_shadow
DO $$
DECLARE
	t text;
	i regclass;
BEGIN
	FOREACH t IN ARRAY ARRAY['users', 'profiles', 'profile_private', 'user_settings', 'trust_state', 'account_details',
		'account_identities', 'account_factors', 'sessions', 'refresh_tokens', 'session_methods', 'categories',
		'user_category_settings', 'follows', 'blocks', 'posts', 'post_places', 'post_metrics', 'post_likes',
		'post_saves', 'beacons', 'reports', 'notifications', 'user_fcm_tokens', 'storage_buckets', 'storage_objects',
		'e2ee_identities', 'signed_prekeys', 'one_time_prekeys', 'encrypted_conversations', 'secure_messages',
		'message_reactions', 'notification_preferences', 'circle_members', 'post_reactions', 'post_hides', 'trending_overrides',
		'audit_log'] LOOP
		EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE sojorn.%1$I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING INDEXES)', t);
		FOR i IN SELECT indexrelid FROM pg_index WHERE indrelid = format('pg_temp.%I', t)::regclass AND NOT indisunique LOOP
			EXECUTE format('DROP INDEX %s', i);
		END LOOP;
	END LOOP;
END $$

-- What is this server's own is there before, as it was for the first transform.
-- name: move_verify_own_users
INSERT INTO users SELECT * FROM sojorn.users u WHERE NOT EXISTS (SELECT FROM supabase_move.auth_users s WHERE s.id = u.id)

-- name: move_verify_own_categories
INSERT INTO categories SELECT * FROM sojorn.categories c WHERE NOT EXISTS (SELECT FROM supabase_move.categories s WHERE s.id = c.id)

-- After a rollback, also what this server has that the project has no place for, or has not got yet; it stayed here.
-- name: move_verify_own_rest
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT name, 'true' AS own FROM supabase_move.captures
	          WHERE queue = 'dirty' AND NOT supabase_move.has_place(kind) AND to_regclass(format('pg_temp.%I', name)) IS NOT NULL
	         UNION ALL VALUES
		('beacons', 'NOT EXISTS (SELECT FROM supabase_move.posts s WHERE s.id = o.id)'),
		('reports', 'beacon_id IS NOT NULL'),
		('notifications', 'type = ''keys_low'''),
		('one_time_prekeys', 'used_at IS NOT NULL'),
		('trending_overrides', 'NOT EXISTS (SELECT FROM supabase_move.old_overrides s WHERE s.id = o.id)'),
		('storage_objects', 'EXISTS (SELECT FROM supabase_move.due d WHERE d.id = o.id)') LOOP
		EXECUTE (SELECT format('INSERT INTO pg_temp.%I (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM sojorn.%1$I o WHERE %3$s ON CONFLICT DO NOTHING',
				t.name, string_agg(quote_ident(a.attname), ', '), t.own) FROM pg_attribute a
			WHERE a.attrelid = format('sojorn.%I', t.name)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '');
	END LOOP;
END $$

-- Rows that are here, too, become those here, columns included that only this server knows; when the transform is done
-- over them again, it changes what is not as the project has it. Of tables whose rows it never changes, those columns.
-- name: move_verify_keep
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS columns,
	                string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY (i.indkey)) AS key
	           FROM pg_class c
	           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	           JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
	          WHERE c.relnamespace = 'sojorn'::regnamespace AND to_regclass(format('pg_temp.%I', c.relname)) IS NOT NULL
	            AND c.relname NOT IN ('post_likes', 'post_saves', 'post_hides', 'message_reactions', 'notifications', 'audit_log')
	          GROUP BY c.relname LOOP
		EXECUTE format('CREATE TEMPORARY TABLE move_kept AS SELECT * FROM sojorn.%I s WHERE (%s) IN (SELECT %2$s FROM pg_temp.%1$I)', t.name, t.key);
		EXECUTE format('DELETE FROM pg_temp.%I WHERE (%s) IN (SELECT %2$s FROM move_kept)', t.name, t.key);
		EXECUTE format('INSERT INTO pg_temp.%I (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM move_kept ON CONFLICT DO NOTHING', t.name, t.columns);
		DROP TABLE move_kept;
	END LOOP;
	UPDATE pg_temp.notifications n SET priority = s.priority, group_key = s.group_key FROM sojorn.notifications s WHERE s.id = n.id;
END $$

-- What a trigger does to the real table.
-- name: move_verify_live_profiles
UPDATE profiles p SET is_live = true FROM users u WHERE u.id = p.id AND u.status = 'active'

-- Then rows that the source does not have may be this server's own.
-- name: move_verify_has_own
SELECT (EXISTS (SELECT FROM sojorn.users u WHERE NOT EXISTS (SELECT FROM supabase_move.auth_users s WHERE s.id = u.id)))::text

-- ---- who sees what ----

-- name: move_verify_role     $1 role text [write]
SELECT set_config('row_security', 'on', false), CASE WHEN $1 <> '' THEN set_config('role', $1, false) END

-- Rows of every table of the app, as the role that asks sees them.
-- name: move_verify_visible
SELECT format('sojorn.%s', c.relname), (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM sojorn.%I', c.relname),
	false, true, '')))[1]::text
  FROM pg_class c
 WHERE c.relnamespace = 'sojorn'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
 ORDER BY 1
