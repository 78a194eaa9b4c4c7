-- What `sojorn backup` asks the running cluster, as a superuser.

-- name: backup_cluster
SELECT current_setting('data_directory') AS data,
       current_setting('port') AS port,
       split_part(current_setting('unix_socket_directories'), ', ', 1) AS socket,
       CASE current_setting('archive_mode') WHEN 'off' THEN '' ELSE current_setting('archive_command') END AS command,
       current_user AS superuser,
       current_database() AS database;

-- Seconds since the newest WAL left the machine: what a disaster now would take.
-- name: backup_exposure
SELECT COALESCE(extract(epoch FROM now() - last_archived_time)::float8::text, '') AS seconds,
       COALESCE(last_archived_wal, '') AS wal
  FROM pg_stat_archiver;

-- A commit, and the WAL file it is in, closed; where it has got to.
-- name: backup_mark [write]
SELECT pg_logical_emit_message(true, 'sojorn', 'drill')::text AS mark;

-- name: backup_switch [write]
SELECT pg_walfile_name(pg_switch_wal()) AS wal;

-- What came of a run. Those of the last year are kept.
-- name: backup_record     $1 kind text, $2 problem text, $3 seconds text, $4 rpo text [write]
WITH gone AS (DELETE FROM sojorn.backup_runs WHERE at < now() - interval '400 days')
INSERT INTO sojorn.backup_runs (kind, problem, seconds, rpo_seconds)
VALUES ($1, $2, $3::float8, $4::float8)

-- What a restored database must hold: the schema, rows, and no row that points nowhere.
-- name: backup_contents [slow]
SELECT (SELECT version FROM sojorn.schema_migrations LIMIT 1) AS version,
       (SELECT count(*) FROM sojorn.users) AS users,
       (SELECT count(*) FROM sojorn.posts) AS posts,
       (SELECT count(*) FROM sojorn.posts p WHERE NOT EXISTS (SELECT FROM sojorn.profiles a WHERE a.id = p.author_id))
	+ (SELECT count(*) FROM sojorn.users u WHERE NOT EXISTS (SELECT FROM sojorn.profiles a WHERE a.id = u.id))
	AS orphans;
