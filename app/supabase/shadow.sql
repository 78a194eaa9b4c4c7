-- Comparing what two servers answer.

-- Where two documents differ, members of these names left out; an array's order counts.
-- name: move_shadow_diff     $1 here json, $2 there json, $3 ignored texts
WITH RECURSIVE node AS (
	SELECT side, '' AS path, v FROM (VALUES ('here', $1::jsonb), ('there', $2::jsonb)) AS x (side, v)
	UNION ALL
	SELECT n.side, n.path || x.step, x.v
	  FROM node n CROSS JOIN LATERAL (
		SELECT '.' || m.key AS step, m.value AS v
		  FROM jsonb_each(CASE jsonb_typeof(n.v) WHEN 'object' THEN n.v ELSE '{}' END) m WHERE m.key <> ALL ($3)
		UNION ALL
		SELECT format('[%s]', e.i - 1), e.v
		  FROM jsonb_array_elements(CASE jsonb_typeof(n.v) WHEN 'array' THEN n.v ELSE '[]' END) WITH ORDINALITY AS e (v, i)) x
), leaf AS (
	SELECT side, path, CASE WHEN jsonb_typeof(v) IN ('object', 'array') THEN to_jsonb(jsonb_typeof(v)) ELSE v END AS v FROM node
)
SELECT string_agg(path || CASE WHEN here IS NULL THEN ' is missing here' WHEN there IS NULL THEN ' is only here' ELSE '' END, ', ' ORDER BY path)
  FROM (SELECT path, h.v AS here, t.v AS there
	  FROM (SELECT path, v FROM leaf WHERE side = 'here') h FULL JOIN (SELECT path, v FROM leaf WHERE side = 'there') t USING (path)
	 WHERE h.v IS DISTINCT FROM t.v ORDER BY path LIMIT 10) x

-- name: move_shadow_ignored     $1 more text
SELECT (string_to_array($1, ',') || ARRAY['request_id', 'access_token', 'refresh_token', 'expires_at', 'expires_in',
	'last_accessed_at', 'confirmation_sent_at', 'recovery_sent_at'])::text
