-- What has moved since all rows were compared. Run on connections of the command's own, as those of verify.sql.

-- name: move_moved_begin
WITH gone AS (
	DELETE FROM supabase_move.moved
)
UPDATE supabase_move.runs SET noting = true WHERE id = (SELECT max(id) FROM supabase_move.runs)

-- How many are noted; before they are compared they are marked, afterwards those are forgotten that have not changed again.
-- name: move_moved_count
SELECT count(*)::text FROM supabase_move.moved

-- name: move_moved_mark
UPDATE supabase_move.moved SET old = true WHERE NOT old

-- name: move_moved_forget
DELETE FROM supabase_move.moved WHERE old

-- name: move_moved_end
UPDATE supabase_move.runs SET noting = false WHERE noting

-- First columns of the keys of rows that were noted of a table, by whatever column noted them; empty: none was.
-- name: move_moved_text     $1 id int, $2 on_a bool
WITH side AS (
	SELECT name, CASE WHEN $2 THEN a_from ELSE b_from END AS source, CASE WHEN $2 THEN a_look ELSE b_look END AS look
	  FROM supabase_move.compared WHERE id = $1 AND a_key IS NOT NULL
), noted AS (
	SELECT s.source, s.look, c.a, c.b, c.t, array_agg(DISTINCT m.a) FILTER (WHERE m.a IS NOT NULL) AS list_a,
	       array_agg(DISTINCT m.b) FILTER (WHERE c.a IS NULL AND m.b IS NOT NULL) AS list_b,
	       array_agg(DISTINCT m.t) FILTER (WHERE c.a IS NULL AND c.b IS NULL AND m.t IS NOT NULL) AS list_t
	  FROM side s
	  JOIN supabase_move.captures c ON c.queue = 'changed' AND format('%I.%I', c.schema, c.name) = s.name
	  JOIN supabase_move.moved m ON m.kind = c.kind
	 GROUP BY s.source, s.look, c.a, c.b, c.t
)
SELECT COALESCE((SELECT format('SELECT json_agg(DISTINCT %s::text)::text FROM %s x WHERE %s', look, source, CASE
	WHEN a IS NOT NULL THEN format('x.%I = ANY (%L::uuid[])', a, list_a)
	WHEN b IS NOT NULL THEN format('x.%I = ANY (%L::uuid[])', b, list_b)
	ELSE format('x.%I = ANY (%L::text[])', t, list_t) END) FROM noted), '')
