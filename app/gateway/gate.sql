-- What a server asks of the gate's row and tells it; the steps of a move are functions of schema supabase_move.

-- name: gate_look
SELECT in_use, state, epoch FROM supabase_move.gate

-- Says which change we obey and reads the newest. Locking the row keeps a change from being made between the
-- two: it waits until we are on the list of those it must wait for, or we see it.
-- name: gate_beat     $1 instance uuid, $2 name text, $3 epoch bigint, $4 in_flight int, $5 waiting int
WITH said AS (
	INSERT INTO supabase_move.gate_servers AS s (instance, name, epoch, in_flight, waiting, seen_at)
	VALUES ($1, $2, $3, $4, $5, clock_timestamp())
	ON CONFLICT (instance) DO UPDATE
	   SET epoch = EXCLUDED.epoch, in_flight = EXCLUDED.in_flight, waiting = EXCLUDED.waiting,
	       seen_at = EXCLUDED.seen_at
	 WHERE s.epoch <= EXCLUDED.epoch
)
SELECT in_use, state, epoch FROM supabase_move.gate FOR SHARE

-- An address of a project in the settings begins its move, unless there has been one before.
-- name: gate_claim [write]
SELECT supabase_move.gate_begin() AS epoch FROM supabase_move.gate WHERE epoch = 0

-- name: gate_leave     $1 instance uuid
DELETE FROM supabase_move.gate_servers WHERE instance = $1
