-- Makes the database of platform.sql, app.sql and fill.sql a live project of its limited role: it owns the
-- database and the app's own tables, nothing of the platform's, and is no superuser. Run by a superuser.
SET client_min_messages = warning;

DO $$
DECLARE
	t record;
BEGIN
	EXECUTE format('ALTER DATABASE %I OWNER TO project_owner', current_database());
	ALTER SCHEMA "Private Things" OWNER TO project_owner;
	FOR t IN SELECT c.oid::regclass AS name, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind FROM pg_class c
	          WHERE c.relnamespace::regnamespace::text IN ('public', '"Private Things"', 'supabase_migrations') AND c.relkind IN ('r', 'v')
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') LOOP
		EXECUTE format('ALTER %s %s OWNER TO project_owner', t.kind, t.name);
	END LOOP;
	FOR t IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO project_owner', t.name);
	END LOOP;
	FOR t IN SELECT y.oid::regtype AS name FROM pg_type y WHERE y.typnamespace = 'public'::regnamespace AND y.typtype IN ('e', 'd')
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = y.oid AND d.deptype = 'e') LOOP
		EXECUTE format('ALTER TYPE %s OWNER TO project_owner', t.name);
	END LOOP;
END $$;
GRANT ALL ON ALL SEQUENCES IN SCHEMA auth, storage TO project_owner;
GRANT USAGE ON SCHEMA auth TO supabase_auth_admin;
GRANT USAGE ON SCHEMA storage TO supabase_storage_admin;
GRANT pg_signal_backend TO project_owner;
GRANT SET ON PARAMETER session_replication_role TO project_owner;
