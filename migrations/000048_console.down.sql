SET search_path = sojorn, public, extensions;

DROP TABLE supabase_move.verdicts;
DROP INDEX moderation_flags_escalated;
