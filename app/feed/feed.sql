-- The feeds: domain-rules §8. Followed accounts newest first, newest videos, and the ranked order.

-- T-FED-1, T-FED-2. Whose posts can be on the page is found first: the account with the newest post leads,
-- and behind the page's length of accounts nobody can reach it; the oldest of those newest posts bounds
-- how far back each of them is read. So the work is one look into the index an account and about a page
-- of rows, however much they have written.
-- name: feed_personal     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid,
--	$6 authors uuids, $7 no_videos bool
WITH source AS MATERIALIZED (
	SELECT * FROM feed_sources($1) s WHERE $6 IS NULL OR s.author_id = ANY ($6)
), lead AS MATERIALIZED (
	SELECT s.author_id, s.own, s.in_circle, newest.created_at
	  FROM source s
	 CROSS JOIN LATERAL (
		SELECT p.created_at, p.id
		  FROM source_posts(s.author_id, s.own, s.in_circle, $1) p
		 WHERE (p.created_at, p.id) < ($4, $5)
		   AND (NOT $7 OR (SELECT x.video_url IS NULL FROM posts x WHERE x.id = p.id))
		 ORDER BY p.created_at DESC, p.id DESC
		 LIMIT 1) newest
	 ORDER BY newest.created_at DESC, newest.id DESC
	 LIMIT $2 + $3
), page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM lead
	 CROSS JOIN LATERAL (
		SELECT p.id, p.created_at
		  FROM source_posts(lead.author_id, lead.own, lead.in_circle, $1) p
		 WHERE (p.created_at, p.id) < ($4, $5)
		   AND (NOT $7 OR (SELECT x.video_url IS NULL FROM posts x WHERE x.id = p.id))
		   AND ((SELECT count(*) FROM lead) < $2 + $3 OR p.created_at >= (SELECT min(created_at) FROM lead))
		 ORDER BY p.created_at DESC, p.id DESC
		 LIMIT $2 + $3) p
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- The same accounts' videos (type=quip) and chained posts (type=chain), of which few have more than a few.
-- name: feed_quips     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid, $6 authors uuids
WITH page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM feed_sources($1) s
	 CROSS JOIN LATERAL (
		SELECT p.id, p.created_at
		  FROM posts p
		 CROSS JOIN source_gate($1, s.own, s.in_circle, p.id, p.status, p.visibility, p.expires_at, p.is_nsfw,
				p.category_id)
		 WHERE p.author_id = s.author_id AND p.deleted_at IS NULL AND p.root_id IS NULL AND p.video_url IS NOT NULL
		   AND (p.created_at, p.id) < ($4, $5)
		 ORDER BY p.created_at DESC, p.id DESC
		 LIMIT $2 + $3) p
	 WHERE $6 IS NULL OR s.author_id = ANY ($6)
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- name: feed_chains     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid, $6 authors uuids
WITH page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM feed_sources($1) s
	 CROSS JOIN LATERAL (
		SELECT p.id, p.created_at
		  FROM posts p
		 CROSS JOIN source_gate($1, s.own, s.in_circle, p.id, p.status, p.visibility, p.expires_at, p.is_nsfw,
				p.category_id)
		 WHERE p.author_id = s.author_id AND p.deleted_at IS NULL AND p.root_id IS NOT NULL AND p.comment_on_id IS NULL
		   AND (p.created_at, p.id) < ($4, $5)
		 ORDER BY p.created_at DESC, p.id DESC
		 LIMIT $2 + $3) p
	 WHERE $6 IS NULL OR s.author_id = ANY ($6)
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- Newest videos of anybody; of one category by an index of its own, as that may have none.
-- name: feed_videos     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
WITH page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM feed_posts($1) p
	 WHERE p.root_id IS NULL AND p.video_url IS NOT NULL
	   AND (p.created_at, p.id) < ($4, $5)
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- name: feed_category_videos     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid,
--	$6 category text
WITH page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM feed_posts($1) p
	 WHERE p.root_id IS NULL AND p.video_url IS NOT NULL
	   AND p.category_id = (SELECT c FROM enabled_category($1, $6) c)
	   AND (p.created_at, p.id) < ($4, $5)
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- What a ranked order is made of: the best scored posts that the viewer has not been shown and the session
-- ($4, may be NULL) does not have, and of what he was shown more than feed_cooling_exclude_hours ago the best.
-- At most a thousand scores are looked at, as somebody may see hardly any of their posts.
-- name: feed_candidates     $1 viewer uuid, $2 category text, $3 limit int, $4 session uuid
WITH shown AS MATERIALIZED (
	SELECT x.id, s.shown_at AS at
	  FROM (SELECT post_ids, shown, shown_at FROM feed_sessions
		 WHERE user_id = $1 AND created_at > now() - interval '7 days'
		 ORDER BY created_at DESC LIMIT 100) s
	 CROSS JOIN LATERAL unnest(s.post_ids[1:s.shown]) AS x (id)
), placed AS MATERIALIZED (
	SELECT unnest(post_ids) AS id FROM feed_sessions WHERE id = $4
), unseen AS (
	(SELECT s.*
	   FROM (SELECT post_id, author_id, category_id, score FROM post_feed_scores
		  WHERE $2 IS NULL AND (category_id IS NULL OR category_id IN (SELECT c FROM enabled_categories($1) c))
		    AND post_id NOT IN (SELECT id FROM shown) AND post_id NOT IN (SELECT id FROM placed)
		  ORDER BY score DESC, post_id LIMIT 1000) s
	  CROSS JOIN LATERAL (SELECT FROM ranked_posts($1) p WHERE p.id = s.post_id OFFSET 0) p
	  LIMIT $3)
	UNION ALL
	(SELECT s.*
	   FROM (SELECT post_id, author_id, category_id, score FROM post_feed_scores
		  WHERE category_id = (SELECT c FROM enabled_category($1, $2) c)
		    AND post_id NOT IN (SELECT id FROM shown) AND post_id NOT IN (SELECT id FROM placed)
		  ORDER BY score DESC, post_id LIMIT 1000) s
	  CROSS JOIN LATERAL (SELECT FROM ranked_posts($1) p WHERE p.id = s.post_id OFFSET 0) p
	  LIMIT $3)
), again AS (
	SELECT s.*
	  FROM (SELECT f.post_id, f.author_id, f.category_id, f.score, max(shown.at) AS at
		  FROM (SELECT post_id, author_id, category_id, score FROM post_feed_scores
			 ORDER BY score DESC, post_id LIMIT 1000) f
		  JOIN shown ON shown.id = f.post_id
		 WHERE ($2 IS NULL OR f.category_id = (SELECT c FROM enabled_category($1, $2) c))
		   AND f.post_id NOT IN (SELECT id FROM placed)
		 GROUP BY f.post_id, f.author_id, f.category_id, f.score
		HAVING max(shown.at) < now() - interval '1 hour' *
				(SELECT value FROM algorithm_config WHERE key = 'feed_cooling_exclude_hours')
		 ORDER BY f.score DESC, f.post_id
		 LIMIT 50) s
	 CROSS JOIN LATERAL (SELECT FROM ranked_posts($1) p WHERE p.id = s.post_id OFFSET 0) p
)
SELECT c.post_id AS id, c.author_id, c.category_id, c.score, c.at AS shown_at,
       EXISTS (SELECT FROM is_accepted_follow($1, c.author_id)) AS followed
  FROM (SELECT unseen.*, NULL::timestamptz AS at FROM unseen UNION ALL SELECT again.* FROM again) c
 LIMIT 2 * $3;

-- When too little is left to rank: newest first, what is already there ($4, and the session $5) left out.
-- name: feed_newest     $1 viewer uuid, $2 category text, $3 limit int, $4 without uuids, $5 session uuid
WITH placed AS MATERIALIZED (
	SELECT unnest($4) AS id UNION ALL SELECT unnest(post_ids) FROM feed_sessions WHERE id = $5
)
(SELECT r.id
   FROM (SELECT id FROM posts
	  WHERE $2 IS NULL AND deleted_at IS NULL AND root_id IS NULL AND id NOT IN (SELECT id FROM placed)
	  ORDER BY created_at DESC, id DESC LIMIT 2000) r
  CROSS JOIN LATERAL (SELECT FROM ranked_posts($1) p WHERE p.id = r.id OFFSET 0) p
  LIMIT $3)
UNION ALL
(SELECT r.id
   FROM (SELECT id FROM posts
	  WHERE category_id = (SELECT c FROM enabled_category($1, $2) c) AND deleted_at IS NULL AND root_id IS NULL
	    AND id NOT IN (SELECT id FROM placed)
	  ORDER BY created_at DESC, id DESC LIMIT 2000) r
  CROSS JOIN LATERAL (SELECT FROM ranked_posts($1) p WHERE p.id = r.id OFFSET 0) p
  LIMIT $3);

-- Shown posts are no debt to anybody: this commit need not wait for the disk.
-- name: feed_session_put     $1 session uuid, $2 viewer uuid, $3 category text, $4 posts uuids, $5 shown int
WITH fast AS (
	SELECT set_config('synchronous_commit', 'off', true)
)
INSERT INTO feed_sessions (id, user_id, category, post_ids, shown)
SELECT $1, $2, $3, $4, $5 FROM fast;

-- The order goes on with $3.
-- name: feed_session_shown     $1 session uuid, $2 shown int, $3 more uuids
WITH fast AS (
	SELECT set_config('synchronous_commit', 'off', true)
)
UPDATE feed_sessions
   SET post_ids = post_ids || $3, shown = LEAST(GREATEST(shown, $2), cardinality(post_ids || $3)), shown_at = now()
  FROM fast WHERE id = $1;

-- A session by its id, or for clients that count offsets the viewer's newest of this category; of its places
-- from $4 on the first $5 whose posts the viewer may still see, and the place behind them.
-- name: feed_session_get     $1 viewer uuid, $2 session uuid, $3 category text, $4 from int, $5 limit int
SELECT s.id, cardinality(s.post_ids) AS length,
       CASE WHEN count(v.id) = $5 THEN max(v.place)::integer ELSE cardinality(s.post_ids) END AS at,
       COALESCE(array_agg(v.id ORDER BY v.place) FILTER (WHERE v.id IS NOT NULL), '{}') AS page
  FROM (SELECT id, post_ids FROM feed_sessions
	 WHERE user_id = $1 AND created_at > now() - interval '10 minutes'
	   AND ($2 IS NULL OR id = $2)
	   AND ($2 IS NOT NULL OR category IS NOT DISTINCT FROM $3)
	 ORDER BY created_at DESC
	 LIMIT 1) s
  LEFT JOIN LATERAL (
	SELECT w.id, $4 + w.place AS place
	  FROM unnest(s.post_ids[$4 + 1:]) WITH ORDINALITY AS w (id, place)
	 CROSS JOIN LATERAL (SELECT FROM ranked_posts($1) p WHERE p.id = w.id OFFSET 0) p
	 LIMIT $5) v ON true
 GROUP BY s.id, s.post_ids;

-- A page of posts that was made just now.
-- name: feed_cards     $1 viewer uuid, $2 posts uuids
WITH page AS MATERIALIZED (
	SELECT v.id, w.place
	  FROM unnest($2) WITH ORDINALITY AS w (id, place)
	  JOIN feed_posts($1) v ON v.id = w.id
	 LIMIT 100
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.place;

-- name: feed_weights
SELECT max(value) FILTER (WHERE key = 'feed_cooling_multiplier') AS cooling_multiplier,
       max(value) FILTER (WHERE key = 'feed_cooling_half_life_hours') AS cooling_half_life_hours,
       max(value) FILTER (WHERE key = 'feed_network_weight') AS network_weight,
       max(value) FILTER (WHERE key = 'feed_diversity_personal_pct') AS personal_pct,
       max(value) FILTER (WHERE key = 'feed_diversity_category_pct') AS category_pct,
       max(value) FILTER (WHERE key = 'feed_diversity_discovery_pct') AS discovery_pct,
       max(value) FILTER (WHERE key = 'feed_diversity_author_max') AS author_max
  FROM algorithm_config;

-- §8.2, one formula for all candidates written since $1.
-- name: feed_scores_put     $1 since time [slow]
WITH w AS MATERIALIZED (
	SELECT jsonb_object_agg(key, value) AS v FROM algorithm_config
), candidate AS MATERIALIZED (
	SELECT p.id, p.author_id, p.category_id, p.body, p.cis_score, p.tone_label, p.image_url, p.video_url,
	       extract(epoch FROM now() - p.created_at)::float8 / 3600 AS age
	  FROM posts p JOIN profiles a ON a.id = p.author_id
	 WHERE p.created_at > $1 AND p.created_at <= now() AND p.deleted_at IS NULL AND p.root_id IS NULL
	   AND p.status = 'active' AND (p.expires_at IS NULL OR p.expires_at > now())
	   AND p.visibility IN ('public', 'followers', 'circle') AND p.tone_label IS DISTINCT FROM 'hostile'
	   AND a.is_live
	 ORDER BY p.created_at DESC
	 LIMIT 50000
), author AS MATERIALIZED (
	SELECT a.id, t.harmony_score,
	       COALESCE((SELECT strikes FROM profile_private o WHERE o.user_id = a.id), 0) AS strikes,
	       (SELECT count(*) FROM blocks b
		 WHERE b.blocked_id = a.id AND b.created_at > now() - interval '1 day') AS blocked,
	       (SELECT count(*) FROM reports r JOIN trust_state reporter ON reporter.user_id = r.reporter_id
		 WHERE r.target_user_id = a.id AND r.created_at > now() - interval '1 day'
		   AND reporter.tier IN ('trusted', 'elder', 'established')) AS reported
	  FROM (SELECT DISTINCT author_id AS id FROM candidate) a
	 CROSS JOIN LATERAL (SELECT harmony_score FROM trust_state WHERE user_id = a.id OFFSET 0) t
), factor AS MATERIALIZED (
	SELECT c.id, c.author_id, c.category_id, w.v,
	       LEAST(ln(1 + 3 * m.save_count + m.like_count + m.reaction_count + 2 * m.repost_count
			+ (w.v ->> 'feed_comment_weight')::float8 * m.comment_count) / ln(2 + c.age) / 3, 1) AS engagement,
	       0.3 * CASE WHEN c.image_url IS NULL AND c.video_url IS NULL THEN 0
			  ELSE 0.8 + 0.1 * (c.image_url IS NOT NULL)::integer + 0.1 * (c.video_url IS NOT NULL)::integer END
		+ 0.3 * CASE WHEN octet_length(c.body) BETWEEN 11 AND 499 THEN 0.5
			     WHEN octet_length(c.body) BETWEEN 500 AND 999 THEN 0.3 ELSE 0 END
		+ 0.2 * LEAST((m.like_count + m.comment_count)::float8 / GREATEST(m.view_count, 1), 1)
		+ 0.2 * 0.7 AS quality,
	       0.5 ^ (c.age / (w.v ->> 'feed_recency_half_life_hours')::float8) AS recency,
	       CASE c.tone_label WHEN 'positive' THEN (w.v ->> 'tone_positive_boost')::float8
				 WHEN 'mixed' THEN -(w.v ->> 'tone_mixed_penalty')::float8
				 WHEN 'negative' THEN -(w.v ->> 'tone_negative_penalty')::float8 ELSE 0 END
		+ (COALESCE(c.cis_score, 0.8) - 0.5) * 0.2 AS tone,
	       CASE WHEN c.video_url IS NULL THEN 0
		    ELSE (w.v ->> 'video_base_boost')::float8 + 0.15 * LEAST(
			COALESCE((SELECT avg(v.last_watch_pct) FROM post_views v WHERE v.post_id = c.id), 0) / 75, 1) END AS video,
	       (w.v ->> 'harmony_floor')::float8
		+ (1 - (w.v ->> 'harmony_floor')::float8) * a.harmony_score / 100 AS harmony,
	       -((w.v ->> 'moderation_strike_penalty')::float8 * a.strikes
		 + LEAST((w.v ->> 'moderation_flag_penalty')::float8
			* (SELECT count(*) FROM moderation_flags g WHERE g.post_id = c.id AND g.status = 'pending'),
			 (w.v ->> 'moderation_flag_penalty_cap')::float8)) AS moderation,
	       CASE WHEN COALESCE(c.cis_score, 0.8) > (w.v ->> 'safety_cis_exempt')::float8 THEN 1
		    ELSE GREATEST(1 - (w.v ->> 'safety_block_penalty')::float8 * a.blocked
			- (w.v ->> 'safety_report_penalty')::float8 * a.reported, 0) END AS safety
	  FROM w CROSS JOIN candidate c
	  JOIN post_metrics m ON m.post_id = c.id
	  JOIN author a ON a.id = c.author_id
)
INSERT INTO post_feed_scores (post_id, author_id, category_id, score, engagement_score, quality_score, recency_score,
		tone_score, video_boost_score, harmony_score, moderation_penalty, safety, updated_at)
SELECT f.id, f.author_id, f.category_id,
       f.safety * ((v ->> 'feed_engagement_weight')::float8 * engagement
	+ (v ->> 'feed_quality_weight')::float8 * quality
	+ (v ->> 'feed_recency_weight')::float8 * recency
	+ (v ->> 'feed_tone_weight')::float8 * tone
	+ (v ->> 'feed_video_boost_weight')::float8 * video
	+ (v ->> 'feed_harmony_weight')::float8 * harmony
	+ (v ->> 'feed_moderation_penalty_weight')::float8 * moderation),
       engagement, quality, recency, tone, video, harmony, moderation, safety, now()
  FROM factor f
 ORDER BY f.id
    ON CONFLICT (post_id) DO UPDATE
   SET category_id = excluded.category_id, score = excluded.score, engagement_score = excluded.engagement_score,
       quality_score = excluded.quality_score, recency_score = excluded.recency_score, tone_score = excluded.tone_score,
       video_boost_score = excluded.video_boost_score, harmony_score = excluded.harmony_score,
       moderation_penalty = excluded.moderation_penalty, safety = excluded.safety, updated_at = excluded.updated_at;

-- Scores of posts that were no candidates in the full run which has just ended: it takes less than these
-- five minutes, and the one before is a quarter of an hour old.
-- name: feed_scores_trim [slow]
DELETE FROM post_feed_scores WHERE updated_at < now() - interval '5 minutes';

-- What was not shown of an order that nobody pages through any more, and sessions that nothing asks about:
-- older than a week, and of each reader all but the newest 100.
-- name: feed_sessions_trim [slow]
WITH surplus AS (
	DELETE FROM feed_sessions f
	 USING (SELECT DISTINCT user_id FROM feed_sessions WHERE created_at > now() - interval '30 minutes') reader
	 CROSS JOIN LATERAL (
		SELECT x.id FROM feed_sessions x WHERE x.user_id = reader.user_id
		 ORDER BY x.created_at DESC OFFSET 100) beyond
	 WHERE f.id = beyond.id
	RETURNING f.id
), old AS (
	DELETE FROM feed_sessions WHERE created_at < now() - interval '7 days' RETURNING id
)
UPDATE feed_sessions SET post_ids = post_ids[1:shown]
 WHERE shown < cardinality(post_ids) AND created_at < now() - interval '10 minutes'
   AND id NOT IN (SELECT id FROM surplus UNION ALL SELECT id FROM old);
