SET search_path = sojorn, public, extensions;

DROP TABLE supabase_move.renamed;
