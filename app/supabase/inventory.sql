-- What a project has, each with what becomes of it: "migrated" (as it is), "transformed" (into the app's own), "archived"
-- (in the archive alone), or "needs a decision", with the question. The statements write rows down as JSON in the
-- setting move.found, where move_inventory_found reads them. "move_" exempts from the rule that no statement reads a
-- whole table.

-- name: move_inventory_begin     $1 rules json
SELECT set_config('move.rules', $1::text, false), set_config('move.found', '[]', false)

-- name: move_inventory_found
SELECT x ->> 'section', x ->> 'object', x ->> 'detail', x ->> 'verdict', x ->> 'question', jsonb_strip_nulls(x - 'section')::text
  FROM jsonb_array_elements(current_setting('move.found')::jsonb) WITH ORDINALITY AS y (x, n)
 ORDER BY array_position('{here,tables,extensions,accounts,same_addresses,storage,old_addresses,sequences,policies,triggers,webhooks,functions,views,settings,publications,platform,elsewhere}',
	x ->> 'section'), n

-- ---- accounts, files, addresses: there, or in the landing zone ----

-- Rows as JSON: columns that a project is too old for are NULL, and those that landed as text are what they say.
-- name: move_inventory_accounts
DO $$
DECLARE
	found jsonb;
	one jsonb;
BEGIN
	IF EXISTS (SELECT FROM unnest('{auth.users,auth.identities,auth.sessions,auth.mfa_factors}'::text[]) t WHERE to_regclass(t) IS NULL) THEN
		RETURN; -- no project of accounts
	END IF;
	WITH identity AS (
		SELECT (x ->> 'user_id') AS user_id, bool_or(x ->> 'provider' IN ('email', 'phone')) AS own
		  FROM (SELECT to_jsonb(i) AS x FROM auth.identities i) y GROUP BY 1
	), account AS MATERIALIZED (
		SELECT x, COALESCE(x ->> 'encrypted_password', '') AS hash, NULLIF(x ->> 'email', '') AS email, NULLIF(x ->> 'phone', '') AS phone,
		       x ->> 'is_anonymous' IN ('t', 'true') IS TRUE AS anonymous, x ->> 'is_sso_user' IN ('t', 'true') IS TRUE AS sso,
		       x ->> 'deleted_at' IS NOT NULL AS deleted, i.user_id IS NOT NULL AS has_identity, COALESCE(i.own, false) AS own
		  FROM (SELECT to_jsonb(u) AS x FROM auth.users u) y LEFT JOIN identity i ON i.user_id = x ->> 'id'
	), kinds AS (
		SELECT CASE WHEN hash = '' THEN 'none' WHEN hash LIKE '{%' THEN 'encrypted' WHEN hash LIKE '$argon2%' THEN 'argon2'
			WHEN hash LIKE '$fbscrypt$%' THEN 'fbscrypt' WHEN hash ~ '^\$2[aby]\$' THEN 'bcrypt' ELSE 'unknown' END AS kind, count(*) AS n
		  FROM account GROUP BY 1
	), sums AS (
		SELECT count(*) AS all_of, count(*) FILTER (WHERE deleted) AS deleted, count(*) FILTER (WHERE anonymous) AS anonymous,
		       count(*) FILTER (WHERE sso) AS sso, count(*) FILTER (WHERE email IS NULL AND phone IS NOT NULL) AS by_phone,
		       count(*) FILTER (WHERE has_identity AND NOT own AND NOT sso) AS foreign_only,
		       count(*) FILTER (WHERE NOT has_identity AND NOT anonymous AND NOT deleted) AS without_identity,
		       count(*) FILTER (WHERE x ->> 'email_confirmed_at' IS NULL AND x ->> 'phone_confirmed_at' IS NULL AND NOT anonymous AND NOT deleted) AS unconfirmed,
		       count(*) FILTER (WHERE (x ->> 'banned_until')::timestamptz > now()) AS banned
		  FROM account
	), factors AS (
		SELECT count(*) FILTER (WHERE x ->> 'factor_type' = 'totp' AND x ->> 'status' = 'verified') AS totp,
		       count(*) FILTER (WHERE x ->> 'factor_type' <> 'totp' AND x ->> 'status' = 'verified') AS other
		  FROM (SELECT to_jsonb(f) AS x FROM auth.mfa_factors f) y
	), sessions AS (
		SELECT count(*) AS all_of, count(*) FILTER (WHERE x ->> 'refresh_token_hmac_key' IS NOT NULL) AS counted
		  FROM (SELECT to_jsonb(s) AS x FROM auth.sessions s) y
	), rows (object, n, verdict, detail, question) AS (
		SELECT 'password: ' || kind, n, CASE WHEN kind IN ('encrypted', 'unknown') THEN 'needs a decision' ELSE 'migrated' END,
		       CASE kind WHEN 'none' THEN 'signs in by a reset of the password, or a mailed link'
			WHEN 'encrypted' THEN 'needs a reset: the key that opens it stays behind'
			WHEN 'unknown' THEN 'needs a reset: nobody can check it' ELSE 'signs in with the same password' END,
		       CASE WHEN kind IN ('encrypted', 'unknown') THEN 'shall these people be told to reset their password?' END
		  FROM kinds
		UNION ALL
		SELECT v.* FROM sums s, factors f, sessions e, LATERAL (VALUES
			('all', s.all_of, 'transformed', 'users, profiles and what belongs to them', NULL),
			('not confirmed', s.unconfirmed, 'transformed', 'stay so: their first sign-in asks for it', NULL),
			('banned', s.banned, 'transformed', 'stay so, as long as there', NULL),
			('deleted', s.deleted, 'transformed', 'deactivated without a password; what they wrote stays hidden', NULL),
			('without an identity', s.without_identity, 'transformed', 'get one of their address', NULL),
			('by telephone only', s.by_phone, 'needs a decision', 'stay signed in as long as their session lasts',
			 'which address have they? there is no signing in by telephone here'),
			('anonymous', s.anonymous, 'needs a decision', 'stay signed in as long as their session lasts',
			 'are they to be asked for an address before the move?'),
			('of another site only', s.foreign_only, 'needs a decision', 'sign in by a mailed link or a new password',
			 'shall they be told? Google, Apple and others are not asked here'),
			('single sign-on', s.sso, 'needs a decision', 'sign in by a mailed link or a new password',
			 'is their company''s own sign-in still needed?'),
			('second factor: app', f.totp, 'migrated', 'the same codes count', NULL),
			('second factor: telephone or key', f.other, 'needs a decision', 'not asked for here',
			 'their accounts have a password alone then: is that enough?'),
			('sessions', e.all_of, 'migrated', format('nobody is signed out; %s with tokens of the second format', e.counted), NULL)
		) AS v (object, n, verdict, detail, question)
	)
	SELECT COALESCE(jsonb_agg(jsonb_build_object('section', 'accounts', 'object', object, 'n', n, 'verdict', verdict,
		'detail', format('%s: %s', n, detail), 'question', question) ORDER BY object), '[]') INTO found FROM rows WHERE n > 0;

	SELECT COALESCE(jsonb_agg(jsonb_build_object('section', 'same_addresses', 'object', address, 'n', n, 'verdict', 'needs a decision',
		'detail', format('%s accounts; the one that was used last keeps it, the others sign in by their sessions alone', n),
		'question', 'which of them is to have it?')), '[]') INTO one
	  FROM (SELECT lower(email) AS address, count(*) AS n FROM auth.users WHERE email <> '' GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1000) x;
	PERFORM set_config('move.found', (current_setting('move.found')::jsonb || found || one)::text, false);
END $$

-- Files, addresses of the old project in whatever can hold one, and counters.
-- name: move_inventory_data
DO $$
DECLARE
	found jsonb := '[]';
	one jsonb;
	t record;
	counts bigint[];
BEGIN
	IF to_regclass('storage.objects') IS NOT NULL THEN
		SELECT COALESCE(jsonb_agg(jsonb_build_object('section', 'storage', 'object', b.id, 'n', o.n, 'bytes', o.bytes, 'verdict', 'migrated',
			'detail', format('%s, %s files, %s bytes%s%s', CASE WHEN b.public::text IN ('t', 'true') THEN 'public' ELSE 'private' END, o.n, o.bytes,
				CASE WHEN o.unknown > 0 THEN format('; %s without a size or checksum', o.unknown) ELSE '' END,
				CASE WHEN o.parts > 0 THEN format('; %s sent in parts: their checksum tells nothing', o.parts) ELSE '' END)) ORDER BY b.id), '[]')
		  INTO one FROM storage.buckets b, LATERAL (
			SELECT count(*) AS n, COALESCE(sum((metadata::jsonb ->> 'size')::numeric), 0) AS bytes,
			       count(*) FILTER (WHERE metadata IS NULL OR metadata::jsonb ->> 'size' IS NULL) AS unknown,
			       count(*) FILTER (WHERE metadata::jsonb ->> 'eTag' LIKE '%-%') AS parts
			  FROM storage.objects WHERE bucket_id = b.id) o;
		found := found || one;
	END IF;

	FOR t IN SELECT c.oid::regclass AS tab, format('%I.%I', n.nspname, c.relname) AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
			string_agg(format('count(*) FILTER (WHERE %I::text ~ %L)', a.attname, '://[a-z0-9-]+\.supabase\.(co|in)[/"'']'), ', ' ORDER BY a.attnum) AS counts
		  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		  JOIN pg_type y ON y.oid = a.atttypid AND (y.typcategory = 'S' OR y.typname IN ('json', 'jsonb', '_text', '_varchar'))
		 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND (n.nspname !~ '^pg_' AND n.nspname <> ALL (ARRAY['information_schema',
			'sojorn', 'supabase_move', 'sojorn_move', 'auth', 'storage', 'extensions', 'realtime', '_realtime', 'graphql', 'graphql_public', 'vault',
			'pgsodium', 'pgbouncer', 'supabase_functions', 'supabase_migrations', 'net', 'cron', '_analytics', '_supavisor', 'pgtle'])
			OR c.oid = to_regclass('auth.users'))
		   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		   AND has_table_privilege(c.oid, 'SELECT')
		 GROUP BY c.oid, n.nspname, c.relname ORDER BY 2 LOOP
		EXECUTE format('SELECT ARRAY[%s] FROM %s', t.counts, t.tab) INTO counts;
		SELECT COALESCE(jsonb_agg(jsonb_build_object('section', 'old_addresses', 'object', t.name || '.' || col, 'n', k,
			'detail', format('%s rows name the project''s own host', k)) || CASE WHEN col ~ '(_url|^overlay_json)$'
			THEN jsonb_build_object('verdict', 'transformed', 'question', NULL, 'detail', format('%s rows; import --old-url puts this server''s address in its place', k))
			ELSE jsonb_build_object('verdict', 'needs a decision', 'question', 'people''s own texts are left as they are: rewrite them, or let the old address go?') END), '[]')
		  INTO one FROM unnest(t.columns, counts) AS x (col, k) WHERE k > 0;
		found := found || one;
	END LOOP;

	SELECT COALESCE(jsonb_agg(jsonb_build_object('section', 'sequences', 'object', format('%I.%I', schemaname, sequencename), 'n', COALESCE(last_value, 0),
		'detail', format('at %s', COALESCE(last_value, 0)), 'verdict', 'migrated') ORDER BY schemaname, sequencename), '[]') INTO one
	  FROM pg_sequences WHERE schemaname <> ALL (ARRAY['sojorn', 'supabase_move', 'sojorn_move', 'extensions', 'realtime', 'vault', 'net', 'cron', 'pgsodium',
		'graphql', 'supabase_functions']);
	PERFORM set_config('move.found', (current_setting('move.found')::jsonb || found || one)::text, false);
END $$

-- ---- the live project's catalog: of the tables in move.tables ----

-- Rows of those that the role may read.
-- name: move_inventory_count
DO $$
DECLARE
	t record;
	n bigint;
	all_of jsonb := '{}';
BEGIN
	FOR t IN SELECT format('%I.%I', x ->> 'schema', x ->> 'name') AS tab FROM json_array_elements(current_setting('move.tables')::json) x LOOP
		CONTINUE WHEN NOT has_table_privilege(t.tab, 'SELECT');
		EXECUTE format('SELECT count(*) FROM %s', t.tab) INTO n;
		all_of := all_of || jsonb_build_object(t.tab, n);
	END LOOP;
	PERFORM set_config('move.counts', all_of::text, false);
END $$

-- name: move_inventory_there
DO $$
DECLARE
	found jsonb;
	rule jsonb;
	one jsonb;
BEGIN
	SELECT jsonb_object_agg(x ->> 'table', x) INTO rule FROM jsonb_array_elements(current_setting('move.rules')::jsonb) x;
	SELECT COALESCE(jsonb_agg(jsonb_build_object('section', s.section, 'object', s.object, 'detail', s.detail, 'verdict', s.verdict, 'question', s.question)
		|| COALESCE(s.more, '{}') ORDER BY s.section, s.object, s.detail), '[]') INTO found FROM (
		SELECT 'tables' AS section, x.name AS object, format('%s rows, %s, %s, %s%s', COALESCE(x.n::text, 'unknown'), pg_size_pretty((x.c ->> 'bytes')::bigint),
			COALESCE('key ' || x.key, 'no key'), CASE x.c ->> 'how' WHEN 'stream' THEN 'followed by a publication'
				WHEN 'journal' THEN 'followed by triggers; its owner is the platform' ELSE 'copied, and copied again at the cutover' END,
			COALESCE('; becomes ' || (rule -> x.name ->> 'becomes'), '')) AS detail,
		       CASE WHEN rule ? x.name AND x.n IS NOT NULL THEN 'transformed' ELSE 'needs a decision' END AS verdict,
		       CASE WHEN x.n IS NULL THEN 'its role may not read this: GRANT SELECT, or is it the platform''s?'
			    WHEN NOT rule ? x.name THEN 'arrives as it is, and nothing here reads it: who needs it?' END AS question,
		       jsonb_build_object('rows', x.n, 'bytes', x.c -> 'bytes', 'key', x.c -> 'key', 'how', x.c -> 'how') AS more
		  FROM (SELECT format('%I.%I', c ->> 'schema', c ->> 'name') AS name, c, (current_setting('move.counts')::jsonb ->> format('%I.%I',
				c ->> 'schema', c ->> 'name'))::bigint AS n, (SELECT string_agg(k, ', ') FROM jsonb_array_elements_text(
				CASE jsonb_typeof(c -> 'key') WHEN 'array' THEN c -> 'key' ELSE '[]' END) k) AS key
			  FROM jsonb_array_elements(current_setting('move.tables')::jsonb) c) x
		UNION ALL
		SELECT 'policies', p.polrelid::regclass::text, format('%s, for %s to %s: %s', p.polname, CASE p.polcmd WHEN 'r' THEN 'reading' WHEN 'a' THEN 'adding'
				WHEN 'w' THEN 'changing' WHEN 'd' THEN 'removing' ELSE 'everything' END,
			COALESCE((SELECT string_agg(rolname, ', ') FROM pg_roles WHERE oid = ANY (p.polroles)), 'everybody'),
			concat_ws('; new rows ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))
			|| COALESCE(' | here: ' || (rule -> f.name ->> CASE p.polcmd WHEN 'r' THEN 'reads' ELSE 'writes' END), ''),
		       CASE WHEN rule ? f.name THEN 'transformed' ELSE 'needs a decision' END,
		       CASE WHEN NOT rule ? f.name THEN 'nothing here serves this table: who may read and write it, and by what?' END, NULL
		  FROM pg_policy p, LATERAL (SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			 WHERE c.oid = p.polrelid) f
		UNION ALL
		SELECT CASE WHEN h.hook THEN 'webhooks' ELSE 'triggers' END, t.tgrelid::regclass::text, h.text,
		       CASE WHEN h.hook OR NOT h.platform AND NOT rule ? h.name THEN 'needs a decision' WHEN h.platform THEN 'archived' ELSE 'transformed' END,
		       CASE WHEN h.hook THEN 'who calls this address from now on?'
			    WHEN NOT h.platform AND NOT rule ? h.name THEN 'does anything rest on what it does?' END, NULL
		  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL (
			SELECT pg_get_triggerdef(t.oid) AS text, pg_get_triggerdef(t.oid) LIKE '%http_request%' AS hook, format('%I.%I', n.nspname, c.relname) AS name,
			       n.nspname IN ('auth', 'storage') AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.oid = t.tgfoid AND p.pronamespace::regnamespace::text = 'public') AS platform) h
		 WHERE NOT t.tgisinternal AND t.tgname NOT LIKE 'sojorn\_move%'
		UNION ALL
		SELECT 'extensions', x.extname, format('%s%s', x.extversion, CASE WHEN u.needed THEN ', columns have its types' ELSE '' END),
		       CASE WHEN u.needed THEN 'migrated' ELSE 'archived' END, NULL, NULL
		  FROM pg_extension x, LATERAL (SELECT EXISTS (SELECT FROM pg_depend d JOIN pg_type y ON d.objid IN (y.oid, y.typelem)
				JOIN pg_attribute a ON a.atttypid = y.oid JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
			 WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.classid = 'pg_type'::regclass AND d.deptype = 'e'
			   AND NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype = 'e')) AS needed) u
		 WHERE x.extname <> 'plpgsql'
		UNION ALL
		SELECT 'functions', p.oid::regprocedure::text, 'in ' || l.lanname || CASE WHEN t.fires THEN ', of a trigger or a policy' ELSE '' END,
		       CASE WHEN t.fires THEN 'archived' ELSE 'needs a decision' END, CASE WHEN NOT t.fires THEN 'does an app call it by /rest/v1/rpc?' END, NULL
		  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang,
		       LATERAL (SELECT p.prorettype = 'trigger'::regtype OR EXISTS (SELECT FROM pg_policy y WHERE pg_get_expr(y.polqual, y.polrelid) LIKE '%' || p.proname || '(%'
				OR pg_get_expr(y.polwithcheck, y.polrelid) LIKE '%' || p.proname || '(%') AS fires) t
		 WHERE n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
		UNION ALL
		SELECT 'views', c.oid::regclass::text, CASE c.relkind WHEN 'm' THEN 'materialized' ELSE '' END, 'needs a decision', 'does an app read it by /rest/v1?', NULL
		  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE c.relkind IN ('v', 'm') AND n.nspname = 'public'
		   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		UNION ALL
		SELECT 'settings', COALESCE(r.rolname, 'the database'), split_part(x.one, '=', 1),
		       CASE WHEN x.one LIKE 'app.%' THEN 'needs a decision' ELSE 'archived' END,
		       CASE WHEN x.one LIKE 'app.%' THEN 'what reads it, and where is its value to be from now on?' END, NULL
		  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS x (one)
		 WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
		UNION ALL
		SELECT 'publications', pubname::text, COALESCE((SELECT string_agg(t.tablename, ', ') FROM pg_publication_tables t WHERE t.pubname = p.pubname), 'no table'),
		       CASE pubname WHEN 'supabase_realtime' THEN 'transformed' ELSE 'needs a decision' END,
		       CASE WHEN pubname <> 'supabase_realtime' THEN 'who reads from it?' END, NULL
		  FROM pg_publication p WHERE pubname NOT LIKE 'sojorn\_move%'
		UNION ALL
		SELECT 'platform', format('%I.%I', n.nspname, c.relname), CASE WHEN c.reltuples < 0 THEN 'nobody has counted its rows' ELSE format('about %s rows', c.reltuples::bigint) END, k.verdict, k.question, NULL
		  FROM (VALUES ('cron', 'job', 'needs a decision', 'which of these jobs is still needed? none of them runs here'),
			('vault', 'secrets', 'needs a decision', 'what needs them, and where are they kept from now on? they cannot be taken along'),
			('net', 'http_request_queue', 'archived', NULL),
			('pgmq', 'meta', 'needs a decision', 'who reads from these queues?'),
			('auth', 'audit_log_entries', 'archived', NULL), ('auth', 'sso_providers', 'needs a decision', 'is single sign-on still needed?'),
			('auth', 'oauth_clients', 'needs a decision', 'do other apps sign people in by this project?'),
			('supabase_migrations', 'schema_migrations', 'archived', NULL)) AS k (schema, name, verdict, question)
		  JOIN pg_namespace n ON n.nspname = k.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = k.name
		UNION ALL
		SELECT 'elsewhere', v.* , NULL FROM (VALUES ('Edge Functions', 'their code and secrets are not in the database', 'needs a decision',
				'which does an app call besides the nine that are here? `supabase functions list`'),
			('settings of sign-in', 'mail server, letters, other sites, limits', 'needs a decision', 'SMTP_HOST and the addresses that links lead to are options here'),
			('bytes of stored files', 'beside the database', 'migrated', NULL)) AS v (object, detail, verdict, question)
	) s;

	-- names of what is in cron and Vault, if the role may read them
	BEGIN
		EXECUTE 'SELECT COALESCE(jsonb_agg(jsonb_build_object(''section'', ''platform'', ''object'', ''job '' || COALESCE(jobname, jobid::text), ''detail'', schedule || '' '' || left(command, 200),
			''verdict'', ''needs a decision'', ''question'', ''who does this from now on?'')), ''[]'') FROM cron.job' INTO one;
		found := found || one;
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	BEGIN
		EXECUTE 'SELECT COALESCE(jsonb_agg(jsonb_build_object(''section'', ''platform'', ''object'', ''secret '' || COALESCE(name, id::text), ''detail'', '''',
			''verdict'', ''needs a decision'', ''question'', ''what needs it?'')), ''[]'') FROM vault.secrets' INTO one;
		found := found || one;
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	PERFORM set_config('move.found', (current_setting('move.found')::jsonb || found)::text, false);
END $$

-- ---- a dump: what its ledger tells of ----

-- name: move_inventory_ledger     $1 run bigint
SELECT set_config('move.found', (current_setting('move.found')::jsonb || COALESCE(jsonb_agg(jsonb_build_object('section', section,
	'object', object, 'detail', detail, 'verdict', verdict, 'question', question) ORDER BY section, object, detail), '[]'))::text, false)
  FROM (
	SELECT CASE l.kind WHEN 'policy' THEN 'policies' WHEN 'webhook' THEN 'webhooks' ELSE 'triggers' END AS section,
	       COALESCE(t.name, l.object) AS object,
	       left(regexp_replace(l.text, '\s+', ' ', 'g'), 1000) || COALESCE(CASE WHEN l.kind = 'policy' THEN ' | here: ' || (r.rule ->> CASE
			WHEN l.text ~* ' FOR SELECT ' THEN 'reads' ELSE 'writes' END) END, '') AS detail,
	       CASE WHEN l.kind <> 'webhook' AND r.rule IS NOT NULL THEN 'transformed' ELSE 'needs a decision' END AS verdict,
	       CASE WHEN l.kind = 'webhook' THEN 'who calls this address from now on?'
		    WHEN r.rule IS NULL AND l.kind = 'policy' THEN 'nothing here serves this table: who may read and write it, and by what?'
		    WHEN r.rule IS NULL THEN 'does anything rest on what it does?' END AS question
	  FROM supabase_move.ledger l
	 CROSS JOIN LATERAL (SELECT replace(substring(l.text FROM ' ON ((?:"[^"]+"|[^ ."]+)(?:\.(?:"[^"]+"|[^ ."]+))?)'), '"', '') AS name) t
	  LEFT JOIN LATERAL (SELECT x AS rule FROM jsonb_array_elements(current_setting('move.rules')::jsonb) x WHERE x ->> 'table' = t.name) r ON true
	 WHERE l.run_id = $1 AND l.outcome = 'skipped' AND l.kind IN ('policy', 'trigger', 'webhook')
	UNION ALL
	SELECT 'platform', l.object, format('%s rows', l.n), CASE WHEN l.object IN ('vault.secrets', 'cron.job') THEN 'needs a decision' ELSE 'archived' END,
	       CASE WHEN l.object IN ('vault.secrets', 'cron.job') THEN 'what needs it, and where is it from now on?' END
	  FROM supabase_move.ledger l WHERE l.run_id = $1 AND l.kind = 'rows' AND l.outcome = 'skipped' AND l.n > 0
	UNION ALL
	SELECT 'elsewhere', 'settings, jobs, secrets', 'a dump does not have them', 'needs a decision',
	       '`inventory --source` asks the project itself'
  ) x

-- ---- this server ----

-- What a live move needs of the database here.
-- name: move_inventory_here     $1 extensions texts
SELECT v.object, v.detail, v.good FROM (
	SELECT 'PostgreSQL' AS object, split_part(version(), ' ', 2) AS detail, current_setting('server_version_num')::integer >= 150000 AS good
	UNION ALL SELECT 'may subscribe', format('CREATE SUBSCRIPTION wants the role %s to be a superuser for the time of the move%s', current_user,
			CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN ', or a member of pg_create_subscription' ELSE '' END),
		rolsuper OR EXISTS (SELECT FROM pg_roles s WHERE s.rolname = 'pg_create_subscription' AND pg_has_role(current_user, s.oid, 'MEMBER'))
	   FROM pg_roles WHERE rolname = current_user
	UNION ALL SELECT 'workers', format('max_logical_replication_workers is %s, max_worker_processes %s', current_setting('max_logical_replication_workers'),
			current_setting('max_worker_processes')),
		current_setting('max_logical_replication_workers')::integer >= 4 AND current_setting('max_worker_processes')::integer >= 8
	UNION ALL SELECT 'extension ' || e, CASE WHEN a.name IS NULL THEN 'columns need it, and it is not installed on this machine' ELSE 'can be made' END, a.name IS NOT NULL
	   FROM unnest($1) e LEFT JOIN pg_available_extensions a ON a.name = e
) v
