-- What is known of how a move fares: the newest verify, how long changes wait to go back, and what `supabase watch`
-- sees. Servers tell it in their metrics.
SET search_path = sojorn, public, extensions;

ALTER TABLE supabase_move.runs ADD COLUMN verified_at timestamptz, ADD COLUMN verified_wrong bigint;
COMMENT ON COLUMN supabase_move.runs.verified_wrong IS 'differences that the newest verify has found';

ALTER TABLE supabase_move.dirty ADD COLUMN at timestamptz NOT NULL DEFAULT now();
ALTER TABLE supabase_move.outgoing ADD COLUMN at timestamptz NOT NULL DEFAULT now();

CREATE TABLE supabase_move.watch (
	one          boolean PRIMARY KEY DEFAULT true CHECK (one),
	baseline_us  bigint NOT NULL DEFAULT 0,
	seen_at      timestamptz,
	errors       double precision NOT NULL DEFAULT 0,
	p95_us       bigint NOT NULL DEFAULT 0,
	compared     bigint NOT NULL DEFAULT 0,
	differ       bigint NOT NULL DEFAULT 0,
	fired        text NOT NULL DEFAULT ''
);
INSERT INTO supabase_move.watch DEFAULT VALUES;
COMMENT ON COLUMN supabase_move.watch.baseline_us IS '95th percentile of the time requests took before the cutover; 0: not known';
COMMENT ON COLUMN supabase_move.watch.errors IS 'share of requests that failed when it last looked';
COMMENT ON COLUMN supabase_move.watch.compared IS 'rows compared since it began';
COMMENT ON COLUMN supabase_move.watch.fired IS 'the rule that has raised the alarm; empty: none has';
