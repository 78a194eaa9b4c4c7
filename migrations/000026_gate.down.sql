SET search_path = sojorn, public, extensions;

SELECT supabase_move.gate_disarm();
DROP FUNCTION supabase_move.gate_end, supabase_move.gate_open, supabase_move.gate_seal, supabase_move.gate_waits_for,
	supabase_move.gate_hold, supabase_move.gate_begin, supabase_move.gate_refuse, supabase_move.gate_take,
	supabase_move.gate_change, supabase_move.gate_disarm, supabase_move.gate_arm, supabase_move.gate_guard,
	supabase_move.gate_silence;
DROP TABLE supabase_move.gate_servers, supabase_move.gate;
