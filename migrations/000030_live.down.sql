SELECT supabase_move.drop_landing();
DROP FUNCTION supabase_move.drop_landing(), supabase_move.drift(jsonb), supabase_move.index_landing(),
	supabase_move.capture_end(text), supabase_move.capture(text),
	supabase_move.capture_entry(supabase_move.captures, text), supabase_move.apply_function(boolean),
	supabase_move.apply_branch(supabase_move.tables, bigint, boolean), supabase_move.make_landing(), supabase_move.shape_nothing(), supabase_move.apply_nothing(),
	supabase_move.names(text[], text), supabase_move.column_ddl(jsonb, text);
DROP SCHEMA sojorn_move CASCADE;
DROP TABLE supabase_move.captures, supabase_move.outgoing, supabase_move.dirty, supabase_move.changed,
	supabase_move.tables;
ALTER TABLE supabase_move.runs DROP CONSTRAINT runs_phase_check, DROP COLUMN source, DROP COLUMN stopped,
	DROP COLUMN beat, DROP COLUMN moved_lsn;
UPDATE supabase_move.runs SET phase = 'transformed' WHERE phase IN ('cutover', 'live', 'archived');
ALTER TABLE supabase_move.runs ADD CONSTRAINT runs_phase_check CHECK (phase IN ('landing', 'landed', 'transformed'));
