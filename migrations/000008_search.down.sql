SET search_path = sojorn, public, extensions;

DROP FUNCTION lexicon_words(text);
DROP TABLE lexicon;
DROP INDEX profiles_display_name_trgm, profiles_handle_trgm, beacons_search, posts_search;
ALTER TABLE posts ALTER COLUMN search SET STATISTICS -1;
