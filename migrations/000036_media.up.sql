-- Which stored files are used, and since when one is not: kept by triggers where addresses are kept, so that the
-- sweep asks two small tables and no text.
SET search_path = sojorn, public, extensions;

-- The stem of a key or address is the key without its ending: a file and its thumbnail share it.
CREATE FUNCTION media_stem(key text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT regexp_replace(key, '\.[^/]*$', '')
$$;

CREATE FUNCTION media_stem_of_url(url text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT sojorn.media_stem(substring(url FROM '^(?:https?://[^/]+/)?(uploads/[^?#]+)'))
$$;

DROP INDEX media_objects_sweep;
ALTER TABLE media_objects
	DROP COLUMN attached_at,
	ADD COLUMN thumbnail_key text,
	ADD COLUMN stem text NOT NULL GENERATED ALWAYS AS (media_stem(key)) STORED,
	ADD COLUMN unused_since timestamptz DEFAULT now(),
	ADD COLUMN deleting boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN media_objects.unused_since IS
	'NULL: in use, or never swept; -infinity: its owner is gone, so it goes as soon as nothing uses it';
CREATE INDEX media_objects_stem ON media_objects (stem);
CREATE INDEX media_objects_sweep ON media_objects (unused_since) WHERE unused_since IS NOT NULL AND NOT deleting;

CREATE TABLE media_uses (
	stem     text NOT NULL,
	used_by  uuid NOT NULL,
	PRIMARY KEY (stem, used_by)
);
CREATE INDEX media_uses_used_by ON media_uses (used_by);
COMMENT ON COLUMN media_uses.used_by IS 'a post, profile or beacon';

CREATE FUNCTION media_use_began() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sojorn.media_objects SET unused_since = NULL WHERE stem = NEW.stem AND unused_since IS NOT NULL;
	RETURN NULL;
END
$$;

CREATE FUNCTION media_use_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sojorn.media_objects o SET unused_since = LEAST(o.unused_since, now())
	 WHERE o.stem = OLD.stem AND NOT EXISTS (SELECT FROM sojorn.media_uses u WHERE u.stem = OLD.stem);
	RETURN NULL;
END
$$;

CREATE TRIGGER media_use_began AFTER INSERT ON media_uses FOR EACH ROW EXECUTE FUNCTION media_use_began();
CREATE TRIGGER media_use_ended AFTER DELETE ON media_uses FOR EACH ROW EXECUTE FUNCTION media_use_ended();

-- Called with the columns that hold addresses. A row with a deleted_at uses nothing.
CREATE FUNCTION media_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	who    uuid := COALESCE(NEW.id, OLD.id);
	row    jsonb := to_jsonb(NEW);
	stems  text[];
BEGIN
	IF TG_OP <> 'DELETE' AND (row ->> 'deleted_at') IS NULL THEN
		SELECT array_agg(DISTINCT s) INTO stems
		  FROM unnest(TG_ARGV) c, sojorn.media_stem_of_url(row ->> c) s
		 WHERE s IS NOT NULL;
	END IF;
	stems := COALESCE(stems, '{}');
	DELETE FROM sojorn.media_uses WHERE used_by = who AND stem <> ALL (stems);
	INSERT INTO sojorn.media_uses (stem, used_by) SELECT s, who FROM unnest(stems) s ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;

CREATE TRIGGER media_follow_new AFTER INSERT ON posts FOR EACH ROW
	WHEN (COALESCE(NEW.image_url, NEW.video_url, NEW.thumbnail_url, NEW.audio_overlay_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow('image_url', 'video_url', 'thumbnail_url', 'audio_overlay_url');
CREATE TRIGGER media_follow_changed
	AFTER UPDATE OF image_url, video_url, thumbnail_url, audio_overlay_url, deleted_at ON posts FOR EACH ROW
	WHEN (COALESCE(OLD.image_url, OLD.video_url, OLD.thumbnail_url, OLD.audio_overlay_url, NEW.image_url,
		NEW.video_url, NEW.thumbnail_url, NEW.audio_overlay_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow('image_url', 'video_url', 'thumbnail_url', 'audio_overlay_url');
CREATE TRIGGER media_follow_gone AFTER DELETE ON posts FOR EACH ROW
	WHEN (COALESCE(OLD.image_url, OLD.video_url, OLD.thumbnail_url, OLD.audio_overlay_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow();

CREATE TRIGGER media_follow_new AFTER INSERT ON profiles FOR EACH ROW
	WHEN (COALESCE(NEW.avatar_url, NEW.cover_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow('avatar_url', 'cover_url');
CREATE TRIGGER media_follow_changed AFTER UPDATE OF avatar_url, cover_url ON profiles FOR EACH ROW
	WHEN (OLD.avatar_url IS DISTINCT FROM NEW.avatar_url OR OLD.cover_url IS DISTINCT FROM NEW.cover_url)
	EXECUTE FUNCTION media_follow('avatar_url', 'cover_url');
CREATE TRIGGER media_follow_gone AFTER DELETE ON profiles FOR EACH ROW
	WHEN (COALESCE(OLD.avatar_url, OLD.cover_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow();

CREATE TRIGGER media_follow_new AFTER INSERT ON beacons FOR EACH ROW
	WHEN (COALESCE(NEW.image_url, NEW.video_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow('image_url', 'video_url');
CREATE TRIGGER media_follow_gone AFTER DELETE ON beacons FOR EACH ROW
	WHEN (COALESCE(OLD.image_url, OLD.video_url) IS NOT NULL)
	EXECUTE FUNCTION media_follow();

-- What was uploaded goes with its owner.
CREATE FUNCTION media_owner_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sojorn.media_objects SET unused_since = '-infinity' WHERE owner_id = OLD.id;
	RETURN OLD;
END
$$;
CREATE TRIGGER media_owner_gone BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION media_owner_gone();
