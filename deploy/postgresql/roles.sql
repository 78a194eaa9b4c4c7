-- Roles of least privilege. Once a cluster, as its superuser:
--
--	sudo -u postgres psql -f /usr/share/sojorn/roles.sql
--
-- sojorn_migrator owns the database and the schema; nobody signs in as it over the network.
-- sojorn is the server's: it reads and writes rows and owns nothing.
-- sojorn_read sees everything but what signs people in: for reports and looking around.
--
-- Peer authentication maps the account `sojorn` to the role of the same name; for migrations
-- MIGRATOR_DATABASE_URL names the other one.

\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['sojorn_migrator', 'sojorn', 'sojorn_read']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE sojorn_migrator LOGIN;
ALTER ROLE sojorn LOGIN CONNECTION LIMIT 64;
ALTER ROLE sojorn_read LOGIN CONNECTION LIMIT 8;
ALTER ROLE sojorn_read SET default_transaction_read_only = on;

SELECT 'CREATE DATABASE sojorn OWNER sojorn_migrator TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'sojorn') \gexec

\connect sojorn

-- Extensions need a superuser; the first migration finds them here.
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS postgis SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" SCHEMA extensions;
ALTER SCHEMA extensions OWNER TO sojorn_migrator;

CREATE SCHEMA IF NOT EXISTS sojorn AUTHORIZATION sojorn_migrator;
ALTER SCHEMA public OWNER TO sojorn_migrator;
REVOKE ALL ON DATABASE sojorn FROM PUBLIC;
GRANT CONNECT ON DATABASE sojorn TO sojorn, sojorn_read;
GRANT USAGE ON SCHEMA sojorn, extensions, public TO sojorn, sojorn_read;

-- What is there, and what migrations will make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sojorn TO sojorn;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA sojorn TO sojorn;
GRANT SELECT ON ALL TABLES IN SCHEMA sojorn TO sojorn_read;
ALTER DEFAULT PRIVILEGES FOR ROLE sojorn_migrator GRANT USAGE ON SCHEMAS TO sojorn;
ALTER DEFAULT PRIVILEGES FOR ROLE sojorn_migrator GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO sojorn;
ALTER DEFAULT PRIVILEGES FOR ROLE sojorn_migrator GRANT USAGE, SELECT ON SEQUENCES TO sojorn;

-- Tables of later migrations are not to be seen until this runs again.
SELECT format('REVOKE ALL ON %s FROM sojorn_read', c.oid::regclass)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'sojorn'
   AND c.relname IN ('users', 'refresh_tokens', 'one_time_tokens', 'mfa_secrets', 'mfa_recovery_codes',
		     'mfa_challenges', 'sessions', 'session_methods', 'account_details', 'account_factors', 'account_identities',
		     'user_fcm_tokens', 'profile_private', 'outbox', 'user_events', 'secure_messages') \gexec
