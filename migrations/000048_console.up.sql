-- What the operator's console reads beside what was there: flags that a moderator has passed on, by age, and the verdicts of
-- `sojorn supabase verify`.
SET search_path = sojorn, public, extensions;

CREATE INDEX moderation_flags_escalated ON moderation_flags (created_at, id) WHERE status = 'escalated';

CREATE TABLE supabase_move.verdicts (
	run_id  bigint NOT NULL REFERENCES supabase_move.runs ON DELETE CASCADE,
	at      timestamptz NOT NULL DEFAULT now(),
	ok      boolean NOT NULL,
	report  jsonb NOT NULL,
	PRIMARY KEY (run_id, at)
);
COMMENT ON TABLE supabase_move.verdicts IS 'what each verify has found, as it printed it';
