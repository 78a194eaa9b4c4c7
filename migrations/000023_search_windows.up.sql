-- Search in time that does not grow with how common a word is, and people by the words of their names.
SET search_path = sojorn, public, extensions;

-- The windows of time a post belongs to: a number for each of eight lengths, from 17 minutes to 194 days, each
-- four times the one before. They stand beside the words in the same index, which so finds "this word, lately"
-- without reading the posts with the word: whatever it is, some window has a few dozen of them.
CREATE FUNCTION search_windows(at timestamptz) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
	ARRAY[            (extract(epoch FROM at)::bigint >> 10)::integer,
	      (1 << 26) + (extract(epoch FROM at)::bigint >> 12)::integer,
	      (2 << 26) + (extract(epoch FROM at)::bigint >> 14)::integer,
	      (3 << 26) + (extract(epoch FROM at)::bigint >> 16)::integer,
	      (4 << 26) + (extract(epoch FROM at)::bigint >> 18)::integer,
	      (5 << 26) + (extract(epoch FROM at)::bigint >> 20)::integer,
	      (6 << 26) + (extract(epoch FROM at)::bigint >> 22)::integer,
	      (7 << 26) + (extract(epoch FROM at)::bigint >> 24)::integer];

-- The present window of a length and the one before: what is newer than one to two times that length.
CREATE FUNCTION latest_windows(length integer) RETURNS integer[] LANGUAGE sql STABLE RETURN
	ARRAY[(length << 26) + (extract(epoch FROM now())::bigint >> (10 + 2 * length))::integer,
	      (length << 26) + (extract(epoch FROM now())::bigint >> (10 + 2 * length))::integer - 1];

DROP INDEX posts_search;
CREATE INDEX posts_search ON posts USING gin (search, search_windows(created_at)) WITH (gin_pending_list_limit = 64)
	WHERE deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw AND visibility <> 'private';
-- no plan depends on how common a word is any more
ALTER TABLE posts ALTER COLUMN search SET STATISTICS -1;

-- A word as a tsquery spells it.
CREATE FUNCTION query_word(word text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
	'''' || replace(replace(word, '\', '\\'), '''', '''''') || '''';

-- What somebody may have meant who typed this: one letter too many, two swapped, a wrong one, a missing one.
-- Letters beyond a to z are left to similarity.
CREATE FUNCTION slips(typed text) RETURNS SETOF text LANGUAGE sql IMMUTABLE ROWS 400 AS $$
	SELECT left(typed, i - 1) || substr(typed, i + 1) FROM generate_series(1, length(typed)) AS i
	UNION ALL
	SELECT left(typed, i - 1) || substr(typed, i + 1, 1) || substr(typed, i, 1) || substr(typed, i + 2)
	  FROM generate_series(1, length(typed) - 1) AS i
	UNION ALL
	SELECT left(typed, i - 1) || letter || substr(typed, i + 1)
	  FROM generate_series(1, length(typed)) AS i, regexp_split_to_table('abcdefghijklmnopqrstuvwxyz', '') AS letter
	UNION ALL
	SELECT left(typed, i) || letter || substr(typed, i + 1)
	  FROM generate_series(0, length(typed)) AS i, regexp_split_to_table('abcdefghijklmnopqrstuvwxyz', '') AS letter
$$;

-- The word of posts that was meant: itself, if the lexicon or a post has it; else one that begins with it or
-- is a slip away, whichever is more frequent, with fifty times the weight for a beginning; else the likest one,
-- if it is like enough, with some regard to frequency. A word like none stays.
CREATE FUNCTION lexicon_word(typed text) RETURNS SETOF text LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT COALESCE(
		(SELECT l.word FROM sojorn.lexicon l WHERE l.word = typed),
		(SELECT typed WHERE EXISTS (
			SELECT FROM sojorn.posts p WHERE p.search @@ sojorn.query_word(typed)::tsquery
			   AND p.deleted_at IS NULL AND p.status = 'active' AND p.kind = 'post' AND NOT p.is_nsfw
			   AND p.visibility <> 'private')),
		(SELECT m.word
		   FROM ((SELECT l.word, 50.0 * l.posts AS weight FROM sojorn.lexicon l
			   WHERE length(typed) >= 3 AND l.word >= typed AND l.word < typed || chr(1114111)
			   ORDER BY l.posts DESC, l.word LIMIT 1)
			 UNION ALL
			 (SELECT l.word, l.posts
			    FROM sojorn.slips(typed) AS s (word)
			   CROSS JOIN LATERAL (SELECT x.word, x.posts FROM sojorn.lexicon x WHERE x.word = s.word OFFSET 0) l
			   WHERE typed ~ '^[[:alpha:]]{3,32}$'
			   ORDER BY l.posts DESC, l.word LIMIT 1)) m
		  ORDER BY m.weight DESC LIMIT 1),
		(SELECT l.word FROM sojorn.lexicon l
		  WHERE typed ~ '^[[:alpha:]]{4,32}$' AND l.word % typed AND similarity(l.word, typed) >= 0.4
		  ORDER BY similarity(l.word, typed) + 0.03 * ln(1 + l.posts) DESC, l.word LIMIT 1),
		typed)
$$;

-- The words somebody can be found by: of the handle, with and without its digits, and of the display name.
CREATE FUNCTION profile_words(handle text, display_name text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
	to_tsvector('simple'::regconfig, translate(handle, '._-', '   ') || ' '
		|| regexp_replace(handle, '[^[:alpha:]]+', ' ', 'g') || ' ' || display_name);
CREATE INDEX profiles_search ON profiles USING gin (profile_words(handle, display_name)) WHERE is_live;
DROP INDEX profiles_handle_trgm, profiles_display_name_trgm;

-- Every distinct word of names, with the number of people; as the lexicon is for posts.
CREATE TABLE name_lexicon (
	word    text COLLATE "C" PRIMARY KEY,
	people  integer NOT NULL DEFAULT 1 CHECK (people >= 0)
) WITH (fillfactor = 80);
CREATE INDEX name_lexicon_trgm ON name_lexicon USING gin (word gin_trgm_ops);

-- Names are given in many places (sign-up, profile, import), so a trigger files their words.
CREATE FUNCTION profiles_file_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.name_lexicon (word)
	SELECT w FROM unnest(tsvector_to_array(sojorn.profile_words(NEW.handle, NEW.display_name))) AS w
	 WHERE w ~ '^[[:alpha:]]{2,32}$'
	 ORDER BY w
	    ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE TRIGGER profiles_file_names AFTER INSERT OR UPDATE OF handle, display_name ON profiles
	FOR EACH ROW EXECUTE FUNCTION profiles_file_names();
ALTER TABLE profiles ENABLE ALWAYS TRIGGER profiles_file_names;

INSERT INTO name_lexicon (word, people)
SELECT w, count(*) FROM profiles p, unnest(tsvector_to_array(profile_words(p.handle, p.display_name))) AS w
 WHERE w ~ '^[[:alpha:]]{2,32}$' GROUP BY w ORDER BY w;

-- The words of names that were meant: those that begin with it, itself first; else a slip away; else with it
-- inside or like it.
CREATE FUNCTION name_words(typed text) RETURNS SETOF text[] LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT COALESCE(
		NULLIF(ARRAY(SELECT n.word FROM sojorn.name_lexicon n
			      WHERE n.word >= typed AND n.word < typed || chr(1114111)
				AND (length(typed) >= 3 OR n.word = typed)
			      ORDER BY n.word = typed DESC, n.people DESC, n.word LIMIT 10), '{}'),
		NULLIF(ARRAY(SELECT n.word
			       FROM sojorn.slips(typed) AS s (word)
			      CROSS JOIN LATERAL (SELECT x.word, x.people FROM sojorn.name_lexicon x
						   WHERE x.word = s.word OFFSET 0) n
			      WHERE typed ~ '^[[:alpha:]]{3,32}$'
			      ORDER BY n.people DESC, n.word LIMIT 3), '{}'),
		NULLIF(ARRAY(SELECT n.word FROM sojorn.name_lexicon n
			      WHERE typed ~ '^[[:alpha:]]{3,32}$' AND (n.word LIKE '%' || typed || '%' OR (n.word % typed AND similarity(n.word, typed) >= 0.4))
			      ORDER BY n.word LIKE '%' || typed || '%' DESC, similarity(n.word, typed) DESC, n.word
			      LIMIT 5), '{}'),
		ARRAY[typed])
$$;
