SET search_path = sojorn, public, extensions;

DROP FUNCTION name_words(text);
DROP TRIGGER profiles_file_names ON profiles;
DROP FUNCTION profiles_file_names();
DROP TABLE name_lexicon;
CREATE INDEX profiles_handle_trgm ON profiles USING gin (handle gin_trgm_ops) WHERE is_live;
CREATE INDEX profiles_display_name_trgm ON profiles USING gin (display_name gin_trgm_ops) WHERE is_live;
DROP INDEX profiles_search;
DROP FUNCTION profile_words(text, text);
DROP FUNCTION lexicon_word(text);
DROP FUNCTION slips(text);
DROP FUNCTION query_word(text);
ALTER TABLE posts ALTER COLUMN search SET STATISTICS 1000;
DROP INDEX posts_search;
CREATE INDEX posts_search ON posts USING gin (search) WITH (gin_pending_list_limit = 256)
	WHERE deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw AND visibility <> 'private';
DROP FUNCTION latest_windows(integer);
DROP FUNCTION search_windows(timestamptz);
