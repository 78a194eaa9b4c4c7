-- What `sojorn doctor` asks the database.

-- name: doctor_database
SELECT current_setting('server_version_num')::integer / 10000 AS version,
       (SELECT string_agg(e, ', ') FROM unnest(ARRAY['postgis', 'pg_trgm', 'uuid-ossp']) AS e
	 WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = e)) AS missing,
       (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS is_super,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'sojorn' AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS is_owner,
       current_setting('max_connections')::integer
	- current_setting('superuser_reserved_connections')::integer AS connections,
       current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean
	AND current_setting('synchronous_commit') <> 'off' AS is_durable,
       round(extract(epoch FROM clock_timestamp()))::bigint AS clock,
       to_regclass('sojorn.schema_migrations') IS NOT NULL AS has_schema;

-- name: doctor_backup
SELECT extract(epoch FROM now() - max(at) FILTER (WHERE kind = 'backup' AND problem IS NULL))::bigint / 3600 AS hours,
       (SELECT problem FROM sojorn.backup_runs WHERE kind = 'drill' ORDER BY at DESC LIMIT 1) AS drill
  FROM sojorn.backup_runs
 WHERE at > now() - interval '60 days'

-- name: doctor_move
SELECT rolsuper OR EXISTS (SELECT FROM pg_roles s WHERE s.rolname = 'pg_create_subscription' AND pg_has_role(current_user, s.oid, 'MEMBER')),
       rolname::text
  FROM pg_roles WHERE rolname = current_user;
