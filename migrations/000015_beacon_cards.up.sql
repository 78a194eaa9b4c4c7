-- A beacon as the client knows it, for a viewer.
SET search_path = sojorn, public, extensions;

-- Only what is on the map now; never an author. "location" is for the caller's conditions and distances.
CREATE FUNCTION beacon_cards(viewer uuid) RETURNS TABLE (
	id uuid, body text, created_at timestamptz, expires_at timestamptz, beacon_type text, severity text,
	incident_status text, beacon_lat double precision, beacon_long double precision, radius integer,
	confidence_score double precision, status_color text, is_priority boolean, is_active_beacon boolean,
	vouch_count integer, report_count integer, my_vote text, image_url text, video_url text, tags text[],
	is_official boolean, official_source text, location geography)
LANGUAGE sql STABLE AS $$
	SELECT b.id, b.body, b.created_at, b.expires_at, b.beacon_type, b.severity, b.incident_status, b.lat, b.long,
	       b.radius, b.confidence::double precision / 10,
	       CASE WHEN b.confidence > 7 THEN 'green' WHEN b.confidence >= 3 THEN 'yellow' ELSE 'red' END,
	       b.is_priority, true, b.vouch_count, b.report_count,
	       (SELECT v.kind FROM sojorn.beacon_votes v WHERE v.beacon_id = b.id AND v.user_id = viewer),
	       b.image_url, b.video_url, b.tags, false, NULL::text, b.location
	  FROM sojorn.map_beacons b
$$;

-- Alerts of official sources, in the same shape.
CREATE VIEW alert_cards AS
SELECT a.id, a.body, a.created_at, a.expires_at, a.beacon_type, a.severity, a.incident_status, a.lat AS beacon_lat,
       a.long AS beacon_long, a.radius, 1.0::double precision AS confidence_score, 'green' AS status_color,
       false AS is_priority, true AS is_active_beacon, 0 AS vouch_count, 0 AS report_count, NULL::text AS my_vote,
       a.image_url, a.video_url, a.tags, a.is_official, a.official_source, a.location
  FROM beacon_alerts a
 WHERE a.status = 'active' AND a.incident_status = 'active' AND (a.expires_at IS NULL OR a.expires_at > now());
