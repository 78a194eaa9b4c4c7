-- Search: whole words through a tsvector on the post, mistyped ones through a lexicon.
--
-- Trigrams over bodies cost hundreds of milliseconds at a million posts; over the distinct words they
-- cost two. So a mistyped word is first corrected in the lexicon, then looked up as a word.
SET search_path = sojorn, public, extensions;

-- Only what search may ever return; the statements repeat these conditions, access rules come on top.
CREATE INDEX posts_search ON posts USING gin (search) WITH (gin_pending_list_limit = 256)
	WHERE deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw AND visibility <> 'private';
-- ANALYZE keeps more of the common words, so that the planner tells a rare word from a common one
ALTER TABLE posts ALTER COLUMN search SET STATISTICS 1000;

CREATE INDEX beacons_search ON beacons USING gin (search) WHERE on_map;

CREATE INDEX profiles_handle_trgm ON profiles USING gin (handle gin_trgm_ops) WHERE is_live;
CREATE INDEX profiles_display_name_trgm ON profiles USING gin (display_name gin_trgm_ops) WHERE is_live;

-- Every distinct word of searchable posts. A write adds the words it is the first to use; the daily
-- refresh sets "posts" from ts_stat and drops words no post has any more.
CREATE TABLE lexicon (
	word   text COLLATE "C" PRIMARY KEY,
	posts  integer NOT NULL DEFAULT 1 CHECK (posts >= 0)
) WITH (fillfactor = 80);
CREATE INDEX lexicon_trgm ON lexicon USING gin (word gin_trgm_ops);

-- The words of a text that belong into the lexicon: not too short to mistype, no numbers or addresses.
CREATE FUNCTION lexicon_words(body text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
	SELECT w FROM unnest(tsvector_to_array(to_tsvector('simple'::regconfig, body))) AS w
	 WHERE w ~ '^[[:alpha:]]{3,32}$'
$$;
