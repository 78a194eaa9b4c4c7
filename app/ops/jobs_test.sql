-- What the jobs of jobs_test.c do.

-- name: test_note     $1 id bigint
INSERT INTO job_notes (id) VALUES ($1)

-- name: test_run     $1 name text
INSERT INTO job_runs (name) VALUES ($1)
