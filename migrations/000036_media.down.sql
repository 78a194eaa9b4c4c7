SET search_path = sojorn, public, extensions;

DROP TRIGGER media_owner_gone ON users;
DROP TRIGGER media_follow_gone ON beacons;
DROP TRIGGER media_follow_new ON beacons;
DROP TRIGGER media_follow_gone ON profiles;
DROP TRIGGER media_follow_changed ON profiles;
DROP TRIGGER media_follow_new ON profiles;
DROP TRIGGER media_follow_gone ON posts;
DROP TRIGGER media_follow_changed ON posts;
DROP TRIGGER media_follow_new ON posts;
DROP TABLE media_uses;
DROP FUNCTION media_owner_gone(), media_follow(), media_use_ended(), media_use_began();

DROP INDEX media_objects_sweep, media_objects_stem;
ALTER TABLE media_objects
	DROP COLUMN deleting,
	DROP COLUMN unused_since,
	DROP COLUMN stem,
	DROP COLUMN thumbnail_key,
	ADD COLUMN attached_at timestamptz;
CREATE INDEX media_objects_sweep ON media_objects (created_at) WHERE attached_at IS NULL OR owner_id IS NULL;
DROP FUNCTION media_stem_of_url(text), media_stem(text);
