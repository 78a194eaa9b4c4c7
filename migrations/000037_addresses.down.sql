DROP FUNCTION supabase_move.new_address(text), supabase_move.new_addresses(text), supabase_move.old_address(text);
ALTER TABLE supabase_move.runs DROP COLUMN old_url, DROP COLUMN new_url;
