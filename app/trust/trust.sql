-- Harmony, §6.3: points for what was good in the last 30 days, less penalties; all in one statement for a page of
-- accounts by id, so that a day's work can stop anywhere. Whoever was calculated in the last 20 hours is left out,
-- so that going on, or running twice, moves nobody twice. Counts that have a cap stop at it.
--
-- An account in its first 30 days loses points by penalties only. A score moves five points a day; what was
-- held against the account since the last calculation counts in full at once. Reactions count on posts of the
-- last 60 days, of which the newest 200; a reader's reaction or like is one reaction.
-- name: trust_calculate     $1 after uuid, $2 limit int [slow]
WITH who AS MATERIALIZED (
	SELECT t.user_id AS id, t.harmony_score AS old, u.created_at > now() - interval '30 days' AS is_new,
	       COALESCE(t.last_harmony_calc_at, u.created_at) AS since
	  FROM trust_state t JOIN users u ON u.id = t.user_id
	 WHERE t.user_id > COALESCE($1, '00000000-0000-0000-0000-000000000000')
	   AND u.status = 'active' AND u.created_at <= now() - interval '1 day'
	   AND (t.last_harmony_calc_at IS NULL OR t.last_harmony_calc_at < now() - interval '20 hours')
	   AND (t.last_post_at > now() - interval '90 days' OR u.last_login > now() - interval '90 days'
		OR EXISTS (SELECT FROM sessions s
			    WHERE s.user_id = u.id AND s.last_used_at > now() - interval '90 days'))
	 ORDER BY t.user_id
	 LIMIT $2
), found AS MATERIALIZED (
	SELECT w.*, posts.n AS posts, reactions.n AS reactions, days.n AS days, friends.n AS friends,
	       upheld.recent, upheld.older, upheld.fresh, blocks.n AS blocks, blocks.week AS blocks_week,
	       blocks.fresh AS blocks_fresh, filed.accepted, filed.dismissed, filed.dismissed_fresh
	  FROM who w
	 CROSS JOIN LATERAL (
		SELECT count(*) AS n FROM (
			SELECT FROM posts p
			 WHERE p.author_id = w.id AND p.created_at > now() - interval '30 days'
			   AND p.kind = 'post' AND p.status = 'active' AND p.deleted_at IS NULL
			 LIMIT 5) p) posts
	 CROSS JOIN LATERAL (
		SELECT count(*) AS n FROM (
			SELECT r.user_id
			  FROM (SELECT p.id FROM posts p
				 WHERE p.author_id = w.id AND p.created_at > now() - interval '60 days'
				   AND p.deleted_at IS NULL
				 ORDER BY p.created_at DESC, p.id DESC LIMIT 200) p
			 CROSS JOIN LATERAL (
				SELECT x.user_id FROM post_reactions x
				 WHERE x.post_id = p.id AND x.created_at > now() - interval '30 days'
				UNION
				SELECT l.user_id FROM post_likes l
				 WHERE l.post_id = p.id AND l.created_at > now() - interval '30 days') r
			 WHERE r.user_id <> w.id
			 LIMIT 10) r) reactions
	 CROSS JOIN LATERAL (
		SELECT count(DISTINCT (d.at AT TIME ZONE 'UTC')::date) AS n FROM (
			SELECT p.created_at AS at FROM posts p
			 WHERE p.author_id = w.id AND p.created_at > now() - interval '30 days'
			UNION ALL
			SELECT x.created_at FROM post_reactions x
			 WHERE x.user_id = w.id AND x.created_at > now() - interval '30 days'
			UNION ALL
			SELECT l.created_at FROM post_likes l
			 WHERE l.user_id = w.id AND l.created_at > now() - interval '30 days') d) days
	 CROSS JOIN LATERAL (
		SELECT count(*) AS n FROM (
			SELECT FROM follows f
			  JOIN follows b ON b.follower_id = f.following_id AND b.following_id = f.follower_id
					AND b.status = 'accepted'
			 WHERE f.follower_id = w.id AND f.status = 'accepted'
			   AND GREATEST(f.created_at, b.created_at) > now() - interval '30 days'
			 LIMIT 2) f) friends
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE at > now() - interval '30 days') AS recent,
		       count(*) FILTER (WHERE at BETWEEN now() - interval '60 days' AND now() - interval '30 days') AS older,
		       count(*) FILTER (WHERE at > w.since) AS fresh
		  FROM (SELECT COALESCE(r.reviewed_at, r.created_at) AS at FROM reports r
			 WHERE r.target_user_id = w.id AND r.status = 'actioned') r) upheld
	 CROSS JOIN LATERAL (
		SELECT count(*) AS n, count(*) FILTER (WHERE b.created_at > now() - interval '7 days') AS week,
		       count(*) FILTER (WHERE b.created_at > w.since) AS fresh
		  FROM (SELECT b.created_at FROM blocks b
			 WHERE b.blocked_id = w.id AND b.created_at > now() - interval '30 days' LIMIT 20) b) blocks
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE r.status = 'actioned') AS accepted,
		       count(*) FILTER (WHERE r.status = 'dismissed') AS dismissed,
		       count(*) FILTER (WHERE r.status = 'dismissed' AND r.at > w.since) AS dismissed_fresh
		  FROM (SELECT r.status, COALESCE(r.reviewed_at, r.created_at) AS at FROM reports r
			 WHERE r.reporter_id = w.id AND r.status IN ('actioned', 'dismissed')
			   AND r.created_at > now() - interval '60 days') r
		 WHERE r.at > now() - interval '30 days') filed
), weighed AS (
	SELECT f.id, f.old, f.is_new,
	       5 * f.posts + 2 * f.reactions + LEAST(f.days, 30) + 10 * f.friends + f.accepted AS points,
	       15 * f.recent + 8 * f.older + 2 * f.dismissed
		+ LEAST(3 * f.blocks, CASE WHEN f.blocks_week >= 3 THEN 10 ELSE 5 END) AS penalties,
	       15 * f.fresh + 2 * f.dismissed_fresh
		+ LEAST(3 * f.blocks_fresh, CASE WHEN f.blocks_week >= 3 THEN 10 ELSE 5 END) AS new_penalties
	  FROM found f
), aim AS (
	SELECT w.id, w.old, w.new_penalties,
	       GREATEST(w.points - w.penalties, CASE WHEN w.is_new THEN 50 - w.penalties END) AS score
	  FROM weighed w
), moved AS (
	SELECT a.id, LEAST(GREATEST(LEAST(GREATEST(a.score, a.old - 5 - a.new_penalties), a.old + 5), 0), 100)::integer AS score
	  FROM aim a
), put AS (
	UPDATE trust_state t
	   SET harmony_score = m.score, tier = tier_of_score(m.score), last_harmony_calc_at = now(), updated_at = now()
	  FROM moved m WHERE t.user_id = m.id
)
SELECT (SELECT id FROM who ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*)::integer FROM who) AS n;
