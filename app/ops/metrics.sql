-- What is asked at each look at the metrics; cheap, however much there is.

-- name: metrics_database
SELECT pg_database_size(current_database()) AS size,
       (SELECT version FROM schema_migrations LIMIT 1) AS version,
       COALESCE((SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint
		   FROM pg_replication_slots WHERE NOT pg_is_in_recovery()), 0) AS slot_lag

-- The newest backup that went well, and the newest drill; a database without either has one row of nothing.
-- name: metrics_backups
SELECT extract(epoch FROM b.at)::float8 AS completed,
       extract(epoch FROM d.at)::float8 AS drilled,
       d.problem IS NULL AS drill_ok,
       d.seconds AS rto,
       d.rpo_seconds AS rpo
  FROM (VALUES (1)) AS one
  LEFT JOIN (SELECT at FROM backup_runs WHERE kind = 'backup' AND problem IS NULL
	      ORDER BY at DESC LIMIT 1) b ON true
  LEFT JOIN (SELECT at, problem, seconds, rpo_seconds FROM backup_runs WHERE kind = 'drill'
	      ORDER BY at DESC LIMIT 1) d ON true
