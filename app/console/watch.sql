-- What the console shows of the database, the app and the move. Asked every few seconds while somebody looks, so each
-- statement reads catalogs, indexes or a bounded part of a table, however much there is.

-- Of this database and its server; a role without pg_monitor sees how many connections there are, not what they do.
-- name: console_database
SELECT pg_database_size(current_database()) AS size, current_setting('server_version') AS version,
       d.xact_commit AS commits, d.xact_rollback AS rollbacks, d.deadlocks, d.temp_bytes,
       (d.blks_hit::float8 / GREATEST(d.blks_hit + d.blks_read, 1)) AS hit_ratio,
       d.numbackends AS connections, current_setting('max_connections')::integer AS max_connections,
       COALESCE((SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))::bigint
		   FROM pg_replication_slots s WHERE NOT pg_is_in_recovery()), 0) AS slot_lag,
       COALESCE((SELECT extract(epoch FROM max(now() - a.xact_start))
		   FROM pg_stat_activity a WHERE a.datname = current_database()), 0)::float8 AS oldest_transaction,
       (SELECT r.at FROM backup_runs r WHERE r.kind = 'backup' AND r.problem IS NULL ORDER BY r.at DESC LIMIT 1) AS backup_at,
       (SELECT r.at FROM backup_runs r WHERE r.kind = 'drill' ORDER BY r.at DESC LIMIT 1) AS drill_at,
       (SELECT r.problem FROM backup_runs r WHERE r.kind = 'drill' ORDER BY r.at DESC LIMIT 1) AS drill_problem
  FROM pg_stat_database d WHERE d.datname = current_database();

-- All there are as the planner estimates them, new ones as they are counted, up to 10,000.
-- name: console_counts
SELECT (SELECT GREATEST(c.reltuples, 0)::bigint FROM pg_class c WHERE c.oid = 'users'::regclass) AS users,
       (SELECT GREATEST(c.reltuples, 0)::bigint FROM pg_class c WHERE c.oid = 'posts'::regclass) AS posts,
       (SELECT GREATEST(c.reltuples, 0)::bigint FROM pg_class c WHERE c.oid = 'secure_messages'::regclass) AS messages,
       (SELECT count(*) FROM (SELECT FROM profiles p WHERE p.is_live AND p.created_at > now() - interval '1 day' LIMIT 10000) x)
	AS new_users,
       (SELECT count(*) FROM (SELECT FROM posts p WHERE p.deleted_at IS NULL AND p.root_id IS NULL
				 AND p.created_at > now() - interval '1 day' LIMIT 10000) x) AS new_posts,
       (SELECT count(*) FROM (SELECT FROM beacons b WHERE b.status = 'active' AND b.expires_at > now() LIMIT 10000) x) AS beacons,
       (SELECT count(*) FROM (SELECT FROM reports r WHERE r.status = 'pending' LIMIT 1000) x) AS reports,
       (SELECT count(*) FROM (SELECT FROM moderation_flags f WHERE f.status = 'pending' LIMIT 1000) x) AS flags,
       (SELECT count(*) FROM (SELECT FROM users u WHERE u.status = 'suspended' AND u.suspended_until > now() LIMIT 1000) x)
	AS suspended;

-- ---- the map ----

-- Beacons that are on the map now, by cells of half a degree, which is some 50 km: enough to see where something goes on,
-- too little to see whose street it is. The 20,000 newest.
-- name: console_map_beacons     $1 limit int
SELECT (floor(b.lat * 2) / 2 + 0.25)::float8 AS lat, (floor(b.long * 2) / 2 + 0.25)::float8 AS lon, count(*)::integer AS n,
       count(*) FILTER (WHERE b.severity IN ('high', 'critical'))::integer AS severe
  FROM (SELECT m.lat, m.long, m.severity, m.expires_at FROM beacons m
	 WHERE m.on_map AND m.created_at > now() - interval '4 hours'
	 ORDER BY m.created_at DESC, m.id DESC LIMIT $1) b
 WHERE b.expires_at > now()
 GROUP BY 1, 2;

-- People by the country that they, or the app they came from, have named: estimated from some 10,000 rows.
-- name: console_map_people
WITH size AS MATERIALIZED (
	SELECT GREATEST(c.reltuples, 1)::float8 AS n FROM pg_class c WHERE c.oid = 'profile_private'::regclass
), sample AS (
	SELECT upper(v.origin_country) AS country, count(*)::float8 AS n
	  FROM profile_private v TABLESAMPLE SYSTEM ((SELECT LEAST(100, 1000000 / n)::real FROM size))
	 GROUP BY 1
)
SELECT COALESCE(country, '') AS country,
       ceil(s.n * GREATEST(1, (SELECT z.n FROM size z) / 10000))::bigint AS n
  FROM sample s ORDER BY 2 DESC LIMIT 300;

-- ---- the move ----

-- Of the newest run; no row: nothing has ever been imported.
-- name: move_console_run
SELECT r.id, r.phase, r.source, r.stopped, r.as_of, r.updated_at, g.state, g.writer, g.epoch, g.changed_at,
       (SELECT count(*)::integer FROM supabase_move.gate_servers s WHERE s.seen_at > now() - supabase_move.gate_silence()) AS servers
  FROM supabase_move.runs r CROSS JOIN supabase_move.gate g
 ORDER BY r.id DESC
 LIMIT 1;

-- name: move_console_files     $1 run bigint
SELECT f.name, f.size, f.done_to FROM supabase_move.files f WHERE f.run_id = $1 ORDER BY f.n LIMIT 100;

-- name: move_console_ledger     $1 run bigint [slow]
SELECT l.outcome, l.kind, count(*) AS statements, sum(l.n)::bigint AS rows
  FROM supabase_move.ledger l WHERE l.run_id = $1 GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 200;

-- What a report has counted last.
-- name: move_console_tables
SELECT l.name, l.n AS rows FROM supabase_move.landed l ORDER BY l.name LIMIT 500;

-- name: move_console_findings
SELECT f.code, f.subject, count(*) AS n, min(f.detail) AS detail
  FROM supabase_move.findings f GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 200;

-- name: move_console_objects [slow]
SELECT count(*) FILTER (WHERE o.state = 'stored') AS stored, count(*) FILTER (WHERE o.state = 'pending') AS pending,
       count(*) FILTER (WHERE o.state = 'missing') AS missing, count(*) FILTER (WHERE o.state = 'different') AS different
  FROM storage_objects o;

-- name: move_console_verdict     $1 run bigint
SELECT v.at, v.ok, v.report FROM supabase_move.verdicts v WHERE v.run_id = $1 ORDER BY v.at DESC LIMIT 1;
