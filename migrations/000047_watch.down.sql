DROP TABLE supabase_move.watch;
ALTER TABLE supabase_move.outgoing DROP COLUMN at;
ALTER TABLE supabase_move.dirty DROP COLUMN at;
ALTER TABLE supabase_move.runs DROP COLUMN verified_at, DROP COLUMN verified_wrong;
