-- name: hashtags_trending     $1 limit int
SELECT id, name, display_name, use_count, is_trending, trending_score, is_featured, category, created_at
  FROM (
	(SELECT h.*, 1 AS rank FROM hashtags h WHERE h.is_trending AND h.use_count > 0
	  ORDER BY h.trending_score DESC, h.use_count DESC LIMIT $1)
	UNION ALL
	(SELECT h.*, 2 FROM hashtags h WHERE h.is_featured AND NOT h.is_trending ORDER BY h.use_count DESC LIMIT $1)
	UNION ALL
	(SELECT h.*, 3 FROM hashtags h WHERE h.use_count > 0 AND NOT h.is_trending AND NOT h.is_featured
	  ORDER BY h.use_count DESC, h.name LIMIT $1)) t
 ORDER BY t.rank, t.trending_score DESC, t.use_count DESC, t.name
 LIMIT $1;

-- name: hashtags_following     $1 me uuid, $2 limit int, $3 offset int
SELECT h.id, h.name, h.display_name, h.use_count, h.is_trending, h.trending_score, h.is_featured, h.category, h.created_at
  FROM hashtag_follows f JOIN hashtags h ON h.id = f.hashtag_id
 WHERE f.user_id = $1
 ORDER BY f.created_at DESC, h.name
 LIMIT $2 OFFSET $3;

-- name: hashtag_get     $1 me uuid, $2 name text
SELECT h.id AS "hashtag.id", h.name AS "hashtag.name", h.display_name AS "hashtag.display_name",
       h.use_count AS "hashtag.use_count", h.is_trending AS "hashtag.is_trending",
       h.trending_score AS "hashtag.trending_score", h.is_featured AS "hashtag.is_featured",
       h.category AS "hashtag.category", h.created_at AS "hashtag.created_at",
       EXISTS (SELECT FROM hashtag_follows f WHERE f.user_id = $1 AND f.hashtag_id = h.id) AS is_following
  FROM hashtags h WHERE h.name = $2;

-- name: hashtag_posts     $1 viewer uuid, $2 name text, $3 limit int, $4 offset int, $5 before time, $6 before_id uuid
WITH page AS MATERIALIZED (
	SELECT l.post_id AS id, l.created_at
	  FROM hashtags h
	  JOIN post_hashtags l ON l.hashtag_id = h.id
	  JOIN listed_posts($1) v ON v.id = l.post_id
	 WHERE h.name = $2 AND (l.created_at, l.post_id) < ($5, $6)
	 ORDER BY l.created_at DESC, l.post_id DESC
	 LIMIT $3 OFFSET $4
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- Only a tag that some post has, so that nobody fills the table with words of his own.
-- name: hashtag_follow     $1 me uuid, $2 name text
WITH tag AS (
	SELECT id FROM hashtags WHERE name = $2
), put AS (
	INSERT INTO hashtag_follows (user_id, hashtag_id) SELECT $1, id FROM tag ON CONFLICT DO NOTHING
)
SELECT id FROM tag;

-- name: hashtag_unfollow     $1 me uuid, $2 name text
WITH tag AS (
	SELECT id FROM hashtags WHERE name = $2
), gone AS (
	DELETE FROM hashtag_follows f USING tag WHERE f.user_id = $1 AND f.hashtag_id = tag.id
)
SELECT id FROM tag;

-- Editorial picks first, until they expire, then what is trending.
-- name: discover_posts     $1 viewer uuid
WITH picked AS (
	SELECT DISTINCT o.post_id AS id, 1e9::double precision AS score
	  FROM trending_overrides o WHERE o.starts_at <= now() AND o.expires_at > now() LIMIT 20
), trending AS (
	SELECT s.post_id AS id, s.trending AS score FROM post_feed_scores s
	 WHERE s.trending > 0 ORDER BY s.trending DESC, s.post_id LIMIT 200
), page AS MATERIALIZED (
	SELECT c.id, max(c.score) AS score
	  FROM (SELECT id, score FROM picked UNION ALL SELECT id, score FROM trending) c
	  JOIN listed_posts($1) v ON v.id = c.id AND v.root_id IS NULL AND NOT v.is_nsfw AND v.visibility = 'public'
	 WHERE NOT EXISTS (SELECT FROM post_hides h WHERE h.user_id = $1 AND h.post_id = c.id)
	 GROUP BY c.id
	 ORDER BY score DESC, c.id
	 LIMIT 20
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id ORDER BY page.score DESC, page.id;

-- §11: distinct authors of public posts in 24 h, and a quarter of those in seven days.
-- name: hashtags_score [slow]
WITH used AS (
	SELECT l.hashtag_id,
	       count(DISTINCT p.author_id) FILTER (WHERE l.created_at > now() - interval '24 hours')
		+ 0.25 * count(DISTINCT p.author_id) AS score
	  FROM post_hashtags l JOIN posts p ON p.id = l.post_id
	 WHERE l.created_at > now() - interval '7 days' AND p.visibility = 'public' AND p.status = 'active'
	   AND p.deleted_at IS NULL
	 GROUP BY l.hashtag_id
), changed AS (
	SELECT h.id, COALESCE(used.score, 0) AS score
	  FROM hashtags h LEFT JOIN used ON used.hashtag_id = h.id
	 WHERE h.trending_score <> COALESCE(used.score, 0)
)
UPDATE hashtags h SET trending_score = c.score, is_trending = c.score > 0, updated_at = now()
  FROM changed c WHERE h.id = c.id;

-- name: trending_score [slow]
UPDATE post_feed_scores s
   SET trending = (m.like_count + 3 * m.save_count + 4 * m.repost_count)
		* 0.5 ^ (extract(epoch FROM now() - p.created_at)::double precision / 86400)
  FROM posts p JOIN post_metrics m ON m.post_id = p.id
 WHERE p.id = s.post_id;
