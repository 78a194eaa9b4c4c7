SELECT supabase_move.send(false);
DROP FUNCTION supabase_move.send(boolean), supabase_move.note_outgoing(), supabase_move.back_batch(integer),
	supabase_move.back(supabase_move.backs, uuid[], uuid[], text[]), supabase_move.back_same(text, text, text[]),
	supabase_move.back_is(text, supabase_move.backs), supabase_move.back_value(text, oid, text);
DROP FUNCTION supabase_move.look_again();
DROP TABLE supabase_move.returned;
DELETE FROM supabase_move.captures WHERE queue = 'dirty';
DROP TABLE supabase_move.backs;
DROP VIEW supabase_move.back_reports, supabase_move.back_notifications, supabase_move.back_metrics, supabase_move.back_comments,
	supabase_move.back_posts, supabase_move.back_methods, supabase_move.back_tokens, supabase_move.back_sessions,
	supabase_move.back_trust, supabase_move.back_profiles, supabase_move.back_identities, supabase_move.back_users;
DROP FUNCTION supabase_move.back_address(boolean, text, text), supabase_move.back_status(boolean, text, text), supabase_move.keep(timestamptz, timestamptz),
	supabase_move.keep(boolean, text, text, text);
UPDATE supabase_move.runs SET phase = 'live' WHERE phase = 'returning';
ALTER TABLE supabase_move.runs DROP CONSTRAINT runs_phase_check;
ALTER TABLE supabase_move.runs ADD CONSTRAINT runs_phase_check CHECK (phase IN
	('landing', 'landed', 'transformed', 'cutover', 'live', 'archived'));
