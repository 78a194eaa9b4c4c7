-- What came of backups and drills. `sojorn backup` writes it as a superuser; metrics, doctor and console read it.
CREATE TABLE sojorn.backup_runs (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('backup', 'drill')),
	at timestamptz NOT NULL DEFAULT now(),
	problem text, -- NULL: it went well
	seconds float8 NOT NULL, -- a backup's time; of a drill, until the restored server answered (RTO)
	rpo_seconds float8 -- of a drill: what a disaster would have cost
);
CREATE INDEX backup_runs_newest ON sojorn.backup_runs (kind, at DESC);
