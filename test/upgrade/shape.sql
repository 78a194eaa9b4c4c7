-- What the schema promises a program that runs: one line a promise. "has": must not go. "asks": must not come to a
-- relation that was there, because a program that does not know of it would be refused.
SET search_path = pg_catalog;
WITH relation AS (
	SELECT c.oid, c.oid::regclass::text AS name, c.relkind
	  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	 WHERE n.nspname IN ('sojorn', 'supabase_move') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
), line AS (
	SELECT 'has ' || name || ' (' || relkind::text || ')' AS text FROM relation
	UNION ALL
	SELECT 'has ' || r.name || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
	  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
	 WHERE a.attnum > 0 AND NOT a.attisdropped
	UNION ALL
	SELECT 'has ' || p.oid::regprocedure::text || ' returns ' || pg_get_function_result(p.oid)
	  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	 WHERE n.nspname IN ('sojorn', 'supabase_move')
	UNION ALL
	SELECT 'has ' || e.enumtypid::regtype::text || ' value ' || e.enumlabel
	  FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
	 WHERE n.nspname = 'sojorn'
	UNION ALL
	SELECT 'asks ' || r.name || ' for ' || a.attname
	  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
	 WHERE r.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
	   AND NOT a.atthasdef AND a.attidentity = ''
	UNION ALL
	SELECT 'asks ' || r.name || ' to ' || pg_get_constraintdef(k.oid)
	  FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
	 WHERE k.contype IN ('c', 'f', 'x')
	UNION ALL
	SELECT 'asks ' || r.name || ' to ' || pg_get_indexdef(i.indexrelid)
	  FROM relation r JOIN pg_index i ON i.indrelid = r.oid
	 WHERE i.indisunique
)
SELECT text FROM line ORDER BY text COLLATE "C";
