DROP FUNCTION supabase_move.compared_value(text, text);
DROP TABLE supabase_move.compared;
