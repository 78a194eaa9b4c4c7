-- How a move fares, for the metrics: cheap, however much there is.

-- name: move_numbers
SELECT g.in_use AS moving, g.state = 'upstream' AS upstream, g.state = 'held' AS held, g.state = 'here' AND g.in_use AS here,
       CASE WHEN g.state = 'held' THEN extract(epoch FROM clock_timestamp() - g.changed_at) ELSE 0 END::float8 AS held_seconds,
       COALESCE(CASE WHEN r.phase = 'transformed' AND r.beat > 0
		THEN GREATEST(extract(epoch FROM clock_timestamp()) - r.beat / 1e6, 0) END, 0)::float8 AS follow_lag,
       COALESCE(GREATEST(extract(epoch FROM clock_timestamp() - LEAST(
		(SELECT d.at FROM supabase_move.dirty d ORDER BY d.n LIMIT 1),
		(SELECT o.at FROM supabase_move.outgoing o ORDER BY o.id LIMIT 1))), 0), 0)::float8 AS reverse_lag,
       COALESCE(r.verified_wrong, -1) AS differences,
       COALESCE(extract(epoch FROM r.verified_at), 0)::float8 AS verified_at, w.fired = 'errors' AS errors,
       w.fired = 'slow' AS slow, w.fired = 'corrupt' AS corrupt, COALESCE(extract(epoch FROM w.seen_at), 0)::float8 AS watched_at,
       w.compared, w.differ
  FROM supabase_move.gate g CROSS JOIN supabase_move.watch w
  LEFT JOIN LATERAL (SELECT * FROM supabase_move.runs ORDER BY id DESC LIMIT 1) r ON true
