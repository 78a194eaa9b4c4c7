DELETE FROM supabase_move.captures WHERE kind IN ('keys', 'conversation', 'message', 'reaction');
DROP VIEW supabase_move.old_key_owners, supabase_move.old_signed_prekeys, supabase_move.old_one_time_prekeys,
	supabase_move.old_conversations, supabase_move.old_messages, supabase_move.old_reactions;
DROP FUNCTION supabase_move.shape_chat();
DROP FUNCTION supabase_move.key_bytes(text, integer[]);
