-- Beacons. A position is compared with stored ones only; it is in no log and no error.

-- Today's key, made when it is the first of the day, and yesterday's. No row when another process makes
-- today's at this very moment: ask again.
-- name: beacon_keys     $1 fresh bytes
WITH day AS (
	SELECT (now() AT TIME ZONE 'UTC')::date AS today
), made AS (
	INSERT INTO beacon_tag_keys (day, key) SELECT today, $1 FROM day ON CONFLICT DO NOTHING RETURNING day, key
), keys AS (
	SELECT day, key FROM made UNION ALL SELECT k.day, k.key FROM beacon_tag_keys k, day WHERE k.day >= day.today - 1
)
SELECT t.key AS today, COALESCE((SELECT key FROM keys, day WHERE keys.day = day.today - 1 LIMIT 1), t.key) AS yesterday,
       day.today - date '1970-01-01' AS day
  FROM keys t, day WHERE t.day = day.today LIMIT 1;

-- name: beacon_create     $1 beacon uuid, $2 tag bytes, $3 type text, $4 severity text, $5 lat float, $6 long float,
--	$7 body text, $8 image_url text, $9 tags texts, $10 minutes int
INSERT INTO beacons (id, author_tag, beacon_type, severity, lat, long, body, image_url, tags, expires_at)
VALUES ($1, $2, $3, $4, $5::numeric, $6::numeric, $7, $8, $9, now() + make_interval(mins => $10));

-- name: beacon_get     $1 beacon uuid, $2 viewer uuid
SELECT c.id, true AS is_beacon, 'Anonymous' AS author_handle, 'Anonymous' AS author_display_name, c.body, c.created_at, c.expires_at, c.beacon_type, c.severity, c.incident_status, c.beacon_lat,
       c.beacon_long, c.radius, c.confidence_score, c.status_color, c.is_priority, c.is_active_beacon, c.vouch_count,
       c.report_count, c.my_vote, c.image_url, c.video_url, c.tags, c.is_official, c.official_source,
       0::double precision AS distance_meters
  FROM beacon_cards($2) c
 WHERE c.id = $1;

-- The nearest ones within the radius, the important ones among them first. Distances come out of the index
-- (kNN), so a crowded place costs no more than a page of it.
-- name: beacons_nearby     $1 viewer uuid, $2 lat float, $3 long float, $4 radius float, $5 limit int, $6 official bool
WITH here AS MATERIALIZED (
	SELECT ST_SetSRID(ST_MakePoint($3, $2), 4326)::geography AS place
), near AS MATERIALIZED (
	(SELECT c.*, c.location <-> here.place AS distance_meters
	  FROM here CROSS JOIN LATERAL (
		SELECT b.* FROM beacon_cards($1) b
		 WHERE ST_DWithin(b.location, here.place, $4)
		 ORDER BY b.location <-> here.place
		 LIMIT $5) c)
	UNION ALL
	(SELECT a.*, a.location <-> here.place
	  FROM here CROSS JOIN LATERAL (
		SELECT x.* FROM alert_cards x
		 WHERE $6 AND ST_DWithin(x.location, here.place, $4)
		 ORDER BY x.location <-> here.place
		 LIMIT $5) a)
)
SELECT id, true AS is_beacon, 'Anonymous' AS author_handle, 'Anonymous' AS author_display_name, body, created_at, expires_at, beacon_type, severity, incident_status, beacon_lat, beacon_long, radius,
       confidence_score, status_color, is_priority, is_active_beacon, vouch_count, report_count, my_vote, image_url,
       video_url, tags, is_official, official_source, distance_meters
  FROM near
 ORDER BY is_priority DESC, created_at DESC, id
 LIMIT $5;

-- A vote takes the place of the one before. The row's prior values come from under its lock, so two quick
-- taps count right. `problem`: why nothing was done.
-- name: beacon_vote     $1 beacon uuid, $2 user uuid, $3 kind text, $4 tag bytes, $5 tag_of_yesterday bytes
WITH target AS (
	SELECT b.id, b.author_tag IN ($4, $5) AS own
	  FROM beacons b JOIN map_beacons m ON m.id = b.id
	 WHERE b.id = $1
), problem AS (
	SELECT CASE
		WHEN NOT EXISTS (SELECT FROM target)
			THEN CASE WHEN EXISTS (SELECT FROM visible_posts_and_comments($2) WHERE id = $1)
				  THEN 'not_a_beacon' ELSE 'not_found' END
		WHEN (SELECT own FROM target) THEN 'own_beacon'
		WHEN $3 = 'vouch' AND t.tier = 'new' THEN 'tier_too_low'
	       END AS code, t.tier
	  FROM trust_state t WHERE t.user_id = $2
), vote AS (
	INSERT INTO beacon_votes AS v (beacon_id, user_id, kind, weight)
	SELECT target.id, $2, $3, CASE WHEN $3 = 'vouch' AND p.tier = 'established' THEN 2 ELSE 1 END
	  FROM target, problem p WHERE p.code IS NULL
	    ON CONFLICT (beacon_id, user_id) DO UPDATE
	   SET prior_kind = v.kind, prior_weight = v.weight, kind = excluded.kind, weight = excluded.weight
	RETURNING v.beacon_id, v.kind, v.weight, v.prior_kind, v.prior_weight
), counted AS (
	UPDATE beacons b
	   SET vouch_count = b.vouch_count + (v.kind = 'vouch')::integer - COALESCE(v.prior_kind = 'vouch', false)::integer,
	       vouch_weight = b.vouch_weight + CASE WHEN v.kind = 'vouch' THEN v.weight ELSE 0 END
			- CASE WHEN v.prior_kind = 'vouch' THEN v.prior_weight ELSE 0 END,
	       report_count = b.report_count + (v.kind = 'report')::integer - COALESCE(v.prior_kind = 'report', false)::integer
	  FROM vote v WHERE b.id = v.beacon_id
)
SELECT code AS problem FROM problem;

-- name: beacon_unvote     $1 beacon uuid, $2 user uuid
WITH target AS (
	SELECT id FROM map_beacons WHERE id = $1
), gone AS (
	DELETE FROM beacon_votes v USING target WHERE v.beacon_id = target.id AND v.user_id = $2
	RETURNING v.beacon_id, v.kind, v.weight
), counted AS (
	UPDATE beacons b
	   SET vouch_count = b.vouch_count - (g.kind = 'vouch')::integer,
	       vouch_weight = b.vouch_weight - CASE WHEN g.kind = 'vouch' THEN g.weight ELSE 0 END,
	       report_count = b.report_count - (g.kind = 'report')::integer
	  FROM gone g WHERE b.id = g.beacon_id
)
SELECT CASE WHEN EXISTS (SELECT FROM target) THEN NULL
	    WHEN EXISTS (SELECT FROM visible_posts_and_comments($2) WHERE id = $1) THEN 'not_a_beacon'
	    ELSE 'not_found' END AS problem;

-- Ends a beacon by the word of two people, of one of tier trusted and above, or of whoever made it. The
-- counters on the row decide, under its lock, so that of two at once the second ends it.
-- name: beacon_resolve     $1 beacon uuid, $2 user uuid, $3 verdict text, $4 tag bytes, $5 tag_of_yesterday bytes
WITH target AS (
	SELECT b.id, b.author_tag IN ($4, $5) OR t.tier IN ('trusted', 'elder', 'established') AS enough
	  FROM beacons b JOIN map_beacons m ON m.id = b.id, trust_state t
	 WHERE b.id = $1 AND t.user_id = $2
), said AS (
	INSERT INTO beacon_resolve_votes AS v (beacon_id, user_id, verdict) SELECT id, $2, $3 FROM target
	    ON CONFLICT (beacon_id, user_id) DO UPDATE SET prior = v.verdict, verdict = excluded.verdict
	RETURNING v.beacon_id, v.verdict, v.prior
), counted AS (
	UPDATE beacons b
	   SET resolved_count = b.resolved_count + (s.verdict = 'resolved')::integer
			- COALESCE(s.prior = 'resolved', false)::integer,
	       false_alarm_count = b.false_alarm_count + (s.verdict = 'false_alarm')::integer
			- COALESCE(s.prior = 'false_alarm', false)::integer,
	       incident_status = CASE
			WHEN target.enough THEN $3
			WHEN s.prior IS NOT DISTINCT FROM $3 THEN b.incident_status
			WHEN $3 = 'resolved' AND b.resolved_count >= 1 THEN $3
			WHEN $3 = 'false_alarm' AND b.false_alarm_count >= 1 THEN $3
			ELSE b.incident_status END
	  FROM said s, target WHERE b.id = s.beacon_id
	RETURNING b.incident_status
)
SELECT CASE WHEN EXISTS (SELECT FROM target) THEN NULL
	    WHEN EXISTS (SELECT FROM visible_posts_and_comments($2) WHERE id = $1) THEN 'not_a_beacon'
	    ELSE 'not_found' END AS problem,
       COALESCE((SELECT incident_status FROM counted), 'active') AS status;

-- name: beacons_expire [slow]
UPDATE beacons SET status = 'expired' WHERE status = 'active' AND expires_at <= now();

-- name: beacons_forget [slow]
WITH keys AS (
	DELETE FROM beacon_tag_keys WHERE day < (now() AT TIME ZONE 'UTC')::date - 1
)
DELETE FROM beacons WHERE expires_at < now() - interval '48 hours';
