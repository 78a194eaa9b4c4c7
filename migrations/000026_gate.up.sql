-- The gate: who answers clients of the old app, and who may write, while the app leaves Supabase
-- (docs/decisions/0013-the-gate.md). One row says it to every server; each server says back which change it
-- obeys. In a database that no project moves into, the gate is not in use and costs nothing.
SET search_path = sojorn, public, extensions;

CREATE TABLE supabase_move.gate (
	one         boolean PRIMARY KEY DEFAULT true CHECK (one),
	in_use      boolean NOT NULL DEFAULT false,
	state       text NOT NULL DEFAULT 'here' CHECK (state IN ('upstream', 'held', 'here')),
	writer      text NOT NULL DEFAULT 'here' CHECK (writer IN ('upstream', 'nobody', 'here')),
	epoch       bigint NOT NULL DEFAULT 0,
	changed_at  timestamptz NOT NULL DEFAULT now(),
	CHECK (writer = state OR (state = 'held' AND in_use)),
	CHECK (in_use OR state = 'here')
);
COMMENT ON COLUMN supabase_move.gate.state IS 'what servers do with requests: pass on, hold, answer';
COMMENT ON COLUMN supabase_move.gate.writer IS 'while held: who may still finish writes';
COMMENT ON COLUMN supabase_move.gate.epoch IS 'counts the changes; 0: never in use';
INSERT INTO supabase_move.gate DEFAULT VALUES;

CREATE TABLE supabase_move.gate_servers (
	instance   uuid PRIMARY KEY,
	name       text NOT NULL,
	epoch      bigint NOT NULL,
	in_flight  integer NOT NULL,
	waiting    integer NOT NULL,
	seen_at    timestamptz NOT NULL
);
COMMENT ON COLUMN supabase_move.gate_servers.epoch IS 'the newest change of the gate that this server obeys';
COMMENT ON COLUMN supabase_move.gate_servers.in_flight IS 'writes it has let through that have not ended';

-- A server silent for so long passes nothing on any more: its leave to do so (10 s, app/gateway/gate.c) began
-- to run before the database heard of it.
CREATE FUNCTION supabase_move.gate_silence() RETURNS interval LANGUAGE sql IMMUTABLE RETURN interval '15 seconds';

-- Stands on every table of the app while the gate is in use: whatever a server believes, nothing is written
-- here while somebody else is the writer. Whoever carries the project's rows over says so:
-- SET supabase_move.mover = 'on', or session_replication_role = replica.
CREATE FUNCTION supabase_move.gate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('supabase_move.mover', true) = 'on' THEN
		RETURN NULL;
	END IF;
	-- until our commit; gate_change waits for it, and our next look is newer than its commit
	PERFORM pg_advisory_xact_lock_shared(7350072);
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		PERFORM FROM supabase_move.gate FOR SHARE; -- fails if our snapshot is older than the last change
	END IF;
	IF (SELECT writer <> 'here' FROM supabase_move.gate) THEN
		RAISE EXCEPTION 'the gate is closed: % is not written here', TG_TABLE_NAME
			USING ERRCODE = 'read_only_sql_transaction';
	END IF;
	RETURN NULL;
END $$;

-- Guards the tables that have no guard yet. What follows is no part of what moves: a viewer's place in a feed.
CREATE FUNCTION supabase_move.gate_arm() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'sojorn'::regnamespace AND c.relkind IN ('r', 'p')
		  AND c.relname NOT IN ('schema_migrations', 'feed_sessions')
		  AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'supabase_gate')
		ORDER BY c.relname
	LOOP
		EXECUTE format('CREATE TRIGGER supabase_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE'
			' ON sojorn.%I FOR EACH STATEMENT EXECUTE FUNCTION supabase_move.gate_guard()', name);
	END LOOP;
END $$;

CREATE FUNCTION supabase_move.gate_disarm() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE t.tgname = 'supabase_gate' AND c.relnamespace = 'sojorn'::regnamespace ORDER BY c.relname
	LOOP
		EXECUTE format('DROP TRIGGER supabase_gate ON sojorn.%I', name);
	END LOOP;
END $$;

-- Every change goes through here. Taking the pen from this side waits until all transactions that hold it have
-- ended; the caller's lock_timeout says how long.
CREATE FUNCTION supabase_move.gate_change(new_state text, new_writer text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	IF new_writer <> 'here' AND (SELECT writer = 'here' FROM supabase_move.gate) THEN
		PERFORM pg_advisory_xact_lock(7350072);
	END IF;
	UPDATE supabase_move.gate
	   SET in_use = true, state = new_state, writer = new_writer, epoch = epoch + 1,
	       changed_at = clock_timestamp()
	RETURNING epoch INTO result;
	PERFORM pg_notify('supabase_gate', new_state);
	RETURN result;
END $$;

-- The row, for us alone until the transaction's end.
CREATE FUNCTION supabase_move.gate_take() RETURNS supabase_move.gate LANGUAGE sql
	BEGIN ATOMIC SELECT * FROM supabase_move.gate FOR UPDATE; END;

CREATE FUNCTION supabase_move.gate_refuse(problem text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '%', problem USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;

-- ---- the steps; each returns the epoch that servers must obey, and does nothing when it is done already ----

-- A project is about to move in: it is the writer from now on, and its clients are passed on to it.
CREATE FUNCTION supabase_move.gate_begin() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	g supabase_move.gate := supabase_move.gate_take();
BEGIN
	PERFORM supabase_move.gate_arm();
	RETURN CASE WHEN g.in_use THEN g.epoch ELSE supabase_move.gate_change('upstream', 'upstream') END;
END $$;

-- Servers let requests wait from now on; what they have let through may end.
CREATE FUNCTION supabase_move.gate_hold() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	g supabase_move.gate := supabase_move.gate_take();
BEGIN
	IF NOT g.in_use THEN
		PERFORM supabase_move.gate_refuse('no move is under way');
	END IF;
	PERFORM supabase_move.gate_arm();
	DELETE FROM supabase_move.gate_servers WHERE seen_at < clock_timestamp() - interval '1 hour'; -- killed ones
	RETURN CASE WHEN g.state = 'held' THEN g.epoch ELSE supabase_move.gate_change('held', g.writer) END;
END $$;

-- Servers that do not obey the newest change yet, or have let through writes that have not ended. One that has
-- been silent for gate_silence() is not waited for: it passes nothing on, and the guards stand.
CREATE FUNCTION supabase_move.gate_waits_for() RETURNS SETOF supabase_move.gate_servers LANGUAGE sql
	BEGIN ATOMIC
		SELECT s.* FROM supabase_move.gate_servers s, supabase_move.gate g
		 WHERE s.seen_at > clock_timestamp() - supabase_move.gate_silence()
		   AND (s.epoch < g.epoch OR s.in_flight > 0);
	END;

-- Nobody may write any more, neither there nor here. Refuses while a server is waited for.
CREATE FUNCTION supabase_move.gate_seal() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	g supabase_move.gate := supabase_move.gate_take();
	late text;
BEGIN
	IF g.state <> 'held' THEN
		PERFORM supabase_move.gate_refuse('requests are not held');
	END IF;
	IF g.writer = 'nobody' THEN
		RETURN g.epoch;
	END IF;
	SELECT string_agg(name, ', ') INTO late FROM supabase_move.gate_waits_for();
	IF late IS NOT NULL THEN
		PERFORM supabase_move.gate_refuse('servers still at work: ' || late);
	END IF;
	RETURN supabase_move.gate_change('held', 'nobody');
END $$;

-- Lets requests go on: to 'upstream' or 'here'. Only from a sealed gate does the writer change; back to the
-- writer there was, it opens from any hold.
CREATE FUNCTION supabase_move.gate_open(side text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	g supabase_move.gate := supabase_move.gate_take();
BEGIN
	IF g.state = side AND side <> 'held' THEN
		RETURN g.epoch;
	END IF;
	IF side NOT IN ('upstream', 'here') OR g.state <> 'held' OR g.writer NOT IN (side, 'nobody') THEN
		PERFORM supabase_move.gate_refuse(format('%s, written by %s, cannot become %s', g.state, g.writer, side));
	END IF;
	RETURN supabase_move.gate_change(side, side);
END $$;

-- The move is over, this side is the only one left.
CREATE FUNCTION supabase_move.gate_end() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	g supabase_move.gate := supabase_move.gate_take();
BEGIN
	IF g.state <> 'here' THEN
		PERFORM supabase_move.gate_refuse('the project is still the writer');
	END IF;
	PERFORM supabase_move.gate_disarm();
	UPDATE supabase_move.gate SET in_use = false;
	DELETE FROM supabase_move.gate_servers;
	PERFORM pg_notify('supabase_gate', 'here');
	RETURN g.epoch;
END $$;
