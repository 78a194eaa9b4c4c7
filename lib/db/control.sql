-- What lib/db itself says to the server.

-- name: tx_begin
BEGIN;

-- name: tx_commit
COMMIT;

-- name: tx_rollback
ROLLBACK;

-- Stops what a lease's former holder left running.
-- name: backend_cancel     $1 pid int [write]
SELECT pg_cancel_backend($1);
