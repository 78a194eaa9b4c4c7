SET search_path = sojorn, public, extensions;

DROP VIEW supabase_move.old_details, supabase_move.old_identities, supabase_move.old_sessions,
	supabase_move.old_methods, supabase_move.old_factors;
DROP FUNCTION supabase_move.shape_auth();
DROP TABLE session_methods;
ALTER TABLE refresh_tokens DROP COLUMN token;
ALTER TABLE sessions DROP COLUMN not_after, DROP COLUMN factor_id, DROP COLUMN refresh_key, DROP COLUMN refresh_counter;
DROP TABLE account_factors;
DROP TABLE account_identities;
DROP TABLE account_details;
