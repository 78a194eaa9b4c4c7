-- Changes that are told to those who are looking, and to nobody afterwards: that a thread, the map or a badge
-- is not what it was. Read as user_events are, by snapshot. A row says what has changed and not to what, so
-- everybody who asks for more meets the usual rules.
SET search_path = sojorn, public, extensions;

CREATE TABLE live_events (
	tx          xid8 NOT NULL DEFAULT pg_current_xact_id(),
	kind        text NOT NULL CHECK (kind IN ('account', 'badge', 'thread', 'beacon')),
	topic       uuid NOT NULL,
	lat         numeric(4, 2),
	long        numeric(5, 2),
	created_at  timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON COLUMN live_events.topic IS 'the user, the user, the first post of the thread, the beacon';
CREATE INDEX live_events_tx ON live_events (tx);
CREATE INDEX live_events_age ON live_events (created_at);

-- A comment or an answer has come, or one is not there any more.
CREATE FUNCTION tell_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic)
	SELECT DISTINCT 'thread', n.root_id FROM changed n WHERE n.root_id IS NOT NULL;
	RETURN NULL;
END $$;
CREATE TRIGGER posts_tell_new AFTER INSERT ON posts REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION tell_thread();

CREATE FUNCTION tell_thread_of_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic) VALUES ('thread', COALESCE(NEW.root_id, NEW.id));
	RETURN NULL;
END $$;
CREATE TRIGGER posts_tell_change AFTER UPDATE OF body, deleted_at, status ON posts FOR EACH ROW
	WHEN (OLD.deleted_at IS DISTINCT FROM NEW.deleted_at OR OLD.status <> NEW.status OR OLD.body <> NEW.body)
	EXECUTE FUNCTION tell_thread_of_post();

-- The number on the badge has changed: something is new, was read or put away.
CREATE FUNCTION tell_badge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic) SELECT DISTINCT 'badge', n.user_id FROM changed n;
	RETURN NULL;
END $$;
CREATE TRIGGER notifications_tell_new AFTER INSERT ON notifications REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION tell_badge();
CREATE TRIGGER notifications_tell_change AFTER UPDATE ON notifications REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION tell_badge();

CREATE FUNCTION tell_beacon() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic, lat, long) VALUES ('beacon', NEW.id, NEW.lat, NEW.long);
	RETURN NULL;
END $$;
CREATE TRIGGER beacons_tell_new AFTER INSERT ON beacons FOR EACH ROW EXECUTE FUNCTION tell_beacon();
CREATE TRIGGER beacons_tell_change AFTER UPDATE ON beacons FOR EACH ROW
	WHEN (OLD.on_map <> NEW.on_map OR OLD.confidence <> NEW.confidence)
	EXECUTE FUNCTION tell_beacon();

-- An account that may not be here any more leaves its sockets, whoever changed it.
CREATE FUNCTION tell_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic) VALUES ('account', NEW.id);
	RETURN NULL;
END $$;
CREATE TRIGGER users_tell_status AFTER UPDATE OF status ON users FOR EACH ROW
	WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION tell_account();

CREATE FUNCTION tell_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic) VALUES ('account', NEW.user_id);
	RETURN NULL;
END $$;
CREATE TRIGGER sessions_tell_end AFTER UPDATE OF revoked_at ON sessions FOR EACH ROW
	WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION tell_session();

-- ---- what people show of themselves ----

-- May `viewer` know that `subject` is here or is typing? They follow each other, neither has blocked the
-- other, and both show their activity: who hides it does not see that of others.
CREATE FUNCTION can_see_activity(viewer uuid, subject uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true
	  FROM sojorn.is_mutual(viewer, subject)
	 WHERE NOT EXISTS (SELECT FROM sojorn.has_block_between(viewer, subject))
	   AND NOT EXISTS (SELECT FROM sojorn.user_settings s
			    WHERE s.user_id IN (viewer, subject) AND NOT s.show_activity_status)
$$;
