-- Everything but the record of the migrations itself, which must outlive them: sojorn.schema_migrations
-- and its other name in public stay, and the schema that holds the table with them.

DO $$
DECLARE
	ours text;
BEGIN
	FOR ours IN
		SELECT e.extname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		 WHERE n.nspname = 'extensions' AND e.extname IN ('postgis', 'pg_trgm', 'uuid-ossp')
	LOOP
		EXECUTE format('DROP EXTENSION %I', ours);
	END LOOP;

	BEGIN
		DROP SCHEMA extensions;
	EXCEPTION WHEN dependent_objects_still_exist THEN
		NULL; -- somebody else's things are in it
	END;

	EXECUTE format('ALTER DATABASE %I RESET search_path', current_database());
END $$;

RESET search_path;
