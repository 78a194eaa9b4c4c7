-- Fails where rows are that only the move may bring: they would not fit any more.
SET search_path = sojorn, public, extensions;

DROP SCHEMA supabase_move CASCADE;
DROP TABLE post_places;
ALTER TABLE reports DROP CONSTRAINT reports_description_check;
ALTER TABLE reports ADD CONSTRAINT reports_description_check CHECK (char_length(description) <= 1000);
ALTER TABLE profiles DROP CONSTRAINT profiles_display_name_check;
ALTER TABLE profiles ADD CONSTRAINT profiles_display_name_check CHECK (char_length(display_name) <= 100);
ALTER TABLE posts DROP CONSTRAINT posts_body_check;
ALTER TABLE posts DROP COLUMN is_imported;
ALTER TABLE posts ADD CONSTRAINT posts_body_check CHECK (char_length(body) <= 500);
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
COMMENT ON COLUMN users.email IS NULL;
