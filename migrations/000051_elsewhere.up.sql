-- Names of extensions that a dump has in another schema than this database.
SET search_path = sojorn, public, extensions;

-- What a dump names in one schema and is here, of an extension, in another.
CREATE TABLE supabase_move.renamed (
	name         text NOT NULL,
	from_schema  text NOT NULL,
	to_schema    text NOT NULL,
	PRIMARY KEY (name, from_schema)
);
