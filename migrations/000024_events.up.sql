-- What happens to somebody, in the order in which it happened, kept long enough for a client that was away
-- to catch up. Written by emit() and its kin in the statement that causes it, so an event exists if and only
-- if what it tells of does.
SET search_path = sojorn, public, extensions;

-- The row is locked from an event's number to its commit. So the numbers of one user have no gaps, and
-- whoever sees number n sees every lower one.
CREATE TABLE user_event_heads (
	user_id   uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	last_seq  bigint NOT NULL CHECK (last_seq > 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE TABLE user_events (
	user_id     uuid NOT NULL REFERENCES user_event_heads ON DELETE CASCADE,
	seq         bigint NOT NULL,
	kind        text NOT NULL,
	payload     jsonb NOT NULL,
	tx          xid8 NOT NULL DEFAULT pg_current_xact_id(),
	created_at  timestamptz NOT NULL,
	PRIMARY KEY (user_id, seq)
) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000);
COMMENT ON COLUMN user_events.tx IS
	'for whoever delivers: WHERE tx >= the last look''s xmin AND NOT pg_visible_in_snapshot(tx, that look''s snapshot)';
COMMENT ON COLUMN user_events.created_at IS 'read under the lock: in one user''s events it rises with seq';
CREATE INDEX user_events_tx ON user_events (tx);
CREATE INDEX user_events_age ON user_events (created_at);

-- The newest 10,000 of each user are kept, events_trim deletes what is older than a week. Returns the number.
-- Takes the lock of its receiver: a transaction that tells several people does so by emit_all, or in the
-- order of their ids.
CREATE FUNCTION emit(receiver uuid, kind text, payload jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	INSERT INTO sojorn.user_event_heads AS h (user_id, last_seq) VALUES (receiver, 1)
	    ON CONFLICT (user_id) DO UPDATE SET last_seq = h.last_seq + 1
	RETURNING h.last_seq INTO n;
	INSERT INTO sojorn.user_events (user_id, seq, kind, payload, created_at)
	VALUES (receiver, n, kind, payload, clock_timestamp());
	IF n > 10000 THEN
		DELETE FROM sojorn.user_events e WHERE e.user_id = receiver AND e.seq = n - 10000;
	END IF;
	RETURN n;
END
$$;

-- The same to several people, whoever they are in whatever order. Returns to how many.
CREATE FUNCTION emit_all(receivers uuid[], kind text, payload jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	receiver uuid;
	n integer := 0;
BEGIN
	FOR receiver IN SELECT DISTINCT r FROM unnest(receivers) r WHERE r IS NOT NULL ORDER BY r LOOP
		PERFORM sojorn.emit(receiver, kind, payload);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;

-- How clients are shown them: ORDER BY seq LIMIT is the caller's. When the first one is not after + 1, or
-- there is none though the head is beyond, the rest is gone and the client has to fetch anew.
CREATE FUNCTION events_after(receiver uuid, after bigint)
	RETURNS TABLE (seq bigint, kind text, payload jsonb, created_at timestamptz) LANGUAGE sql STABLE AS $$
	SELECT e.seq, e.kind, e.payload, e.created_at
	  FROM sojorn.user_events e
	 WHERE e.user_id = receiver AND e.seq > after
$$;
