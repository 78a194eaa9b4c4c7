SET search_path = sojorn, public, extensions;

DROP TABLE supabase_move.moved;
ALTER TABLE supabase_move.runs DROP COLUMN noting;
