-- Posts. A CTE that only tells people ("told") runs because the last SELECT counts it.

-- name: post_get     $1 post uuid, $2 viewer uuid
SELECT c.*
  FROM visible_posts_and_comments($2) v
  JOIN post_cards($2) c ON c.id = v.id
 WHERE v.id = $1;

-- One statement writes the post and everything that goes with it, or nothing: `problem` says why not.
-- The daily limit is taken from trust_state by an UPDATE, so that two posts at once cannot share the
-- last place. What a new post must not meet in its own statement's snapshot comes in as a value.
-- name: post_create     $1 post uuid, $2 author uuid, $3 body text, $4 category uuid, $5 parent uuid,
--	$6 visibility text, $7 ttl_hours int, $8 allow_chain bool, $9 is_nsfw bool, $10 nsfw_reason text,
--	$11 body_format text, $12 image_url text, $13 video_url text, $14 thumbnail_url text,
--	$15 duration_ms int, $16 overlay_json text, $17 audio_overlay_url text, $18 background_id text,
--	$19 tone text, $20 cis float, $21 tags texts, $22 tags_as_typed texts, $23 mentions texts
WITH me AS (
	SELECT a.id, a.is_live, a.is_private, a.posts_visibility, s.default_post_visibility, s.default_post_ttl
	  FROM profiles a JOIN user_settings s ON s.user_id = a.id
	 WHERE a.id = $2
), parent AS (
	SELECT v.id, v.author_id, COALESCE(v.root_id, v.id) AS root_id, v.depth,
	       v.kind = 'post' AND v.allow_chain AND (s.allow_chains OR v.author_id = $2) AS open
	  FROM visible_posts($2) v JOIN user_settings s ON s.user_id = v.author_id
	 WHERE v.id = $5
), problem AS (
	SELECT CASE
		WHEN $5 IS NOT NULL AND NOT EXISTS (SELECT FROM parent) THEN 'parent_not_found'
		WHEN $5 IS NOT NULL AND NOT (SELECT open FROM parent) THEN 'chain_not_allowed'
		WHEN $4 IS NOT NULL AND NOT EXISTS (SELECT FROM categories WHERE id = $4 AND is_active)
			THEN 'category_not_found'
		WHEN $4 IS NOT NULL AND $4 NOT IN (SELECT c FROM enabled_categories($2) c) THEN 'category_disabled'
	       END AS code
), day AS (
	SELECT (now() AT TIME ZONE 'UTC')::date AS today
), counted AS (
	UPDATE trust_state t
	   SET posts_today = CASE WHEN t.posts_day = d.today THEN t.posts_today + 1 ELSE 1 END,
	       posts_day = d.today, last_post_at = now(), updated_at = now()
	  FROM day d, problem p
	 WHERE t.user_id = $2 AND p.code IS NULL
	   AND (t.posts_day IS DISTINCT FROM d.today OR t.posts_today < tier_daily_posts(t.tier))
	RETURNING t.user_id
), post AS (
	INSERT INTO posts (id, author_id, body, category_id, chain_parent_id, root_id, depth, visibility,
			expires_at, allow_chain, is_nsfw, nsfw_reason, body_format, image_url, video_url,
			thumbnail_url, duration_ms, overlay_json, audio_overlay_url, background_id, tone_label,
			cis_score, tags)
	SELECT $1, me.id, $3, $4, parent.id, parent.root_id, COALESCE(parent.depth + 1, 0),
	       COALESCE($6, me.default_post_visibility),
	       now() + make_interval(hours => COALESCE($7, me.default_post_ttl)), $8, $9, $10, $11, $12, $13,
	       $14, $15, $16, $17, $18, $19, $20, $21
	  FROM me JOIN counted ON counted.user_id = me.id LEFT JOIN parent ON true
	RETURNING id, created_at, visibility, chain_parent_id, is_nsfw, expires_at, video_url
), metrics AS (
	INSERT INTO post_metrics (post_id) SELECT id FROM post
), answered AS (
	UPDATE post_metrics m SET comment_count = m.comment_count + 1, updated_at = now()
	  FROM post WHERE m.post_id = post.chain_parent_id
), profile AS (
	UPDATE profiles a SET posts_count = a.posts_count + 1
	  FROM post WHERE a.id = $2 AND post.chain_parent_id IS NULL
), tagged AS (
	INSERT INTO hashtags (name, display_name, use_count)
	SELECT t.name, t.typed, (post.visibility = 'public')::integer
	  FROM post, unnest($21, $22) AS t (name, typed)
	    ON CONFLICT (name) DO UPDATE SET use_count = hashtags.use_count + excluded.use_count, updated_at = now()
	RETURNING id
), linked AS (
	INSERT INTO post_hashtags (post_id, hashtag_id, created_at)
	SELECT post.id, tagged.id, post.created_at FROM post, tagged
), words AS (
	INSERT INTO lexicon (word)
	SELECT w FROM post, lexicon_words($3) w WHERE post.visibility <> 'private' ORDER BY w
	    ON CONFLICT DO NOTHING
), named AS (
	SELECT r.id
	  FROM post JOIN me ON true JOIN profiles r ON lower(r.handle) = ANY ($23) AND r.id <> me.id AND r.is_live
	 WHERE EXISTS (SELECT FROM post_gate(r.id, me.id, me.is_live, me.is_private, me.posts_visibility,
			'active', post.visibility, post.expires_at, post.is_nsfw))
), mentioned AS (
	INSERT INTO post_mentions (post_id, mentioned_user_id) SELECT post.id, named.id FROM post, named
), told AS (
	SELECT notify(named.id, $2, 'mention', post.id, NULL, 'high', NULL,
			jsonb_build_object('post_type', CASE WHEN post.video_url IS NULL THEN 'standard' ELSE 'quip' END))
	  FROM post, named
	UNION ALL
	SELECT notify(parent.author_id, $2, 'reply', parent.id, post.id, 'normal', NULL,
			jsonb_build_object('post_type', 'standard'))
	  FROM post JOIN me ON true JOIN parent ON true JOIN profiles r ON r.id = parent.author_id
	 WHERE EXISTS (SELECT FROM post_gate(r.id, me.id, me.is_live, me.is_private, me.posts_visibility,
			'active', post.visibility, post.expires_at, post.is_nsfw))
)
SELECT COALESCE(p.code, CASE WHEN NOT EXISTS (SELECT FROM post) THEN 'daily_limit' END) AS problem,
       tier_daily_posts(t.tier) AS "limit",
       date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '1 day' AS resets_at
  FROM problem p JOIN trust_state t ON t.user_id = $2
 WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- name: post_delete     $1 post uuid, $2 author uuid
WITH gone AS (
	UPDATE posts SET deleted_at = now(), pinned_at = NULL
	 WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL
	RETURNING id, chain_parent_id, root_id, visibility
), answered AS (
	UPDATE post_metrics m SET comment_count = GREATEST(m.comment_count - 1, 0), updated_at = now()
	  FROM gone WHERE m.post_id = gone.chain_parent_id
), profile AS (
	UPDATE profiles a SET posts_count = GREATEST(a.posts_count - 1, 0)
	  FROM gone WHERE a.id = $2 AND gone.root_id IS NULL
), untagged AS (
	UPDATE hashtags h SET use_count = GREATEST(h.use_count - 1, 0), updated_at = now()
	  FROM gone JOIN post_hashtags l ON l.post_id = gone.id
	 WHERE h.id = l.hashtag_id AND gone.visibility = 'public'
)
SELECT id FROM gone;

-- name: post_like     $1 post uuid, $2 user uuid
WITH seen AS (
	SELECT id, author_id, video_url FROM visible_posts_and_comments($2) WHERE id = $1
), put AS (
	INSERT INTO post_likes (post_id, user_id) SELECT id, $2 FROM seen ON CONFLICT DO NOTHING RETURNING post_id
), counted AS (
	UPDATE post_metrics m SET like_count = m.like_count + 1, updated_at = now() FROM put WHERE m.post_id = put.post_id
), told AS (
	SELECT notify(seen.author_id, $2, 'like', seen.id, NULL, 'normal', 'like:' || seen.id,
			jsonb_build_object('emoji', '❤️', 'post_type',
				CASE WHEN seen.video_url IS NULL THEN 'standard' ELSE 'quip' END))
	  FROM seen JOIN put ON put.post_id = seen.id
)
SELECT seen.id FROM seen WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- Taking a like back works for a post one can no longer see, too.
-- name: post_unlike     $1 post uuid, $2 user uuid
WITH gone AS (
	DELETE FROM post_likes WHERE post_id = $1 AND user_id = $2 RETURNING post_id AS id
), counted AS (
	UPDATE post_metrics m SET like_count = GREATEST(m.like_count - 1, 0), updated_at = now()
	  FROM gone WHERE m.post_id = gone.id
)
SELECT id FROM gone
UNION
SELECT id FROM visible_posts_and_comments($2) WHERE id = $1;

-- name: post_save     $1 post uuid, $2 user uuid
WITH seen AS (
	SELECT id, author_id, video_url FROM visible_posts_and_comments($2) WHERE id = $1
), put AS (
	INSERT INTO post_saves (post_id, user_id) SELECT id, $2 FROM seen ON CONFLICT DO NOTHING RETURNING post_id
), counted AS (
	UPDATE post_metrics m SET save_count = m.save_count + 1, updated_at = now() FROM put WHERE m.post_id = put.post_id
), told AS (
	SELECT notify(seen.author_id, $2, 'save', seen.id, NULL, 'low', 'save:' || seen.id,
			jsonb_build_object('post_type', CASE WHEN seen.video_url IS NULL THEN 'standard' ELSE 'quip' END))
	  FROM seen JOIN put ON put.post_id = seen.id
)
SELECT seen.id FROM seen WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- name: post_unsave     $1 post uuid, $2 user uuid
WITH gone AS (
	DELETE FROM post_saves WHERE post_id = $1 AND user_id = $2 RETURNING post_id AS id
), counted AS (
	UPDATE post_metrics m SET save_count = GREATEST(m.save_count - 1, 0), updated_at = now()
	  FROM gone WHERE m.post_id = gone.id
)
SELECT id FROM gone
UNION
SELECT id FROM visible_posts_and_comments($2) WHERE id = $1;

-- One reaction a user and post: the same emoji again takes it away, another takes its place. A second
-- tap that arrives while the first is being written changes nothing.
-- name: post_react     $1 post uuid, $2 user uuid, $3 emoji text
WITH seen AS (
	SELECT id, author_id, video_url FROM visible_posts_and_comments($2) WHERE id = $1
), old AS (
	SELECT r.post_id, r.emoji FROM post_reactions r JOIN seen ON seen.id = r.post_id WHERE r.user_id = $2 FOR UPDATE OF r
), gone AS (
	DELETE FROM post_reactions r USING old
	 WHERE r.post_id = old.post_id AND r.user_id = $2 AND old.emoji = $3 RETURNING r.post_id
), changed AS (
	UPDATE post_reactions r SET emoji = $3, created_at = now() FROM old
	 WHERE r.post_id = old.post_id AND r.user_id = $2 AND old.emoji <> $3 RETURNING r.post_id
), added AS (
	INSERT INTO post_reactions (post_id, user_id, emoji)
	SELECT id, $2, $3 FROM seen WHERE NOT EXISTS (SELECT FROM old)
	    ON CONFLICT DO NOTHING RETURNING post_id
), counted AS (
	UPDATE post_metrics m
	   SET reaction_counts = reaction_counts_add(
			reaction_counts_add(m.reaction_counts, (SELECT emoji FROM old), -1),
			CASE WHEN NOT EXISTS (SELECT FROM gone) THEN $3 END, 1),
	       reaction_count = GREATEST(m.reaction_count + (SELECT count(*) FROM added)::integer
			- (SELECT count(*) FROM gone)::integer, 0),
	       updated_at = now()
	 WHERE m.post_id IN (SELECT post_id FROM gone UNION ALL SELECT post_id FROM changed
			UNION ALL SELECT post_id FROM added)
	RETURNING m.post_id, m.reaction_counts
), told AS (
	SELECT notify(seen.author_id, $2, CASE WHEN seen.video_url IS NULL THEN 'like' ELSE 'quip_reaction' END,
			seen.id, NULL, 'normal', 'like:' || seen.id,
			jsonb_build_object('emoji', $3, 'post_type',
				CASE WHEN seen.video_url IS NULL THEN 'standard' ELSE 'quip' END))
	  FROM seen WHERE EXISTS (SELECT FROM added) OR EXISTS (SELECT FROM changed)
)
SELECT COALESCE(counted.reaction_counts, m.reaction_counts) AS reactions,
       CASE WHEN EXISTS (SELECT FROM gone) THEN '{}'::text[] ELSE ARRAY[$3] END AS my_reactions
  FROM seen
  JOIN post_metrics m ON m.post_id = seen.id
  LEFT JOIN counted ON counted.post_id = seen.id
 WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- name: post_hide     $1 post uuid, $2 user uuid
WITH seen AS (
	SELECT id, author_id FROM visible_posts_and_comments($2) WHERE id = $1 AND author_id <> $2
), put AS (
	INSERT INTO post_hides (user_id, post_id, author_id) SELECT $2, id, author_id FROM seen ON CONFLICT DO NOTHING
)
SELECT id FROM seen;
