-- The schemas, the extensions and the search path everything else relies on.
--
-- App tables live in "sojorn", extensions in "extensions" (as Supabase names it). Extensions somebody
-- has installed elsewhere already are used where they are. Each file sets the search path for itself,
-- because the database's own setting reaches new sessions only.

CREATE SCHEMA IF NOT EXISTS sojorn;
CREATE SCHEMA IF NOT EXISTS extensions;

DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET search_path = sojorn, public, extensions', current_database());
END $$;

SET search_path = sojorn, public, extensions;

CREATE EXTENSION IF NOT EXISTS postgis SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" SCHEMA extensions;

-- The table of golang-migrate is looked for in current_schema(): public in the session that runs this
-- file, sojorn in every later one. So it has both names: the rows live in sojorn, and the public one is
-- a partitioned table with that single partition. Nobody needs a flag, and nobody starts over at 1.
DO $$
BEGIN
	IF to_regclass('sojorn.schema_migrations') IS NOT NULL THEN
		NULL;
	ELSIF to_regclass('public.schema_migrations') IS NOT NULL THEN
		ALTER TABLE public.schema_migrations SET SCHEMA sojorn;
	ELSE
		CREATE TABLE sojorn.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
	END IF;

	IF to_regclass('public.schema_migrations') IS NULL THEN
		CREATE TABLE public.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)
			PARTITION BY RANGE (version);
		ALTER TABLE public.schema_migrations ATTACH PARTITION sojorn.schema_migrations DEFAULT;
	END IF;
END $$;
