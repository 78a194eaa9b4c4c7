-- Where the schema stands; the table is golang-migrate's.
-- name: health_schema
SELECT version, dirty FROM schema_migrations LIMIT 1
