-- Posts. A CTE that only tells people ("told") runs because the last SELECT counts it. Tags and words are
-- written in their alphabet's order, so that two posts with the same ones cannot wait for each other.

-- name: post_get     $1 post uuid, $2 viewer uuid
SELECT c.* FROM visible_posts_and_comments($2) v CROSS JOIN LATERAL post_card_of($2, v) c WHERE v.id = $1;

-- migrations/*_write_post says what is written, and why it may not be.
-- name: post_create     $1 post uuid, $2 author uuid, $3 body text, $4 category uuid, $5 parent uuid,
--	$6 visibility text, $7 ttl_hours int, $8 allow_chain bool, $9 is_nsfw bool, $10 nsfw_reason text,
--	$11 body_format text, $12 image_url text, $13 video_url text, $14 thumbnail_url text,
--	$15 duration_ms int, $16 overlay_json text, $17 audio_overlay_url text, $18 background_id text,
--	$19 tone text, $20 cis float, $21 tags texts, $22 tags_as_typed texts, $23 mentions texts [write]
SELECT problem, "limit", resets_at, created_at, visibility, expires_at, $2 AS "author.id", handle AS "author.handle",
       display_name AS "author.display_name", avatar_url AS "author.avatar_url", tier AS "author.trust_tier"
  FROM write_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
	$22, $23);

-- These two go before a statement that changes a post, in its transaction: two changes of a post come one after
-- the other, each sees what the other did, and all of its tags, old and new, are taken in the order of their
-- alphabet, so that changes and new posts cannot wait for each other. $2 makes tags that are new to everybody.
-- name: post_hold     $1 post uuid
SELECT id FROM posts WHERE id = $1 AND deleted_at IS NULL FOR UPDATE;

-- name: tags_hold     $1 post uuid, $2 tags texts, $3 tags_as_typed texts
INSERT INTO hashtags (name, display_name)
SELECT t.name, min(t.typed)
  FROM (SELECT h.name, h.display_name AS typed
	  FROM post_hashtags l JOIN hashtags h ON h.id = l.hashtag_id WHERE l.post_id = $1
	UNION ALL
	SELECT n.name, n.typed FROM posts p, unnest($2, $3) AS n (name, typed) WHERE p.id = $1 AND p.kind = 'post') t
 GROUP BY t.name
 ORDER BY t.name
    ON CONFLICT (name) DO UPDATE SET use_count = hashtags.use_count;

-- T-CMT-9: one's own, and comments under one's own posts.
-- name: post_delete     $1 post uuid, $2 user uuid
WITH gone AS (
	UPDATE posts p SET deleted_at = now(), pinned_at = NULL
	 WHERE p.id = $1 AND p.deleted_at IS NULL
	   AND (p.author_id = $2 OR EXISTS (SELECT FROM posts o WHERE o.id = p.comment_on_id AND o.author_id = $2))
	RETURNING p.id, p.author_id, p.chain_parent_id, p.root_id, p.visibility
), answered AS (
	UPDATE post_metrics m SET comment_count = GREATEST(m.comment_count - 1, 0), updated_at = now()
	  FROM gone WHERE m.post_id = gone.chain_parent_id
), author AS (
	UPDATE trust_state t SET posts_count = GREATEST(t.posts_count - 1, 0)
	  FROM gone WHERE t.user_id = gone.author_id AND gone.root_id IS NULL
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

-- The whole thread a post is in, its first post first, then by depth and age.
-- name: thread_list     $1 viewer uuid, $2 post uuid
WITH root AS MATERIALIZED (
	SELECT COALESCE(root_id, id) AS id FROM visible_posts_and_comments($1) WHERE id = $2
), page AS MATERIALIZED (
	SELECT v.id, v.depth, v.created_at FROM root JOIN visible_posts_and_comments($1) v ON v.id = root.id
	UNION ALL
	(SELECT v.id, v.depth, v.created_at
	   FROM root JOIN visible_posts_and_comments($1) v ON v.root_id = root.id
	  ORDER BY v.depth, v.created_at, v.id
	  LIMIT 500)
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.depth, page.created_at, page.id;

-- What answers a post directly, oldest first; nothing when the post is hidden, which is asked before.
-- name: replies_list     $1 viewer uuid, $2 parent uuid
WITH page AS MATERIALIZED (
	SELECT v.id, v.created_at FROM visible_posts_and_comments($1) v
	 WHERE v.chain_parent_id = $2
	   AND (SELECT EXISTS (SELECT FROM visible_posts_and_comments($1) o WHERE o.id = $2))
	 ORDER BY v.created_at, v.id
	 LIMIT 100
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at, page.id;

-- T-CMT-1..6: who may comment is the choice of the author of the post, also for an answer to a comment.
-- name: comment_create     $1 comment uuid, $2 author uuid, $3 parent uuid, $4 body text, $5 tone text, $6 cis float,
--	$7 mentions texts
WITH target AS (
	SELECT p.id, p.author_id, COALESCE(p.comment_on_id, p.id) AS on_id, COALESCE(p.root_id, p.id) AS root_id, p.depth,
	       p.kind, p.video_url
	  FROM visible_posts_and_comments($2) p
	 WHERE p.id = $3
), may AS (
	SELECT t.*, o.author_id AS post_author FROM target t JOIN posts o ON o.id = t.on_id CROSS JOIN can_comment($2, o.author_id)
), made AS (
	INSERT INTO posts (id, author_id, kind, body, chain_parent_id, comment_on_id, root_id, depth, tone_label, cis_score)
	SELECT $1, $2, 'comment', $4, id, on_id, root_id, depth + 1, $5, $6 FROM may
	RETURNING id, author_id, body, status, created_at, comment_on_id, chain_parent_id
), metrics AS (
	INSERT INTO post_metrics (post_id) SELECT id FROM made
), answered AS (
	UPDATE post_metrics m SET comment_count = m.comment_count + 1, updated_at = now()
	  FROM made WHERE m.post_id = made.chain_parent_id
), named AS (
	SELECT r.id FROM may JOIN profiles r ON lower(r.handle) = ANY ($7) AND r.id <> $2
	 WHERE EXISTS (SELECT FROM can_read_comment(r.id, $2, may.on_id))
), mentioned AS (
	INSERT INTO post_mentions (post_id, mentioned_user_id) SELECT made.id, named.id FROM made, named
), told AS (
	SELECT notify(may.author_id, $2, CASE may.kind WHEN 'post' THEN 'comment' ELSE 'reply' END, may.on_id, made.id,
			'normal', 'comment:' || may.on_id, jsonb_build_object('post_type',
				CASE WHEN may.video_url IS NULL THEN 'standard' ELSE 'quip' END))
	  FROM may, made
	UNION ALL
	SELECT notify(named.id, $2, 'mention', may.on_id, made.id, 'high', NULL,
			jsonb_build_object('post_type', 'standard'))
	  FROM may, made, named WHERE named.id <> may.author_id
)
SELECT CASE WHEN NOT EXISTS (SELECT FROM target) THEN 'not_found'
	    WHEN NOT EXISTS (SELECT FROM made) THEN 'mutual_follow_required' END AS problem,
       made.id, made.comment_on_id AS post_id, made.author_id, made.body, made.status, made.created_at
  FROM (SELECT count(*) AS n FROM told) t LEFT JOIN made ON true
 WHERE t.n IS NOT NULL;

-- An edit is held to the rules of a new post: tags and mentions follow, people are told of new ones only.
-- name: post_edit     $1 post uuid, $2 author uuid, $3 body text, $4 tone text, $5 cis float, $6 tags texts,
--	$7 mentions texts
WITH changed AS (
	UPDATE posts SET body = $3, tone_label = $4, cis_score = $5, tags = $6, edited_at = now()
	 WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL
	RETURNING id, created_at, kind, visibility, expires_at, is_nsfw, video_url, comment_on_id, search
), unlinked AS (
	DELETE FROM post_hashtags l USING changed, hashtags h
	 WHERE l.post_id = changed.id AND h.id = l.hashtag_id AND h.name <> ALL ($6)
	RETURNING l.hashtag_id
), uncounted AS (
	UPDATE hashtags h SET use_count = GREATEST(h.use_count - 1, 0), updated_at = now()
	  FROM unlinked, changed WHERE h.id = unlinked.hashtag_id AND changed.visibility = 'public'
), tagged AS (
	UPDATE hashtags h SET use_count = h.use_count + (changed.visibility = 'public')::integer, updated_at = now()
	  FROM changed
	 WHERE changed.kind = 'post' AND h.name = ANY ($6)
	   AND NOT EXISTS (SELECT FROM post_hashtags l WHERE l.post_id = $1 AND l.hashtag_id = h.id)
	RETURNING h.id
), linked AS (
	INSERT INTO post_hashtags (post_id, hashtag_id, created_at)
	SELECT changed.id, tagged.id, changed.created_at FROM changed, tagged
), words AS (
	INSERT INTO lexicon (word)
	SELECT w FROM changed, new_words(changed.search) w WHERE changed.kind = 'post' AND changed.visibility <> 'private'
	    ON CONFLICT DO NOTHING
), named AS (
	SELECT r.id FROM changed JOIN profiles me ON me.id = $2 JOIN profiles r ON lower(r.handle) = ANY ($7) AND r.id <> $2
	 WHERE CASE WHEN changed.kind = 'comment' THEN EXISTS (SELECT FROM can_read_comment(r.id, $2, changed.comment_on_id))
		    ELSE EXISTS (SELECT FROM post_gate(r.id, me.id, me.is_live, me.is_private, me.posts_visibility,
				'active', changed.visibility, changed.expires_at, changed.is_nsfw)) END
), mentioned AS (
	INSERT INTO post_mentions (post_id, mentioned_user_id) SELECT changed.id, named.id FROM changed, named
	    ON CONFLICT DO NOTHING RETURNING mentioned_user_id
), told AS (
	SELECT notify(m.mentioned_user_id, $2, 'mention', COALESCE(changed.comment_on_id, changed.id),
			CASE WHEN changed.kind = 'comment' THEN changed.id END, 'high', NULL,
			jsonb_build_object('post_type', CASE WHEN changed.video_url IS NULL THEN 'standard' ELSE 'quip' END))
	  FROM changed, mentioned m
)
SELECT changed.id FROM changed WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- A comment has no audience of its own.
-- name: post_set_visibility     $1 post uuid, $2 author uuid, $3 visibility text
WITH old AS (
	SELECT id, visibility FROM posts
	 WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL AND kind = 'post'
), changed AS (
	UPDATE posts p SET visibility = $3 FROM old WHERE p.id = old.id RETURNING p.id
), counted AS (
	UPDATE hashtags h
	   SET use_count = GREATEST(h.use_count + ($3 = 'public')::integer - (old.visibility = 'public')::integer, 0),
	       updated_at = now()
	  FROM old JOIN post_hashtags l ON l.post_id = old.id
	 WHERE h.id = l.hashtag_id AND (old.visibility = 'public') <> ($3 = 'public')
)
SELECT id FROM changed;

-- One pinned post a profile: the first of these statements makes room for the second.
-- name: post_unpin_all     $1 author uuid
UPDATE posts SET pinned_at = NULL WHERE author_id = $1 AND pinned_at IS NOT NULL;

-- name: post_pin     $1 post uuid, $2 author uuid, $3 pinned bool
UPDATE posts SET pinned_at = CASE WHEN $3 THEN now() END
 WHERE id = $1 AND author_id = $2 AND deleted_at IS NULL AND kind = 'post' AND root_id IS NULL
RETURNING id;

-- The public counter counts one view a user in half an hour.
-- name: post_view     $1 post uuid, $2 user uuid, $3 duration_ms bigint, $4 watch_pct int
WITH seen AS (
	SELECT id, author_id FROM visible_posts_and_comments($2) WHERE id = $1
), put AS (
	INSERT INTO post_views AS v (post_id, user_id, total_duration_ms, last_watch_pct)
	SELECT id, $2, $3, $4 FROM seen WHERE author_id <> $2
	    ON CONFLICT (post_id, user_id) DO UPDATE
	   SET view_count = v.view_count + 1, total_duration_ms = v.total_duration_ms + excluded.total_duration_ms,
	       last_watch_pct = GREATEST(v.last_watch_pct, excluded.last_watch_pct), viewed_at = now(),
	       counted_at = CASE WHEN v.counted_at < now() - interval '30 minutes' THEN now() ELSE v.counted_at END
	RETURNING v.post_id, v.counted_at = now() AS counts
), counted AS (
	UPDATE post_metrics m SET view_count = m.view_count + 1 FROM put WHERE m.post_id = put.post_id AND put.counts
)
SELECT id FROM seen;

-- An account's own list: root posts with the pinned one first, or its replies. Empty behind a private
-- card (T-FOL-2), no row of `owner` when there is none to be seen (T-BLK-2). (SELECT EXISTS …) is asked once and
-- before anything is read: what is hidden costs no more than what is not there.
-- name: profile_there     $1 owner uuid, $2 viewer uuid
SELECT id FROM visible_profiles($2) WHERE id = $1;

-- name: profile_posts     $1 viewer uuid, $2 owner uuid, $3 limit int, $4 offset int, $5 before time, $6 before_id uuid
WITH pinned AS MATERIALIZED (
	SELECT v.id, v.created_at FROM visible_posts($1) v WHERE v.author_id = $2 AND v.pinned_at IS NOT NULL
), page AS MATERIALIZED (
	SELECT x.id, x.created_at, x.first FROM (
		SELECT id, created_at, true AS first FROM pinned WHERE $5 = 'infinity'
		UNION ALL
		(SELECT v.id, v.created_at, false FROM visible_posts($1) v
		  WHERE v.author_id = $2 AND v.root_id IS NULL AND v.pinned_at IS NULL
		    AND (SELECT EXISTS (SELECT FROM open_profiles($1) o WHERE o.id = $2))
		    AND (v.created_at, v.id) < ($5, $6)
		  ORDER BY v.created_at DESC, v.id DESC
		  LIMIT $3 + $4)) x
	 ORDER BY x.first DESC, x.created_at DESC, x.id DESC
	 LIMIT $3 OFFSET $4
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.first DESC, page.created_at DESC, page.id DESC;

-- name: profile_replies     $1 viewer uuid, $2 owner uuid, $3 limit int, $4 offset int, $5 before time, $6 before_id uuid
WITH page AS MATERIALIZED (
	SELECT v.id, v.created_at FROM visible_posts_and_comments($1) v
	 WHERE v.author_id = $2 AND v.root_id IS NOT NULL AND (v.created_at, v.id) < ($5, $6)
	   AND (SELECT EXISTS (SELECT FROM visible_profiles($1) o WHERE o.id = $2))
	 ORDER BY v.created_at DESC, v.id DESC
	 LIMIT $3 OFFSET $4
)
SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- T-PST-9: a saved post that cannot be seen now is left out, and is back when it can.
-- name: saved_list     $1 user uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
SELECT s.post_id AS id, s.created_at AS at
  FROM post_saves s JOIN visible_posts_and_comments($1) v ON v.id = s.post_id
 WHERE s.user_id = $1 AND (s.created_at, s.post_id) < ($4, $5)
 ORDER BY s.created_at DESC, s.post_id DESC
 LIMIT $2 OFFSET $3;

-- name: liked_list     $1 user uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
SELECT l.post_id AS id, l.created_at AS at
  FROM post_likes l JOIN visible_posts_and_comments($1) v ON v.id = l.post_id
 WHERE l.user_id = $1 AND (l.created_at, l.post_id) < ($4, $5)
 ORDER BY l.created_at DESC, l.post_id DESC
 LIMIT $2 OFFSET $3;

-- Posts whose ids a list has found and checked, in its order.
-- name: posts_dress     $1 viewer uuid, $2 posts uuids
SELECT c.*
  FROM unnest($2) WITH ORDINALITY AS w (id, place)
  JOIN post_cards($1) c ON c.id = w.id
 ORDER BY w.place
 LIMIT 100;

-- T-PST-7, T-RNK-6: the author's alone; `mine` false answers 403 to others who can see the post.
-- name: post_score     $1 post uuid, $2 viewer uuid
SELECT v.author_id = $2 AS mine, s.post_id IS NOT NULL AS scored, COALESCE(s.score, 0) AS score, s.updated_at AS scored_at,
       COALESCE(s.engagement_score, 0) AS engagement, COALESCE(s.quality_score, 0) AS quality,
       COALESCE(s.recency_score, 0) AS recency, COALESCE(s.tone_score, 0) AS tone,
       COALESCE(s.video_boost_score, 0) AS video, COALESCE(s.harmony_score, 0) AS harmony,
       COALESCE(s.moderation_penalty, 0) AS moderation, COALESCE(s.safety, 1) AS safety,
       w.engagement_weight, w.quality_weight, w.recency_weight, w.tone_weight, w.video_weight, w.harmony_weight,
       w.moderation_weight
  FROM visible_posts($2) v
  LEFT JOIN post_feed_scores s ON s.post_id = v.id
 CROSS JOIN (SELECT COALESCE(max(value) FILTER (WHERE key = 'feed_engagement_weight'), 0) AS engagement_weight,
		    COALESCE(max(value) FILTER (WHERE key = 'feed_quality_weight'), 0) AS quality_weight,
		    COALESCE(max(value) FILTER (WHERE key = 'feed_recency_weight'), 0) AS recency_weight,
		    COALESCE(max(value) FILTER (WHERE key = 'feed_tone_weight'), 0) AS tone_weight,
		    COALESCE(max(value) FILTER (WHERE key = 'feed_video_boost_weight'), 0) AS video_weight,
		    COALESCE(max(value) FILTER (WHERE key = 'feed_harmony_weight'), 0) AS harmony_weight,
		    COALESCE(max(value) FILTER (WHERE key = 'feed_moderation_penalty_weight'), 0) AS moderation_weight
	       FROM algorithm_config) w
 WHERE v.id = $1;

-- Posts whose time is up (every minute); their jailed and removed kin keep their state.
-- name: posts_expire [slow]
UPDATE posts SET status = 'expired' WHERE status = 'active' AND expires_at <= now();
