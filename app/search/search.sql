-- Search. `like` parameters have %, _ and \ escaped. Access: T-SRC-1, T-BLK-3, T-BLK-4, T-FOL-5.

-- The exact handle stands first, and is found even when the account is private (T-SRC-2). The rest are
-- the likest of a bounded number of candidates from each index. A range rather than LIKE for the handle's
-- beginning, because the plan is made before the text is known; nothing sorts behind the last character.
-- name: search_people     $1 viewer uuid, $2 q text, $3 like text
WITH candidate AS (
	(SELECT id FROM profiles
	  WHERE lower(handle) >= lower($2) AND lower(handle) < lower($2) || chr(1114111) AND is_live LIMIT 50)
	UNION
	(SELECT id FROM profiles WHERE char_length($2) >= 3 AND handle % $2 AND is_live
	  ORDER BY similarity(handle, $2) DESC LIMIT 30)
	UNION
	(SELECT id FROM profiles WHERE char_length($2) >= 3 AND display_name % $2 AND is_live
	  ORDER BY similarity(display_name, $2) DESC LIMIT 30)
	UNION
	(SELECT id FROM profiles WHERE char_length($2) >= 3 AND handle ILIKE '%' || $3 || '%' AND is_live LIMIT 30)
	UNION
	(SELECT id FROM profiles WHERE char_length($2) >= 3 AND display_name ILIKE '%' || $3 || '%' AND is_live LIMIT 30)
)
SELECT a.id, a.handle, a.display_name, a.avatar_url, t.tier AS harmony_tier
  FROM candidate c
  JOIN visible_profiles($1) a ON a.id = c.id
  JOIN trust_state t ON t.user_id = a.id
 WHERE lower(a.handle) = lower($2) OR EXISTS (SELECT FROM searchable_profiles($1) s WHERE s.id = a.id)
 ORDER BY lower(a.handle) = lower($2) DESC,
	  GREATEST(similarity(a.handle, $2), similarity(a.display_name, $2))
	  + CASE WHEN lower(a.handle) LIKE lower($3) || '%' THEN 0.5 ELSE 0 END
	  + CASE WHEN t.harmony_score > 80 THEN 0.3 ELSE 0 END DESC,
	  a.created_at DESC, a.id
 LIMIT 10;

-- name: search_hashtags     $1 like text
SELECT id, name, display_name, use_count, is_trending, trending_score, is_featured, category, created_at
  FROM hashtags
 WHERE name LIKE $1 || '%' AND use_count > 0
 ORDER BY use_count DESC, name
 LIMIT 10;

-- The words of the query as posts have them, with the number of posts: the word itself, else the most
-- frequent one that begins with it, else the likest one. A word like none stays as it is, with 0.
-- name: search_words     $1 q text
SELECT COALESCE(known.word, longer.word, alike.word, w.word) AS word,
       COALESCE(known.posts, longer.posts, alike.posts, 0) AS posts
  FROM unnest(tsvector_to_array(to_tsvector('simple', $1))) AS w (word)
  LEFT JOIN lexicon known ON known.word = w.word
  LEFT JOIN LATERAL (
	SELECT l.word, l.posts FROM lexicon l
	 WHERE known.word IS NULL AND char_length(w.word) >= 3 AND l.word LIKE w.word || '%' AND l.word ^@ w.word
	 ORDER BY l.posts DESC LIMIT 1) longer ON true
  LEFT JOIN LATERAL (
	SELECT l.word, l.posts FROM lexicon l
	 WHERE known.word IS NULL AND longer.word IS NULL AND l.word % w.word
	 ORDER BY similarity(l.word, w.word) DESC, l.posts DESC LIMIT 1) alike ON true
 LIMIT 32;

-- Posts with all the words, when at least one of them is rare: all hits by the index, the best first, and
-- the access rules only as far as the page needs.
-- name: search_posts_rare     $1 viewer uuid, $2 words texts
WITH query AS MATERIALIZED (
	SELECT string_agg(quote_literal(w), ' & ')::tsquery AS q FROM unnest($2) AS w
), hit AS MATERIALIZED (
	SELECT p.id, p.created_at, ts_rank(p.search, query.q) AS rank
	  FROM query JOIN posts p ON p.search @@ query.q
	 WHERE p.deleted_at IS NULL AND p.status = 'active' AND p.kind = 'post' AND NOT p.is_nsfw
	   AND p.visibility <> 'private'
	 ORDER BY rank DESC, p.created_at DESC
	 LIMIT 500
), page AS MATERIALIZED (
	SELECT h.id, h.rank, h.created_at
	  FROM hit h CROSS JOIN LATERAL (SELECT FROM listed_posts($1) v WHERE v.id = h.id OFFSET 0) v
	 LIMIT 20
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.rank DESC, page.created_at DESC, page.id;

-- The same when all words are common: the newest posts are read until there are enough.
-- name: search_posts_common     $1 viewer uuid, $2 words texts
WITH query AS MATERIALIZED (
	SELECT string_agg(quote_literal(w), ' & ')::tsquery AS q FROM unnest($2) AS w
), page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM listed_posts($1) p
	 WHERE p.search @@ (SELECT q FROM query) AND p.root_id IS NULL AND NOT p.is_nsfw AND p.visibility <> 'private'
	   AND p.status = 'active'
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT 20
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- name: lexicon_refresh [slow]
WITH counted AS MATERIALIZED (
	SELECT word, ndoc FROM ts_stat($$SELECT search FROM sojorn.posts
		WHERE deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw
		  AND visibility <> 'private'$$)
	 WHERE word ~ '^[[:alpha:]]{3,32}$'
), gone AS (
	DELETE FROM lexicon l WHERE NOT EXISTS (SELECT FROM counted c WHERE c.word = l.word)
)
INSERT INTO lexicon (word, posts) SELECT word, ndoc FROM counted ORDER BY word
    ON CONFLICT (word) DO UPDATE SET posts = excluded.posts WHERE lexicon.posts <> excluded.posts;
