-- One open report a reporter and object; T-REP-1..3. What is reported must be visible to the reporter; an
-- anonymous beacon has no account, and its id comes as the post's. `problem` says why nothing was stored.
-- name: report_put     $1 reporter uuid, $2 target uuid, $3 post uuid, $4 comment uuid, $5 violation text, $6 description text
WITH account AS (
	SELECT id FROM visible_profiles($1) WHERE id = $2 AND id <> $1
), post AS (
	SELECT id, author_id FROM visible_posts_and_comments($1) WHERE id = $3
), beacon AS (
	SELECT id FROM map_beacons WHERE id = $3
), remark AS (
	SELECT id, author_id FROM visible_posts_and_comments($1) WHERE id = $4
), object AS (
	SELECT COALESCE((SELECT author_id FROM remark), (SELECT author_id FROM post), (SELECT id FROM account)) AS target,
	       (SELECT id FROM post) AS post, (SELECT id FROM remark) AS comment, (SELECT id FROM beacon) AS beacon
), problem AS (
	SELECT CASE
		WHEN $4 IS NOT NULL AND comment IS NULL THEN 'not_found'
		WHEN $3 IS NOT NULL AND post IS NULL AND beacon IS NULL THEN 'not_found'
		WHEN target IS NULL AND beacon IS NULL THEN CASE WHEN $2 = $1 THEN 'own' ELSE 'not_found' END
		WHEN target = $1 THEN 'own'
	       END AS code
	  FROM object
), put AS (
	INSERT INTO reports (reporter_id, target_user_id, post_id, comment_id, beacon_id, violation_type, description)
	SELECT $1, o.target, o.post, o.comment, o.beacon, $5, $6 FROM object o, problem p WHERE p.code IS NULL
	    ON CONFLICT DO NOTHING
)
SELECT code AS problem FROM problem;

-- name: reports_mine     $1 reporter uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
SELECT r.id, r.violation_type, r.description, r.status, r.created_at, a.handle AS target_handle
  FROM reports r LEFT JOIN profiles a ON a.id = r.target_user_id
 WHERE r.reporter_id = $1 AND (r.created_at, r.id) < ($4, $5)
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $2 OFFSET $3;

-- name: reports_count     $1 reporter uuid
SELECT count(*)::integer AS total FROM reports WHERE reporter_id = $1;
