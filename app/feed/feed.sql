-- The feeds: domain-rules §8. Followed accounts newest first, newest videos, and the ranked order.

-- T-FED-1, T-FED-2. Whose posts can be on the page is found first: the account with the newest post leads,
-- and behind the page's length of accounts nobody can reach it; the oldest of those newest posts bounds
-- how far back each of them is read. So the work is one look into the index an account and about a page
-- of rows, however much they have written.
-- name: feed_personal     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid,
--	$6 type text, $7 authors uuids
WITH source AS MATERIALIZED (
	SELECT * FROM feed_sources($1) s WHERE $7 IS NULL OR s.author_id = ANY ($7)
), lead AS MATERIALIZED (
	SELECT s.author_id, s.own, s.in_circle, newest.created_at
	  FROM source s
	 CROSS JOIN LATERAL (
		SELECT p.created_at, p.id
		  FROM source_posts(s.author_id, s.own, s.in_circle, $1) p
		 WHERE (p.created_at, p.id) < ($4, $5)
		   AND ($6 IS NULL OR ($6 = 'quip') = (SELECT x.video_url IS NOT NULL FROM posts x WHERE x.id = p.id))
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
		   AND ($6 IS NULL OR ($6 = 'quip') = (SELECT x.video_url IS NOT NULL FROM posts x WHERE x.id = p.id))
		   AND ((SELECT count(*) FROM lead) < $2 + $3 OR p.created_at >= (SELECT min(created_at) FROM lead))
		 ORDER BY p.created_at DESC, p.id DESC
		 LIMIT $2 + $3) p
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- Chained posts of followed accounts (type=chain).
-- name: feed_chains     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid, $6 authors uuids
WITH page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM feed_sources($1) s
	 CROSS JOIN LATERAL (
		SELECT p.id, p.created_at
		  FROM feed_posts($1) p
		 WHERE p.author_id = s.author_id AND p.root_id IS NOT NULL
		   AND (p.created_at, p.id) < ($4, $5)
		 ORDER BY p.created_at DESC, p.id DESC
		 LIMIT $2 + $3) p
	 WHERE $6 IS NULL OR s.author_id = ANY ($6)
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- name: feed_videos     $1 viewer uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid, $6 category text
WITH page AS MATERIALIZED (
	SELECT p.id, p.created_at
	  FROM feed_posts($1) p
	 WHERE p.root_id IS NULL AND p.video_url IS NOT NULL
	   AND (p.created_at, p.id) < ($4, $5)
	   AND ($6 IS NULL OR p.category_id = (SELECT id FROM categories WHERE slug = $6))
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $2 OFFSET $3
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- What the ranked order is made of: the best scored posts the viewer may see, with what he has seen of them.
-- Two hides of one author take the author out (T-RNK-5).
-- name: feed_candidates     $1 viewer uuid, $2 category text, $3 limit int
WITH seen AS MATERIALIZED (
	SELECT x.id, max(s.shown_at) AS at
	  FROM feed_sessions s
	 CROSS JOIN LATERAL unnest(s.post_ids[1:s.shown]) AS x (id)
	 WHERE s.user_id = $1 AND s.created_at > now() - interval '7 days'
	 GROUP BY x.id
), unwanted AS MATERIALIZED (
	SELECT author_id FROM post_hides WHERE user_id = $1 GROUP BY author_id HAVING count(*) >= 2
), best AS MATERIALIZED (
	SELECT p.id, p.author_id, p.category_id, f.score
	  FROM post_feed_scores f
	  JOIN feed_posts($1) p ON p.id = f.post_id
	 WHERE p.root_id IS NULL AND p.author_id <> $1
	   AND p.author_id NOT IN (SELECT author_id FROM unwanted)
	   AND ($2 IS NULL OR p.category_id = (SELECT id FROM categories WHERE slug = $2))
	 ORDER BY f.score DESC, f.post_id
	 LIMIT $3
)
SELECT b.id, b.author_id, b.category_id, b.score, seen.at AS shown_at,
       EXISTS (SELECT FROM is_accepted_follow($1, b.author_id)) AS followed
  FROM best b LEFT JOIN seen ON seen.id = b.id
 ORDER BY b.score DESC, b.id;

-- When nothing is left to rank: newest first, what is already there left out.
-- name: feed_newest     $1 viewer uuid, $2 category text, $3 limit int, $4 without uuids
SELECT p.id
  FROM feed_posts($1) p
 WHERE p.root_id IS NULL AND p.author_id <> $1 AND p.id <> ALL ($4)
   AND p.author_id NOT IN (SELECT author_id FROM post_hides WHERE user_id = $1 GROUP BY author_id HAVING count(*) >= 2)
   AND ($2 IS NULL OR p.category_id = (SELECT id FROM categories WHERE slug = $2))
 ORDER BY p.created_at DESC, p.id DESC
 LIMIT $3;

-- Shown posts are no debt to anybody: this commit need not wait for the disk.
-- name: feed_session_put     $1 session uuid, $2 viewer uuid, $3 category text, $4 posts uuids, $5 shown int
WITH fast AS (
	SELECT set_config('synchronous_commit', 'off', true)
)
INSERT INTO feed_sessions (id, user_id, category, post_ids, shown)
SELECT $1, $2, $3, $4, $5 FROM fast;

-- name: feed_session_shown     $1 session uuid, $2 shown int
WITH fast AS (
	SELECT set_config('synchronous_commit', 'off', true)
)
UPDATE feed_sessions SET shown = LEAST(GREATEST(shown, $2), cardinality(post_ids)), shown_at = now()
  FROM fast WHERE id = $1;

-- A session by its id, or for clients that count offsets the viewer's newest of this category.
-- name: feed_session_get     $1 viewer uuid, $2 session uuid, $3 category text, $4 from int, $5 limit int
SELECT s.id, s.post_ids[$4 + 1:$4 + $5] AS page, cardinality(s.post_ids) AS length
  FROM feed_sessions s
 WHERE s.user_id = $1 AND s.created_at > now() - interval '10 minutes'
   AND ($2 IS NULL OR s.id = $2)
   AND ($2 IS NOT NULL OR s.category IS NOT DISTINCT FROM $3)
 ORDER BY s.created_at DESC
 LIMIT 1;

-- A page of an order made earlier, as far as the viewer may still see it.
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
       max(value) FILTER (WHERE key = 'feed_cooling_exclude_hours') AS cooling_exclude_hours,
       max(value) FILTER (WHERE key = 'feed_cooling_half_life_hours') AS cooling_half_life_hours,
       max(value) FILTER (WHERE key = 'feed_network_weight') AS network_weight,
       max(value) FILTER (WHERE key = 'feed_diversity_personal_pct') AS personal_pct,
       max(value) FILTER (WHERE key = 'feed_diversity_category_pct') AS category_pct,
       max(value) FILTER (WHERE key = 'feed_diversity_discovery_pct') AS discovery_pct,
       max(value) FILTER (WHERE key = 'feed_diversity_author_max') AS author_max
  FROM algorithm_config;

-- §8.2, one formula for all candidates written since $1. Scores of posts that are no longer candidates go
-- with feed_scores_trim.
-- name: feed_scores_put     $1 since time [slow]
WITH w AS MATERIALIZED (
	SELECT jsonb_object_agg(key, value) AS v FROM algorithm_config
), candidate AS MATERIALIZED (
	SELECT p.id, p.author_id, p.body, p.cis_score, p.tone_label, p.image_url, p.video_url, a.id AS author,
	       extract(epoch FROM now() - p.created_at)::float8 / 3600 AS age
	  FROM posts p JOIN profiles a ON a.id = p.author_id
	 WHERE p.created_at > $1 AND p.created_at <= now() AND p.deleted_at IS NULL AND p.root_id IS NULL
	   AND p.status = 'active' AND (p.expires_at IS NULL OR p.expires_at > now())
	   AND p.visibility IN ('public', 'followers', 'circle') AND p.tone_label IS DISTINCT FROM 'hostile'
	   AND a.is_live
	 ORDER BY p.created_at DESC
	 LIMIT 50000
), blocked AS MATERIALIZED (
	SELECT b.blocked_id AS author_id, count(*) AS n FROM blocks b
	 WHERE b.created_at > now() - interval '1 day' GROUP BY b.blocked_id
), reported AS MATERIALIZED (
	SELECT r.target_user_id AS author_id, count(*) AS n
	  FROM reports r JOIN trust_state t ON t.user_id = r.reporter_id
	 WHERE r.created_at > now() - interval '1 day' AND t.tier IN ('trusted', 'elder', 'established')
	 GROUP BY r.target_user_id
), flagged AS MATERIALIZED (
	SELECT post_id, count(*) AS n FROM moderation_flags WHERE status = 'pending' AND post_id IS NOT NULL GROUP BY post_id
), watched AS MATERIALIZED (
	SELECT v.post_id, avg(v.last_watch_pct) AS pct
	  FROM post_views v JOIN candidate c ON c.id = v.post_id AND c.video_url IS NOT NULL GROUP BY v.post_id
), factor AS MATERIALIZED (
	SELECT c.id, w.v,
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
		    ELSE (w.v ->> 'video_base_boost')::float8 + LEAST(COALESCE(watched.pct, 0) / 75, 1) * 0.15 END AS video,
	       (w.v ->> 'harmony_floor')::float8
		+ (1 - (w.v ->> 'harmony_floor')::float8) * t.harmony_score / 100 AS harmony,
	       -((w.v ->> 'moderation_strike_penalty')::float8 * pp.strikes
		 + LEAST((w.v ->> 'moderation_flag_penalty')::float8 * COALESCE(flagged.n, 0),
			 (w.v ->> 'moderation_flag_penalty_cap')::float8)) AS moderation,
	       CASE WHEN COALESCE(c.cis_score, 0.8) > (w.v ->> 'safety_cis_exempt')::float8 THEN 1
		    ELSE GREATEST(1 - (w.v ->> 'safety_block_penalty')::float8 * COALESCE(blocked.n, 0)
			- (w.v ->> 'safety_report_penalty')::float8 * COALESCE(reported.n, 0), 0) END AS safety
	  FROM w CROSS JOIN candidate c
	  JOIN post_metrics m ON m.post_id = c.id
	  JOIN trust_state t ON t.user_id = c.author_id
	  LEFT JOIN profile_private pp ON pp.user_id = c.author_id
	  LEFT JOIN blocked ON blocked.author_id = c.author_id
	  LEFT JOIN reported ON reported.author_id = c.author_id
	  LEFT JOIN flagged ON flagged.post_id = c.id
	  LEFT JOIN watched ON watched.post_id = c.id
)
INSERT INTO post_feed_scores (post_id, score, engagement_score, quality_score, recency_score, tone_score,
		video_boost_score, harmony_score, moderation_penalty, safety, updated_at)
SELECT f.id,
       f.safety * ((v ->> 'feed_engagement_weight')::float8 * engagement
	+ (v ->> 'feed_quality_weight')::float8 * quality
	+ (v ->> 'feed_recency_weight')::float8 * recency
	+ (v ->> 'feed_tone_weight')::float8 * tone
	+ (v ->> 'feed_video_boost_weight')::float8 * video
	+ (v ->> 'feed_harmony_weight')::float8 * harmony
	+ (v ->> 'feed_moderation_penalty_weight')::float8 * COALESCE(moderation, 0)),
       engagement, quality, recency, tone, video, harmony, COALESCE(moderation, 0), safety, now()
  FROM factor f
 ORDER BY f.id
    ON CONFLICT (post_id) DO UPDATE
   SET score = excluded.score, engagement_score = excluded.engagement_score, quality_score = excluded.quality_score,
       recency_score = excluded.recency_score, tone_score = excluded.tone_score,
       video_boost_score = excluded.video_boost_score, harmony_score = excluded.harmony_score,
       moderation_penalty = excluded.moderation_penalty, safety = excluded.safety, updated_at = excluded.updated_at;

-- name: feed_scores_trim     $1 older_than time [slow]
DELETE FROM post_feed_scores WHERE updated_at < $1;

-- name: feed_sessions_trim [slow]
WITH old AS (
	DELETE FROM feed_sessions WHERE created_at < now() - interval '7 days'
)
UPDATE feed_sessions SET post_ids = post_ids[1:shown]
 WHERE shown < cardinality(post_ids) AND created_at < now() - interval '10 minutes';
