-- name: events_trim     $1 limit int [slow]
DELETE FROM user_events e
 USING (SELECT o.user_id, o.seq FROM user_events o
	 WHERE o.created_at < now() - interval '7 days'
	 ORDER BY o.created_at
	 LIMIT $1) old
 WHERE e.user_id = old.user_id AND e.seq = old.seq
