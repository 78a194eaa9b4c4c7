-- What is asked at each look at the metrics; cheap, however much there is.

-- name: metrics_database
SELECT pg_database_size(current_database()) AS size,
       (SELECT version FROM schema_migrations LIMIT 1) AS version,
       COALESCE((SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint
		   FROM pg_replication_slots WHERE NOT pg_is_in_recovery()), 0) AS slot_lag
