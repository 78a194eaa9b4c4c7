-- Comparing: how the rows of a table are read on either side of a comparison. Written anew by each.
SET search_path = sojorn, public, extensions;

CREATE UNLOGGED TABLE supabase_move.compared (
	id          integer PRIMARY KEY,
	name        text NOT NULL,
	columns     text[] NOT NULL,
	first_type  text,
	a_from text NOT NULL, a_first text, a_look text, a_key text, a_row text NOT NULL, a_columns text NOT NULL,
	b_from text NOT NULL, b_first text, b_look text, b_key text, b_row text NOT NULL, b_columns text NOT NULL,
	b_rows      bigint NOT NULL
);
COMMENT ON TABLE supabase_move.compared IS
	'expressions over a row x of a_from and b_from: first and look, by which ranges are cut and rows are found again
	(NULL: they are not); key as text (NULL: the table has none); row and columns, the hashes';

-- An expression over one column whose value is the same on two servers only if the column's is, bit for bit.
-- form: "plain" for types whose own hash tells all values apart; the name of the type's function for the binary
-- protocol; "text" for types whose binary form depends on the server.
CREATE FUNCTION supabase_move.compared_value(reference text, form text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE form WHEN 'plain' THEN reference
		  WHEN 'letters' THEN reference || ' COLLATE "C"'
		  WHEN 'text' THEN reference || '::text COLLATE "C"'
		  ELSE format('pg_catalog.%I(%s)', form, reference) END;
