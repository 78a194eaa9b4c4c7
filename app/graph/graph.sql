-- Follows, requests and blocks, each behind people_lock. A CTE that only tells people ("told") runs because the last SELECT counts it.

-- Goes before a statement that changes what is between people, in its transaction. None of them sees the row that
-- another is about to write, so each first takes all of the people, in the order of their ids, and the statement
-- behind sees what happened until then and waits for nobody.
-- name: people_lock     $1 me uuid, $2 ids uuids, $3 handles texts
SELECT id FROM profiles
 WHERE id = $1 OR id = ANY ($2) OR lower(handle) = ANY ($3)
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: follow_put     $1 me uuid, $2 target uuid
WITH target AS (
	SELECT a.id, CASE WHEN a.is_official THEN 'accepted'
			  WHEN a.is_private OR s.follow_request_policy = 'manual' THEN 'pending'
			  ELSE 'accepted' END AS status
	  FROM visible_profiles($1) a JOIN user_settings s ON s.user_id = a.id
	 WHERE a.id = $2
), put AS (
	INSERT INTO follows (follower_id, following_id, status) SELECT $1, id, status FROM target
	    ON CONFLICT DO NOTHING
	RETURNING following_id, status
), counted AS (
	UPDATE profiles p
	   SET following_count = p.following_count + (p.id = $1)::integer,
	       followers_count = p.followers_count + (p.id = $2)::integer
	  FROM put WHERE p.id = ANY (ARRAY[$1, $2]) AND put.status = 'accepted'
), told AS (
	SELECT notify($2, $1, CASE put.status WHEN 'accepted' THEN 'follow' ELSE 'follow_request' END, NULL, NULL,
			'normal', NULL, jsonb_build_object('follower_id', $1, 'post_type', 'standard'))
	  FROM put
)
SELECT COALESCE(put.status, f.status, target.status) AS status
  FROM target
  LEFT JOIN put ON true
  LEFT JOIN follows f ON f.follower_id = $1 AND f.following_id = target.id
 WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- Also withdraws a request; whoever I no longer follow leaves my circle by its reference. Ends with a row when
-- there was something to end or the other is there to be seen.
-- name: follow_delete     $1 me uuid, $2 target uuid
WITH gone AS (
	DELETE FROM follows WHERE follower_id = $1 AND following_id = $2 RETURNING following_id AS id, status
), counted AS (
	UPDATE profiles p
	   SET following_count = GREATEST(p.following_count - (p.id = $1)::integer, 0),
	       followers_count = GREATEST(p.followers_count - (p.id = $2)::integer, 0)
	  FROM gone WHERE p.id = ANY (ARRAY[$1, $2]) AND gone.status = 'accepted'
)
SELECT id FROM gone
UNION
SELECT id FROM visible_profiles($1) WHERE id = $2;

-- name: follower_delete     $1 me uuid, $2 follower uuid
WITH gone AS (
	DELETE FROM follows WHERE follower_id = $2 AND following_id = $1 AND status = 'accepted' RETURNING follower_id AS id
), counted AS (
	UPDATE profiles p
	   SET following_count = GREATEST(p.following_count - (p.id = $2)::integer, 0),
	       followers_count = GREATEST(p.followers_count - (p.id = $1)::integer, 0)
	  FROM gone WHERE p.id = ANY (ARRAY[$1, $2])
)
SELECT id FROM gone;

-- Both sides gain two points of harmony; the tier waits for the daily calculation.
-- name: request_accept     $1 me uuid, $2 requester uuid
WITH taken AS (
	UPDATE follows SET status = 'accepted', created_at = now()
	 WHERE follower_id = $2 AND following_id = $1 AND status = 'pending'
	   AND EXISTS (SELECT FROM visible_profiles($1) WHERE id = $2)
	RETURNING follower_id AS id
), counted AS (
	UPDATE profiles p
	   SET following_count = p.following_count + (p.id = $2)::integer,
	       followers_count = p.followers_count + (p.id = $1)::integer
	  FROM taken WHERE p.id = ANY (ARRAY[$1, $2])
), harmony AS (
	UPDATE trust_state t SET harmony_score = LEAST(t.harmony_score + 2, 100), updated_at = now()
	  FROM taken WHERE t.user_id = ANY (ARRAY[$1, $2])
), told AS (
	SELECT notify(taken.id, $1, 'follow_accepted', NULL, NULL, 'normal', NULL,
			jsonb_build_object('post_type', 'standard'))
	  FROM taken
)
SELECT taken.id FROM taken WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- name: request_reject     $1 me uuid, $2 requester uuid
DELETE FROM follows WHERE follower_id = $2 AND following_id = $1 AND status = 'pending' RETURNING follower_id AS id;

-- name: requests_list     $1 me uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
SELECT a.id AS follower_id, a.handle, a.display_name, a.avatar_url, f.created_at AS requested_at
  FROM follows f JOIN visible_profiles($1) a ON a.id = f.follower_id
 WHERE f.following_id = $1 AND f.status = 'pending'
   AND (f.created_at, f.follower_id) < ($4, $5)
 ORDER BY f.created_at DESC, f.follower_id DESC
 LIMIT $2 OFFSET $3;

-- Whose lists these are: how many there are, 0 when the viewer may not look (T-FOL-3) or when
-- profile_visibility closes the counts to him, as on the card. No row: 404.
-- name: people_owner     $1 viewer uuid, $2 owner uuid
SELECT CASE WHEN open.ok THEN a.followers_count ELSE 0 END AS followers_count,
       CASE WHEN open.ok THEN a.following_count ELSE 0 END AS following_count
  FROM visible_profiles($1) a
 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM can_see_inside($1, a.id, a.is_private))
			AND EXISTS (SELECT FROM can_see_details($1, a.id)) AS ok) open
 WHERE a.id = $2;

-- T-FOL-9: an edge is shown when both of its ends are visible to the viewer. (SELECT EXISTS …) is asked once and
-- before anything is read, so that what is hidden costs no more than what is not there.
-- name: followers_list     $1 viewer uuid, $2 owner uuid, $3 limit int, $4 offset int, $5 before time, $6 before_id uuid
SELECT a.id, a.handle, a.display_name, a.avatar_url, t.tier, f.created_at AS followed_at
  FROM follows f
  JOIN visible_profiles($1) a ON a.id = f.follower_id
  JOIN trust_state t ON t.user_id = a.id
 WHERE f.following_id = $2 AND f.status = 'accepted'
   AND (SELECT EXISTS (SELECT FROM open_profiles($1) o WHERE o.id = $2))
   AND (f.created_at, f.follower_id) < ($5, $6)
 ORDER BY f.created_at DESC, f.follower_id DESC
 LIMIT $3 OFFSET $4;

-- name: following_list     $1 viewer uuid, $2 owner uuid, $3 limit int, $4 offset int, $5 before time, $6 before_id uuid
SELECT a.id, a.handle, a.display_name, a.avatar_url, t.tier, f.created_at AS followed_at
  FROM follows f
  JOIN visible_profiles($1) a ON a.id = f.following_id
  JOIN trust_state t ON t.user_id = a.id
 WHERE f.follower_id = $2 AND f.status = 'accepted'
   AND (SELECT EXISTS (SELECT FROM open_profiles($1) o WHERE o.id = $2))
   AND (f.created_at, f.following_id) < ($5, $6)
 ORDER BY f.created_at DESC, f.following_id DESC
 LIMIT $3 OFFSET $4;

-- Every way to block somebody: by id, by handle, by a list of handles. T-BLK-6..8: follows, requests and with
-- them circles, and notifications between the two go, counters drop, nobody is told.
-- name: block_put     $1 me uuid, $2 ids uuids, $3 handles texts, $4 address text
WITH target AS (
	SELECT id, lower(handle) AS handle FROM profiles
	 WHERE (id = ANY ($2) OR lower(handle) = ANY ($3)) AND id <> $1
), put AS (
	INSERT INTO blocks (blocker_id, blocked_id) SELECT $1, id FROM target ORDER BY id
	    ON CONFLICT DO NOTHING
	RETURNING blocked_id AS id
), gone AS (
	DELETE FROM follows f USING put
	 WHERE (f.follower_id, f.following_id) IN (($1, put.id), (put.id, $1))
	RETURNING f.follower_id, f.following_id, f.status
), change AS (
	SELECT id, sum(followers)::integer AS followers, sum(following)::integer AS following
	  FROM (SELECT following_id AS id, 1 AS followers, 0 AS following FROM gone WHERE status = 'accepted'
		UNION ALL
		SELECT follower_id, 0, 1 FROM gone WHERE status = 'accepted') c
	 GROUP BY id
), counted AS (
	UPDATE profiles p
	   SET followers_count = GREATEST(p.followers_count - c.followers, 0),
	       following_count = GREATEST(p.following_count - c.following, 0)
	  FROM change c WHERE p.id = c.id
), untold AS (
	DELETE FROM notifications n USING put WHERE (n.user_id, n.actor_id) IN (($1, put.id), (put.id, $1))
), logged AS (
	INSERT INTO abuse_logs (actor_id, blocked_id, blocked_handle, actor_ip)
	SELECT $1, target.id, target.handle, $4::inet FROM target JOIN put ON put.id = target.id
)
SELECT target.id, target.handle, put.id IS NOT NULL AS fresh FROM target LEFT JOIN put ON put.id = target.id;

-- name: block_delete     $1 me uuid, $2 target uuid
DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2;

-- name: blocks_list     $1 me uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
SELECT a.id, a.handle, a.display_name, a.avatar_url, b.created_at AS blocked_at
  FROM blocks b JOIN profiles a ON a.id = b.blocked_id
 WHERE b.blocker_id = $1
   AND (b.created_at, b.blocked_id) < ($4, $5)
 ORDER BY b.created_at DESC, b.blocked_id DESC
 LIMIT $2 OFFSET $3;

-- Mutual follows of the caller: with whom he can chat.
-- name: mutuals_list     $1 me uuid, $2 limit int, $3 offset int
SELECT a.id, a.handle, a.display_name, a.avatar_url
  FROM follows f
  JOIN follows b ON b.follower_id = f.following_id AND b.following_id = $1 AND b.status = 'accepted'
  JOIN visible_profiles($1) a ON a.id = f.following_id
 WHERE f.follower_id = $1 AND f.status = 'accepted'
 ORDER BY f.created_at DESC, f.following_id DESC
 LIMIT $2 OFFSET $3;

-- Followers of the account whom the caller follows.
-- name: mutual_followers_list     $1 me uuid, $2 owner uuid
SELECT a.id, a.handle, a.display_name, a.avatar_url
  FROM follows mine
  JOIN follows his ON his.follower_id = mine.following_id AND his.following_id = $2 AND his.status = 'accepted'
  JOIN visible_profiles($1) a ON a.id = mine.following_id
 WHERE mine.follower_id = $1 AND mine.status = 'accepted'
   AND (SELECT EXISTS (SELECT FROM open_profiles($1) o WHERE o.id = $2))
 ORDER BY his.created_at DESC, a.id
 LIMIT 50;

-- name: follow_get     $1 me uuid, $2 target uuid
SELECT EXISTS (SELECT FROM is_accepted_follow($1, a.id)) AS is_following FROM visible_profiles($1) a WHERE a.id = $2;

-- §10: friends of friends by the number of common follows; of at most 200 accounts followed and 50 each.
-- name: suggestions_list     $1 me uuid, $2 limit int
WITH mine AS MATERIALIZED (
	SELECT following_id AS id FROM follows WHERE follower_id = $1 AND status = 'accepted'
	 ORDER BY created_at DESC LIMIT 200
), near AS MATERIALIZED (
	SELECT n.following_id AS id, count(*)::integer AS common
	  FROM mine CROSS JOIN LATERAL (
		SELECT f.following_id FROM follows f WHERE f.follower_id = mine.id AND f.status = 'accepted'
		 ORDER BY f.created_at DESC LIMIT 50) n
	 WHERE n.following_id <> $1
	   AND NOT EXISTS (SELECT FROM follows x WHERE x.follower_id = $1 AND x.following_id = n.following_id)
	 GROUP BY n.following_id
	 ORDER BY common DESC, n.following_id
	 LIMIT 100
)
SELECT a.id, a.handle, a.display_name, a.avatar_url, near.common AS mutual_count,
       CASE near.common WHEN 1 THEN '1 mutual follow' ELSE near.common || ' mutual follows' END AS reason
  FROM near
  JOIN visible_profiles($1) a ON a.id = near.id AND NOT a.is_private
  JOIN user_settings s ON s.user_id = a.id AND s.show_in_suggestions
 ORDER BY near.common DESC, a.id
 LIMIT $2;

-- Only whom the caller follows; the circle is nobody else's business, and nobody is told.
-- name: circle_add     $1 me uuid, $2 member uuid
WITH target AS (
	SELECT a.id, EXISTS (SELECT FROM is_accepted_follow($1, a.id)) AS followed FROM visible_profiles($1) a WHERE a.id = $2
), put AS (
	INSERT INTO circle_members (user_id, member_id) SELECT $1, id FROM target WHERE followed ON CONFLICT DO NOTHING
)
SELECT followed FROM target;

-- name: circle_remove     $1 me uuid, $2 member uuid
DELETE FROM circle_members WHERE user_id = $1 AND member_id = $2;

-- name: circle_list     $1 me uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
SELECT a.id, a.handle, a.display_name, a.avatar_url, t.tier, c.created_at AS followed_at
  FROM circle_members c
  JOIN visible_profiles($1) a ON a.id = c.member_id
  JOIN trust_state t ON t.user_id = a.id
 WHERE c.user_id = $1 AND (c.created_at, c.member_id) < ($4, $5)
 ORDER BY c.created_at DESC, c.member_id DESC
 LIMIT $2 OFFSET $3;
