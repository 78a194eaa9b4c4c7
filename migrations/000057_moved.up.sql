-- Keys of rows that have changed since all were compared: they are compared again before the flip.
SET search_path = sojorn, public, extensions;

ALTER TABLE supabase_move.runs ADD COLUMN noting boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN supabase_move.runs.noting IS 'a cutover is about to be: what changes is noted in supabase_move.moved';

CREATE TABLE supabase_move.moved (kind text NOT NULL, a uuid, b uuid, t text, old boolean NOT NULL DEFAULT false);
COMMENT ON COLUMN supabase_move.moved.old IS 'is being compared, and has not changed since that began';
CREATE UNIQUE INDEX moved_once ON supabase_move.moved (kind, a, b, t) NULLS NOT DISTINCT;
