-- The outbox and the clock of periodic jobs; see jobs.h.

-- Takes what is due behind a place in the queue, for as long as a job may run. MATERIALIZED, for a plan that ran the
-- inner select more than once would lock, and so take, more than it was asked for. The place: in front of it lie the
-- index's entries of the rows that were taken before, which a long transaction elsewhere keeps from being removed.
-- name: jobs_claim     $1 limit int, $2 lease bigint, $3 due time, $4 id bigint
WITH due AS MATERIALIZED (
	SELECT id, next_try_at FROM outbox
	 WHERE next_try_at <= now() AND (next_try_at, id) > (COALESCE($3, '-infinity'), $4)
	 ORDER BY next_try_at, id
	 LIMIT $1
	   FOR UPDATE SKIP LOCKED
)
UPDATE outbox o
   SET attempts = o.attempts + 1, next_try_at = now() + $2 * interval '1 microsecond'
  FROM due
 WHERE o.id = due.id
RETURNING o.id AS "row.id", o.attempts AS "row.attempt", due.next_try_at AS "row.due",
	  o.kind, o.payload, o.created_at AS added

-- A worker that was too slow finds that the row has been taken again, and lets go.
-- name: jobs_end     $1 id bigint, $2 attempt int
DELETE FROM outbox WHERE id = $1 AND attempts = $2

-- name: jobs_retry     $1 id bigint, $2 attempt int, $3 delay bigint, $4 error text
UPDATE outbox SET next_try_at = now() + $3 * interval '1 microsecond', last_error = $4
 WHERE id = $1 AND attempts = $2

-- name: jobs_give_up     $1 id bigint, $2 attempt int, $3 error text
UPDATE outbox SET next_try_at = 'infinity', last_error = $3 WHERE id = $1 AND attempts = $2

-- Up to 10,000 of each: enough to see that something is wrong, and cheap when it is.
-- name: jobs_waiting
SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE next_try_at < 'infinity' LIMIT 10000) w) AS waiting,
       (SELECT count(*) FROM (SELECT FROM outbox WHERE next_try_at = 'infinity' LIMIT 10000) d) AS dead,
       COALESCE((SELECT GREATEST(extract(epoch FROM now() - next_try_at), 0)::float8
		   FROM outbox WHERE next_try_at < 'infinity' ORDER BY next_try_at LIMIT 1), 0) AS oldest

-- What a clock that was set back has left further ahead than any job waits.
-- name: jobs_mend     $1 most bigint
UPDATE outbox SET next_try_at = now()
 WHERE next_try_at > now() + $1 * interval '1 microsecond' AND next_try_at < 'infinity'

-- name: periodic_register     $1 names texts
INSERT INTO periodic_jobs (name) SELECT unnest($1) ON CONFLICT DO NOTHING

-- Due is also what was begun in the future: the clock was ahead then. Workers that take jobs at the same moment
-- are not a minute apart.
-- name: periodic_claim     $1 names texts, $2 leases bigints
UPDATE periodic_jobs p
   SET started_at = now(), next_run_at = now() + due.lease * interval '1 microsecond'
  FROM (SELECT j.name, w.lease
	  FROM periodic_jobs j JOIN unnest($1, $2) AS w (name, lease) ON w.name = j.name
	 WHERE j.next_run_at <= now() OR j.started_at > now() + interval '1 minute'
	   FOR UPDATE OF j SKIP LOCKED) due
 WHERE p.name = due.name
RETURNING p.name

-- name: periodic_end     $1 name text, $2 every bigint, $3 error text
UPDATE periodic_jobs
   SET finished_at = now(), runs = runs + 1, last_error = $3,
       next_run_at = CASE WHEN $3 IS NULL THEN GREATEST(now(), started_at + $2 * interval '1 microsecond')
			  ELSE now() + LEAST($2, 60000000) * interval '1 microsecond' END
 WHERE name = $1

-- name: jobs_take     $1 kind text, $2 limit int, $3 lease bigint, $4 due time, $5 id bigint
WITH due AS MATERIALIZED (
	SELECT id, next_try_at FROM outbox
	 WHERE kind = $1 AND next_try_at <= now() AND (next_try_at, id) > (COALESCE($4, '-infinity'), $5)
	 ORDER BY next_try_at, id
	 LIMIT $2
	   FOR UPDATE SKIP LOCKED
)
UPDATE outbox o
   SET attempts = o.attempts + 1, next_try_at = now() + $3 * interval '1 microsecond'
  FROM due
 WHERE o.id = due.id
RETURNING o.id, o.attempts AS attempt, due.next_try_at AS due

-- A delay below zero: done.
-- name: jobs_settle     $1 ids bigints, $2 attempts ints, $3 delays bigints, $4 errors texts
WITH settled AS MATERIALIZED (
	SELECT * FROM unnest($1, $2, $3, $4) AS s (id, attempt, delay, error)
), done AS (
	DELETE FROM outbox o USING settled s WHERE s.delay < 0 AND o.id = s.id AND o.attempts = s.attempt
)
UPDATE outbox o
   SET next_try_at = CASE s.delay WHEN 9223372036854775807 THEN 'infinity'
			  ELSE now() + s.delay * interval '1 microsecond' END, last_error = s.error
  FROM settled s
 WHERE s.delay >= 0 AND o.id = s.id AND o.attempts = s.attempt
