-- When each periodic job ran last, and when it is due. The row is the lock, too: whoever moves
-- next_run_at forward runs the job, so one process of many does, and a crash delays it by its limit only.
SET search_path = sojorn, public, extensions;

CREATE TABLE periodic_jobs (
	name         text PRIMARY KEY,
	next_run_at  timestamptz NOT NULL DEFAULT now(),
	started_at   timestamptz,
	finished_at  timestamptz,
	runs         bigint NOT NULL DEFAULT 0,
	last_error   text
) WITH (fillfactor = 50);
COMMENT ON COLUMN periodic_jobs.last_error IS 'of the last run; NULL: it went well';
