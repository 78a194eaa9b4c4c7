-- The position of a reader is a snapshot: what it did not see and this statement's own does is new. Without
-- a position only one is returned. Pages: what the first one's snapshot sees, in order of topic and number;
-- those of changes without a number tell their kinds apart. A long transaction that writes keeps the lower
-- bound back; that costs reading some rows again, which the snapshot then leaves out.
-- name: events_tail     $1 since text, $2 until text, $3 after_topic uuid, $4 after_seq bigint, $5 limit int
SELECT s.snapshot, e.topic, e.seq, e.kind, COALESCE(v.kind, e.type) AS type, v.payload,
       CASE v.kind WHEN 'new_message' THEN (v.payload ->> 'id')::uuid END AS message, e.lat, e.lon,
       extract(epoch FROM clock_timestamp() - e.created_at)::float8 AS age
  FROM (SELECT pg_current_snapshot()::text AS snapshot) s
  LEFT JOIN LATERAL (
	SELECT * FROM (
		SELECT u.user_id AS topic, u.seq, 'user' AS kind, u.kind AS type, u.payload, 0::float8 AS lat,
		       0::float8 AS lon, u.tx, u.created_at
		  FROM user_events u
		 WHERE u.tx >= pg_snapshot_xmin($1::pg_snapshot)
		   AND NOT pg_visible_in_snapshot(u.tx, $1::pg_snapshot)
		 UNION ALL
		SELECT v.topic, CASE v.kind WHEN 'account' THEN -4 WHEN 'badge' THEN -3 WHEN 'thread' THEN -2 ELSE -1 END,
		       v.kind, v.kind, NULL::jsonb, COALESCE(v.lat, 0)::float8, COALESCE(v.long, 0)::float8, v.tx,
		       v.created_at
		  FROM live_events v
		 WHERE v.tx >= pg_snapshot_xmin($1::pg_snapshot)
		   AND NOT pg_visible_in_snapshot(v.tx, $1::pg_snapshot)
	) x
	 WHERE ($2::text IS NULL OR pg_visible_in_snapshot(x.tx, $2::pg_snapshot))
	   AND ($3::uuid IS NULL OR (x.topic, x.seq) > ($3, $4))
	 ORDER BY x.topic, x.seq
	 LIMIT $5) e ON true
  LEFT JOIN LATERAL shown_event(e.topic, e.type, e.payload) v ON e.kind = 'user'
 ORDER BY e.topic, e.seq;

-- name: events_head     $1 user uuid
SELECT COALESCE((SELECT h.last_seq FROM user_event_heads h WHERE h.user_id = $1), 0) AS n;

-- What is after a number; `whole` says that nothing between it and the rows is gone. No row: no such user.
-- name: events_page     $1 user uuid, $2 last bigint, $3 limit int
SELECT COALESCE(h.last_seq, 0) AS head,
       $2 = COALESCE(h.last_seq, 0)
	OR $2 < h.last_seq AND (SELECT min(o.seq) FROM user_events o WHERE o.user_id = $1) <= $2 + 1 AS whole,
       e.seq, e.kind AS type, e.payload,
       CASE e.kind WHEN 'new_message' THEN (e.payload ->> 'id')::uuid END AS message
  FROM users a
  LEFT JOIN user_event_heads h ON h.user_id = a.id
  LEFT JOIN LATERAL (SELECT x.seq, x.kind, x.payload FROM events_after(a.id, $2) x
		      ORDER BY x.seq LIMIT $3) e ON true
 WHERE a.id = $1;

-- name: live_trim     $1 limit int
DELETE FROM live_events v
 WHERE v.ctid = ANY (ARRAY(SELECT o.ctid FROM live_events o
			    WHERE o.created_at < now() - interval '10 minutes'
			    ORDER BY o.created_at LIMIT $1));

-- name: thread_root     $1 post uuid, $2 viewer uuid
SELECT COALESCE(v.root_id, v.id) AS id FROM visible_posts_and_comments($2) v WHERE v.id = $1;

-- Of these people, those whose activity the viewer may see.
-- name: activity_visible     $1 viewer uuid, $2 people uuids
SELECT DISTINCT p AS id FROM unnest($2) p WHERE EXISTS (SELECT FROM can_see_activity($1, p));

-- The other way round.
-- name: activity_viewers     $1 subject uuid, $2 viewers uuids
SELECT DISTINCT v AS id FROM unnest($2) v WHERE EXISTS (SELECT FROM can_see_activity(v, $1));
