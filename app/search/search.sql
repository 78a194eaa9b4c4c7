-- Search. Access: T-SRC-1, T-BLK-3, T-BLK-4, T-FOL-5. Text is only compared, so it needs no escapes. Where
-- something begins with it, that is a range: nothing sorts behind the last character, and an index serves
-- although the plan is made before the text is known.

-- Candidates are those whose handle begins with the text, and some whose name has its words; as many people
-- may have a common name, both are bounded. The exact handle stands first, and is found even when the account
-- is private (T-SRC-2).
-- name: search_people     $1 viewer uuid, $2 q text
WITH query AS MATERIALIZED (
	SELECT string_agg((SELECT '(' || string_agg(query_word(x), ' | ') || ')' FROM unnest(n) AS x), ' & ')::tsquery AS q
	  FROM (SELECT w FROM unnest(tsvector_to_array(to_tsvector('simple', translate($2, '._-', '   ')))) AS w LIMIT 6) t
	 CROSS JOIN name_words(t.w) AS n
), candidate AS (
	(SELECT id FROM profiles
	  WHERE lower(handle) >= lower($2) AND lower(handle) < lower($2) || chr(1114111) AND is_live
	  ORDER BY lower(handle) LIMIT 50)
	UNION
	(SELECT id FROM profiles WHERE profile_words(handle, display_name) @@ (SELECT q FROM query) AND is_live LIMIT 100)
), ranked AS (
	SELECT a.id, t.tier, lower(a.handle) = lower($2) AS exact,
	       GREATEST(similarity(a.handle, $2), similarity(a.display_name, $2))
		+ CASE WHEN starts_with(lower(a.handle), lower($2)) THEN 0.5 ELSE 0 END
		+ CASE WHEN t.harmony_score > 80 THEN 0.3 ELSE 0 END AS score
	  FROM candidate c JOIN profiles a ON a.id = c.id JOIN trust_state t ON t.user_id = a.id
	 ORDER BY exact DESC, score DESC, a.created_at DESC, a.id
	 LIMIT 150
)
SELECT a.id, a.handle, a.display_name, a.avatar_url, r.tier AS harmony_tier
  FROM ranked r
 CROSS JOIN LATERAL (
	SELECT v.* FROM visible_profiles($1) v
	 WHERE v.id = r.id AND (r.exact OR EXISTS (SELECT FROM searchable_profiles($1) s WHERE s.id = r.id)) OFFSET 0) a
 LIMIT 10;

-- The most used tags that begin with the text. Very many begin with one or two letters, so there it is the
-- most used of all that are looked through, and the tag itself.
-- name: search_hashtags     $1 q text
WITH found AS (
	(SELECT h.* FROM hashtags h
	  WHERE char_length($1) > 2 AND h.name >= lower($1) AND h.name < lower($1) || chr(1114111) AND h.use_count > 0 LIMIT 5000)
	UNION ALL
	(SELECT h.* FROM (SELECT * FROM hashtags WHERE use_count > 0 ORDER BY use_count DESC, name LIMIT 3000) h
	  WHERE char_length($1) <= 2 AND starts_with(h.name, lower($1)))
	UNION
	(SELECT h.* FROM hashtags h WHERE char_length($1) <= 2 AND h.name = lower($1) AND h.use_count > 0)
)
SELECT id, name, display_name, use_count, is_trending, trending_score, is_featured, category, created_at
  FROM found
 ORDER BY use_count DESC, name
 LIMIT 10;

-- Posts with all the words (eight at most are corrected), the best of the newest. The windows of time are
-- tried from the shortest to all time, until one has as many posts as are shown that the viewer may see, or
-- has been a lot of work. So a common word costs no more than a rare one: a few hundred posts are read.
-- Access is asked in the order of rank, and only when there may be enough.
-- name: search_posts     $1 viewer uuid, $2 q text
WITH RECURSIVE query AS MATERIALIZED (
	SELECT string_agg(query_word(w), ' & ')::tsquery AS q
	  FROM (SELECT CASE WHEN place <= 8 THEN (SELECT l FROM lexicon_word(typed) l) ELSE typed END AS w
		  FROM unnest(tsvector_to_array(to_tsvector('simple', $2))) WITH ORDINALITY AS t (typed, place)) AS words
), step (length, hits, ids) AS (
	SELECT -1, 0::bigint, '{}'::uuid[] FROM query WHERE q IS NOT NULL
	UNION ALL
	SELECT s.length + 1, found.hits, found.ids
	  FROM step s
	 CROSS JOIN LATERAL (
		WITH hit AS MATERIALIZED (
			(SELECT id, created_at, search, category_id FROM posts
			  WHERE s.length < 7
			    AND search @@ (SELECT q FROM query) AND search_windows(created_at) && latest_windows(s.length + 1)
			    AND deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw
			    AND visibility <> 'private'
			  LIMIT 2000)
			UNION ALL
			(SELECT id, created_at, search, category_id FROM posts
			  WHERE s.length = 7
			    AND search @@ (SELECT q FROM query)
			    AND deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw
			    AND visibility <> 'private'
			  LIMIT 2000)
		), best AS MATERIALIZED (
			SELECT id FROM hit
			 WHERE category_id IS NULL OR category_id IN (SELECT c FROM enabled_categories($1) c)
			 ORDER BY ts_rank(search, (SELECT q FROM query)) DESC, created_at DESC, id
		)
		SELECT (SELECT count(*) FROM hit) AS hits,
		       CASE WHEN s.length = 7 OR (SELECT count(*) FROM best) >= 20
			    THEN ARRAY(SELECT b.id
					 FROM best b
					CROSS JOIN LATERAL (SELECT FROM listed_posts($1) v WHERE v.id = b.id OFFSET 0) v
					LIMIT 20)
			    ELSE '{}' END AS ids) found
	 WHERE s.length < 8 AND s.hits < 2000 AND cardinality(s.ids) < 20
), page AS MATERIALIZED (
	SELECT w.id, w.place
	  FROM (SELECT ids FROM step ORDER BY length DESC LIMIT 1) found
	 CROSS JOIN LATERAL unnest(found.ids) WITH ORDINALITY AS w (id, place)
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.place;

-- How many posts each word is in, by a sample of 200,000, so that it costs no more when there are more. New
-- words come in here when they are in no post made through the API, as after an import.
-- name: lexicon_count [slow]
WITH sample AS MATERIALIZED (
	SELECT LEAST(100, 100 * 200000 / GREATEST(reltuples, 1)) AS percent FROM pg_class WHERE oid = 'sojorn.posts'::regclass
)
INSERT INTO lexicon (word, posts)
SELECT c.word, round(c.ndoc * 100 / sample.percent)
  FROM sample
 CROSS JOIN LATERAL ts_stat(format($$SELECT search FROM sojorn.posts TABLESAMPLE SYSTEM (%s)
	 WHERE deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw AND visibility <> 'private'$$,
	sample.percent)) c
 WHERE c.word ~ '^[[:alpha:]]{3,32}$'
 ORDER BY c.word
    ON CONFLICT (word) DO UPDATE SET posts = excluded.posts WHERE lexicon.posts <> excluded.posts;

-- Forgets words of a sample of 20,000 that no post has any more.
-- name: lexicon_prune [slow]
DELETE FROM lexicon
 WHERE word = ANY (ARRAY(
	SELECT l.word
	  FROM lexicon l TABLESAMPLE SYSTEM ((SELECT LEAST(100, 100 * 20000 / GREATEST(reltuples, 1)) FROM pg_class
					       WHERE oid = 'sojorn.lexicon'::regclass))
	 WHERE NOT EXISTS (
		SELECT FROM posts p WHERE p.search @@ query_word(l.word)::tsquery
		   AND p.deleted_at IS NULL AND p.status = 'active' AND p.kind = 'post' AND NOT p.is_nsfw
		   AND p.visibility <> 'private')));

-- The same for names.
-- name: names_count [slow]
WITH sample AS MATERIALIZED (
	SELECT LEAST(100, 100 * 100000 / GREATEST(reltuples, 1)) AS percent FROM pg_class WHERE oid = 'sojorn.profiles'::regclass
)
INSERT INTO name_lexicon (word, people)
SELECT c.word, round(c.ndoc * 100 / sample.percent)
  FROM sample
 CROSS JOIN LATERAL ts_stat(format($$SELECT sojorn.profile_words(handle, display_name)
	  FROM sojorn.profiles TABLESAMPLE SYSTEM (%s) WHERE is_live$$, sample.percent)) c
 WHERE c.word ~ '^[[:alpha:]]{2,32}$'
 ORDER BY c.word
    ON CONFLICT (word) DO UPDATE SET people = excluded.people WHERE name_lexicon.people <> excluded.people;

-- name: names_prune [slow]
DELETE FROM name_lexicon
 WHERE word = ANY (ARRAY(
	SELECT n.word
	  FROM name_lexicon n TABLESAMPLE SYSTEM ((SELECT LEAST(100, 100 * 20000 / GREATEST(reltuples, 1)) FROM pg_class
						    WHERE oid = 'sojorn.name_lexicon'::regclass))
	 WHERE NOT EXISTS (
		SELECT FROM profiles a
		 WHERE profile_words(a.handle, a.display_name) @@ query_word(n.word)::tsquery AND a.is_live)));
