-- Following a live project: what is known of its tables, how their changes come in, and which keys of them are
-- still to be looked at. Schema sojorn_move has the same tables here and on the source; PostgreSQL's own logical
-- replication carries them, with those of the project.
SET search_path = sojorn, public, extensions;

ALTER TABLE supabase_move.runs DROP CONSTRAINT runs_phase_check;
ALTER TABLE supabase_move.runs ADD CONSTRAINT runs_phase_check CHECK (phase IN
	('landing', 'landed', 'transformed', 'cutover', 'live', 'archived'));
ALTER TABLE supabase_move.runs ADD COLUMN source text NOT NULL DEFAULT '', ADD COLUMN stopped text NOT NULL DEFAULT '',
	ADD COLUMN beat bigint NOT NULL DEFAULT 0, ADD COLUMN moved_lsn text NOT NULL DEFAULT '';
COMMENT ON COLUMN supabase_move.runs.source IS 'of a live project: host and database, never its password';
COMMENT ON COLUMN supabase_move.runs.stopped IS 'why following cannot go on; empty: it can';
COMMENT ON COLUMN supabase_move.runs.beat IS 'the newest of sojorn_move.beat that has come through, with everything before it';
COMMENT ON COLUMN supabase_move.runs.moved_lsn IS 'where the source was when the app came over';

CREATE SCHEMA sojorn_move;

-- What happened to tables that no publication of ours may name. Rows are composite text, as types write
-- themselves under settings that the writing function fixes: nothing is lost in it, as in JSON.
CREATE TABLE sojorn_move.journal (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tab     text NOT NULL,
	op      text NOT NULL,
	before  text,
	after   text
);

-- Written now and then on the source; that it has come through says that everything before it has.
CREATE TABLE sojorn_move.beat (id integer PRIMARY KEY, at bigint NOT NULL);
COMMENT ON COLUMN sojorn_move.beat.at IS 'microseconds since 1970, by the clock of who wrote it';

CREATE TABLE supabase_move.tables (
	schema   text NOT NULL,
	name     text NOT NULL,
	how      text NOT NULL CHECK (how IN ('stream', 'journal', 'reload')),
	key      text[],
	columns  jsonb NOT NULL,
	defaults jsonb NOT NULL DEFAULT '[]',
	n        bigint NOT NULL DEFAULT 0,
	bytes    bigint NOT NULL DEFAULT 0,
	copied   boolean NOT NULL DEFAULT false,
	PRIMARY KEY (schema, name)
);
COMMENT ON TABLE supabase_move.tables IS 'tables of the live source: streamed, journaled, or without a key and copied again';
COMMENT ON COLUMN supabase_move.tables.columns IS '[{name, type, computed}], in their order';
COMMENT ON COLUMN supabase_move.tables.defaults IS '[{name, value}]: expressions, for rows that come into being here';

-- Keys of the landing zone that have changed and are to be transformed, in the order of commits there.
CREATE TABLE supabase_move.changed (
	n     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind  text NOT NULL,
	a     uuid,
	b     uuid,
	t     text
);
-- The same the other way: keys of schema sojorn that the source has to hear of.
CREATE TABLE supabase_move.dirty (LIKE supabase_move.changed INCLUDING ALL);
-- Rows of the landing zone as they have become through that, until the source has them.
CREATE TABLE supabase_move.outgoing (LIKE sojorn_move.journal INCLUDING ALL);

-- What identifies the things that tables are about; expressions of a row.
CREATE TABLE supabase_move.captures (
	queue   text NOT NULL,
	schema  text NOT NULL,
	name    text NOT NULL,
	kind    text NOT NULL,
	a       text,
	b       text,
	t       text,
	PRIMARY KEY (schema, name)
);
INSERT INTO supabase_move.captures VALUES
	('changed', 'auth', 'users', 'user', 'id'), ('changed', 'public', 'profiles', 'user', 'id'),
	('changed', 'public', 'trust_state', 'user', 'user_id'), ('changed', 'auth', 'mfa_factors', 'factor', 'user_id'),
	('changed', 'auth', 'identities', 'user', 'user_id'), ('changed', 'auth', 'sessions', 'session', 'id'),
	('changed', 'auth', 'mfa_amr_claims', 'session', 'session_id'),
	('changed', 'public', 'categories', 'category', 'id'), ('changed', 'public', 'posts', 'post', 'id'),
	('changed', 'public', 'comments', 'comment', 'id'), ('changed', 'public', 'post_metrics', 'metric', 'post_id'),
	('changed', 'public', 'reports', 'report', 'id'), ('changed', 'public', 'notifications', 'notification', 'id');
INSERT INTO supabase_move.captures VALUES
	('changed', 'auth', 'refresh_tokens', 'token', 'session_id', NULL, 'token'),
	('changed', 'public', 'user_category_settings', 'setting', 'user_id', 'category_id', NULL),
	('changed', 'public', 'follows', 'follow', 'follower_id', 'following_id', NULL),
	('changed', 'public', 'blocks', 'block', 'blocker_id', 'blocked_id', NULL),
	('changed', 'public', 'post_likes', 'like', 'post_id', 'user_id', NULL),
	('changed', 'public', 'post_saves', 'save', 'post_id', 'user_id', NULL),
	('changed', 'public', 'user_fcm_tokens', 'device', NULL, NULL, 'token'),
	('changed', 'sojorn_move', 'beat', 'beat', NULL, NULL, 'at');

-- As before; while supabase_move.shapeless is on, every source is empty.
CREATE OR REPLACE FUNCTION supabase_move.shape(view text, source text, columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	origin regclass := CASE WHEN COALESCE(current_setting('supabase_move.shapeless', true), '') <> 'on' THEN to_regclass(source) END;
	list text := '';
	wanted text;
	name text;
	type regtype;
	found record;
BEGIN
	FOREACH wanted IN ARRAY columns LOOP
		name := split_part(wanted, ' ', 1);
		type := substr(wanted, length(name) + 2)::regtype;
		SELECT a.atttypid::regtype AS type, a.atttypmod AS modifier INTO found FROM pg_attribute a
		 WHERE a.attrelid = origin AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped;
		list := list || CASE
			WHEN found.type IS NULL THEN format(', NULL::%s AS %I', type, name)
			WHEN found.type = type AND found.modifier = -1 THEN format(', s.%I', name)
			ELSE format(', s.%I::text::%s AS %I', name, type, name) END;
	END LOOP;
	EXECUTE format('CREATE OR REPLACE VIEW supabase_move.%I AS SELECT %s %s', view, substr(list, 3),
		CASE WHEN origin IS NULL THEN 'WHERE false' ELSE format('FROM %s s', origin) END);
END $$;

-- The views let go of the tables, so that these can be dropped and what stands on the views stays.
CREATE FUNCTION supabase_move.shape_nothing() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('supabase_move.shapeless', 'on', true);
	PERFORM supabase_move.shape_all();
	PERFORM supabase_move.shape_auth();
	PERFORM set_config('supabase_move.shapeless', 'off', true);
END $$;

-- ---- the landing zone of a live source ----

-- A column of the list as CREATE TABLE has it. Of a table that comes by the journal, computed values come along.
CREATE FUNCTION supabase_move.column_ddl(c jsonb, how text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	format('%I %s', c ->> 'name', c ->> 'type') || CASE WHEN how = 'stream' AND c ->> 'computed' <> ''
		THEN format(' GENERATED ALWAYS AS (%s) STORED', c ->> 'computed') ELSE '' END;

CREATE FUNCTION supabase_move.names(list text[], prefix text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	(SELECT string_agg(prefix || quote_ident(x), ', ' ORDER BY n) FROM unnest(list) WITH ORDINALITY AS u (x, n));

-- Makes what is missing of the tables. An expression that does not work here leaves its column empty, or without
-- a default.
CREATE FUNCTION supabase_move.make_landing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
	d jsonb;
	head text;
	tail text;
BEGIN
	FOR t IN SELECT * FROM supabase_move.tables WHERE to_regclass(format('%I.%I', schema, name)) IS NULL LOOP
		EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', t.schema);
		head := format('CREATE TABLE %I.%I (', t.schema, t.name);
		tail := COALESCE(', PRIMARY KEY (' || supabase_move.names(t.key, '') || ')', '') || ')';
		BEGIN
			EXECUTE head || (SELECT string_agg(supabase_move.column_ddl(c, t.how), ', ' ORDER BY n)
				FROM jsonb_array_elements(t.columns) WITH ORDINALITY AS x (c, n)) || tail;
		EXCEPTION WHEN undefined_function OR undefined_table OR invalid_object_definition THEN
			EXECUTE head || (SELECT string_agg(supabase_move.column_ddl(c, 'journal'), ', ' ORDER BY n)
				FROM jsonb_array_elements(t.columns) WITH ORDINALITY AS x (c, n)) || tail;
		END;
		FOR d IN SELECT jsonb_array_elements(t.defaults) LOOP
			BEGIN
				EXECUTE format('ALTER TABLE %I.%I ALTER %I SET DEFAULT %s', t.schema, t.name, d ->> 'name', d ->> 'value');
			EXCEPTION WHEN undefined_function OR undefined_table OR undefined_object OR invalid_schema_name THEN
				CONTINUE;
			END;
		END LOOP;
	END LOOP;
END $$;

-- The branch of sojorn_move.apply for a table: puts a row in the place of another, by its key.
CREATE FUNCTION supabase_move.apply_branch(t supabase_move.tables, i bigint, on_source boolean) RETURNS text
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	tab text := format('%I.%I', t.schema, t.name);
	writable text[] := ARRAY(SELECT c ->> 'name' FROM jsonb_array_elements(t.columns) WITH ORDINALITY AS x (c, n)
		WHERE c ->> 'computed' = '' OR NOT on_source AND t.how <> 'stream' ORDER BY n);
	others text[] := ARRAY(SELECT c FROM unnest(writable) WITH ORDINALITY AS x (c, n) WHERE c <> ALL (t.key) ORDER BY n);
BEGIN
	RETURN format(E'\tWHEN %L THEN\n\t\told%s := before::%s;\n\t\tnew%s := after::%s;\n', tab, i, tab, i, tab)
	|| format(E'\t\tIF op = ''T'' THEN\n\t\t\tDELETE FROM %s;\n\t\tEND IF;\n', tab)
	|| format(E'\t\tIF before IS NOT NULL AND (after IS NULL OR (%s) IS DISTINCT FROM (%s)) THEN\n'
		'\t\t\tDELETE FROM %s x WHERE (%s) = (%s);\n\t\tEND IF;\n',
		supabase_move.names(t.key, format('old%s.', i)), supabase_move.names(t.key, format('new%s.', i)), tab,
		supabase_move.names(t.key, 'x.'), supabase_move.names(t.key, format('old%s.', i)))
	|| format(E'\t\tIF after IS NOT NULL THEN\n\t\t\tINSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)\n'
		'\t\t\tON CONFLICT (%s) DO %s;\n\t\tEND IF;\n',
		tab, supabase_move.names(writable, ''), supabase_move.names(writable, format('new%s.', i)),
		supabase_move.names(t.key, ''),
		CASE WHEN others = '{}' THEN 'NOTHING' ELSE format('UPDATE SET (%s) = ROW (%s)', supabase_move.names(others, ''),
			supabase_move.names(others, 'excluded.')) END);
END $$;

-- The text of a function that does what a row of the journal says, for here or for the source.
CREATE FUNCTION supabase_move.apply_function(on_source boolean) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format(E'CREATE OR REPLACE FUNCTION sojorn_move.apply(tab text, op text, before text, after text) RETURNS void\n'
		'\tLANGUAGE plpgsql SET search_path = public, extensions SET "DateStyle" = ''ISO'' SET "TimeZone" = ''UTC'' AS $apply$\nDECLARE\n%s'
		'BEGIN\n\tCASE tab\n%s\tELSE RAISE EXCEPTION ''no such table: %%'', tab;\n\tEND CASE;\nEND $apply$',
		string_agg(format(E'\told%s %I.%I;\n\tnew%s %I.%I;\n', t.i, t.schema, t.name, t.i, t.schema, t.name), '' ORDER BY t.i),
		string_agg(supabase_move.apply_branch(t.t, t.i, on_source), '' ORDER BY t.i))
	  FROM (SELECT t, t.schema, t.name, row_number() OVER (ORDER BY t.schema, t.name) AS i
		  FROM supabase_move.tables t WHERE t.key IS NOT NULL) t
$$;

-- Until there are tables.
CREATE FUNCTION supabase_move.apply_nothing() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CREATE OR REPLACE FUNCTION sojorn_move.apply(tab text, op text, before text, after text) RETURNS void LANGUAGE plpgsql AS
		'BEGIN RAISE EXCEPTION ''no such table: %'', tab; END';
END $$;
SELECT supabase_move.apply_nothing();

CREATE FUNCTION sojorn_move.take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sojorn_move.apply(NEW.tab, NEW.op, NEW.before, NEW.after);
	RETURN NULL;
END $$;
CREATE TRIGGER take AFTER INSERT ON sojorn_move.journal FOR EACH ROW EXECUTE FUNCTION sojorn_move.take();
ALTER TABLE sojorn_move.journal ENABLE REPLICA TRIGGER take;

-- ---- which keys change ----

-- An entry of the queue for a row of that name, as a list of expressions.
CREATE FUNCTION supabase_move.capture_entry(c supabase_move.captures, r text) RETURNS text LANGUAGE sql STABLE RETURN
	format('%L, %s, %s, %s', c.kind, COALESCE(r || c.a || '::uuid', 'NULL::uuid'),
		COALESCE(r || c.b || '::uuid', 'NULL::uuid'), COALESCE(r || c.t || '::text', 'NULL::text'));

-- Triggers that note the keys of a queue's tables: of changes that replication makes ("changed"), or people
-- ("dirty"). Emptying a table notes every key that was in it.
CREATE FUNCTION supabase_move.capture(what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c supabase_move.captures;
	tab text;
	f text;
	queue text;
BEGIN
	FOR c IN SELECT * FROM supabase_move.captures k WHERE k.queue = what AND to_regclass(format('%I.%I', k.schema, k.name)) IS NOT NULL LOOP
		tab := format('%I.%I', c.schema, c.name);
		f := format('supabase_move.%I', format('note_%s_%s', c.schema, c.name));
		queue := format('INSERT INTO supabase_move.%I (kind, a, b, t) ', what);
		EXECUTE format($f$CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $note$
			BEGIN
				IF TG_OP = 'DELETE' THEN
					%s VALUES (%s);
					RETURN NULL;
				END IF;
				IF TG_OP = 'UPDATE' AND (%s) IS DISTINCT FROM (%s) THEN
					%s VALUES (%s);
				END IF;
				%s VALUES (%s);
				RETURN NULL;
			END $note$ $f$, f, queue, supabase_move.capture_entry(c, 'OLD.'),
			concat_ws(', ', 'OLD.' || c.a, 'OLD.' || c.b, 'OLD.' || c.t),
			concat_ws(', ', 'NEW.' || c.a, 'NEW.' || c.b, 'NEW.' || c.t),
			queue, supabase_move.capture_entry(c, 'OLD.'), queue, supabase_move.capture_entry(c, 'NEW.'));
		EXECUTE format($f$CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $note$
			BEGIN
				%s SELECT %s FROM %s x;
				RETURN NULL;
			END $note$ $f$, replace(f, 'note_', 'empty_'), queue, supabase_move.capture_entry(c, 'x.'), tab);
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_note AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s()', tab, f);
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_empty BEFORE TRUNCATE ON %s EXECUTE FUNCTION %s()', tab, replace(f, 'note_', 'empty_'));
		IF what = 'changed' THEN
			EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER zz_note, ENABLE REPLICA TRIGGER zz_empty', tab);
		END IF;
	END LOOP;
END $$;

CREATE FUNCTION supabase_move.capture_end(what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT t.tgname, t.tgrelid::regclass AS tab, t.tgfoid::regprocedure AS f FROM pg_trigger t
		  JOIN supabase_move.captures k ON to_regclass(format('%I.%I', k.schema, k.name)) = t.tgrelid AND k.queue = what
		 WHERE t.tgname IN ('zz_note', 'zz_empty') LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', c.tgname, c.tab);
		EXECUTE format('DROP FUNCTION %s', c.f);
	END LOOP;
END $$;

-- What keyed transforms look things up by.
CREATE FUNCTION supabase_move.index_landing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	i record;
BEGIN
	FOR i IN SELECT * FROM (VALUES
		('auth', 'users', 'lower(btrim(email))', '{email}'::text[]),
		('auth', 'refresh_tokens', 'token', '{token}'), ('auth', 'refresh_tokens', 'session_id', '{session_id}'),
		('auth', 'mfa_factors', 'user_id', '{user_id}'), ('auth', 'mfa_amr_claims', 'session_id', '{session_id}'),
		('auth', 'identities', 'user_id', '{user_id}'),
		('public', 'posts', 'chain_parent_id', '{chain_parent_id}'),
		('public', 'posts', 'author_id) WHERE (pinned_at IS NOT NULL', '{author_id,pinned_at}'),
		('public', 'comments', 'post_id', '{post_id}'), ('public', 'comments', 'parent_id', '{parent_id}'),
		('public', 'post_saves', 'post_id', '{post_id}'), ('public', 'notifications', 'post_id', '{post_id}'),
		('public', 'trust_state', 'user_id', '{user_id}'), ('public', 'user_fcm_tokens', 'token', '{token}')
		) AS v (schema, name, expression, needs)
		WHERE NOT EXISTS (SELECT FROM unnest(needs) x WHERE NOT EXISTS (SELECT FROM pg_attribute
			WHERE attrelid = to_regclass(format('%I.%I', v.schema, v.name)) AND attname = x)) LOOP
		EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I.%I (%s)',
			'move_' || left(md5(i.schema || i.name || i.expression), 8), i.schema, i.name, i.expression);
	END LOOP;
END $$;

-- ---- what has become of the source's tables since ----

-- Differences between the tables as they were taken over and as the source has them now ("catalog": see
-- source_catalog), in words; NULL when there is none.
CREATE FUNCTION supabase_move.drift(catalog jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	WITH now AS (
		SELECT x ->> 'schema' AS schema, x ->> 'name' AS name, x ->> 'how' AS how, x -> 'columns' AS columns,
		       ARRAY(SELECT jsonb_array_elements_text(NULLIF(x -> 'key', 'null'))) AS key
		  FROM jsonb_array_elements(catalog) x
	), said AS (
		SELECT format('%I.%I is new', n.schema, n.name) AS text FROM now n
		 WHERE NOT EXISTS (SELECT FROM supabase_move.tables t WHERE (t.schema, t.name) = (n.schema, n.name))
		UNION ALL
		SELECT format('%I.%I is gone', t.schema, t.name) FROM supabase_move.tables t
		 WHERE NOT EXISTS (SELECT FROM now n WHERE (t.schema, t.name) = (n.schema, n.name))
		UNION ALL
		SELECT format('%I.%I %s', n.schema, n.name, concat_ws(', ',
			(SELECT 'has got ' || string_agg(format('%I %s', c ->> 'name', c ->> 'type'), ', ') FROM jsonb_array_elements(n.columns) c
			  WHERE NOT t.columns @> jsonb_build_array(c)),
			(SELECT 'has lost ' || string_agg(format('%I %s', c ->> 'name', c ->> 'type'), ', ') FROM jsonb_array_elements(t.columns) c
			  WHERE NOT n.columns @> jsonb_build_array(c)),
			CASE WHEN COALESCE(t.key, '{}') <> n.key THEN 'has another key' WHEN t.how <> n.how THEN 'has another owner or replica identity'
			     WHEN t.columns @> n.columns AND n.columns @> t.columns THEN 'has its columns in another order' END))
		  FROM now n JOIN supabase_move.tables t ON (t.schema, t.name) = (n.schema, n.name)
		 WHERE t.columns <> n.columns OR COALESCE(t.key, '{}') <> n.key OR t.how <> n.how
	)
	SELECT string_agg(text, '; ' ORDER BY text) FROM said
$$;

-- Everything that a live move has made here but the app's own tables, so that another one can begin.
CREATE FUNCTION supabase_move.drop_landing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
BEGIN
	PERFORM supabase_move.capture_end('changed');
	PERFORM supabase_move.capture_end('dirty');
	PERFORM supabase_move.shape_nothing();
	FOR t IN SELECT * FROM supabase_move.tables LOOP
		EXECUTE format('DROP TABLE IF EXISTS %I.%I CASCADE', t.schema, t.name);
	END LOOP;
	TRUNCATE supabase_move.tables, supabase_move.changed, supabase_move.dirty, supabase_move.outgoing,
		sojorn_move.journal, sojorn_move.beat;
	PERFORM supabase_move.apply_nothing();
END $$;
