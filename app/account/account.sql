-- name: account_status     $1 user uuid
SELECT status, deleted_at AS deletion_scheduled FROM users WHERE id = $1;

-- Leaving ends every session at once. No row: the account is not in a state to leave from.
-- name: account_leave     $1 user uuid, $2 status text, $3 mail json
WITH old AS (
	SELECT id, status FROM users
	 WHERE id = $1 AND status IN ('active', 'deactivated', 'pending_deletion') AND status <> $2 FOR UPDATE
), left_ AS (
	UPDATE users u
	   SET status = $2, updated_at = now(),
	       deletion_requested_at = CASE WHEN $2 = 'pending_deletion' THEN now() END,
	       deleted_at = CASE WHEN $2 = 'pending_deletion' THEN now() + interval '14 days' END
	  FROM old WHERE u.id = old.id
	RETURNING u.id, u.deleted_at
), noted AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason, changed_by)
	SELECT id, status, $2, 'by the user', id FROM old
), ended AS (
	UPDATE sessions s SET revoked_at = now() FROM old WHERE s.user_id = old.id AND s.revoked_at IS NULL
), mailed AS (
	INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $3, id FROM old
)
SELECT COALESCE(to_char(deleted_at AT TIME ZONE 'UTC', 'FMMonth FMDD, YYYY'), '') AS deletion_date FROM left_;

-- name: account_stay     $1 user uuid
WITH back AS (
	UPDATE users SET status = 'active', deletion_requested_at = NULL, deleted_at = NULL, updated_at = now()
	 WHERE id = $1 AND status = 'pending_deletion' RETURNING id
)
INSERT INTO user_status_history (user_id, old_status, new_status, reason, changed_by)
SELECT id, 'pending_deletion', 'active', 'deletion cancelled', id FROM back;

-- name: account_mail     $1 user uuid
SELECT email FROM users WHERE id = $1;

-- A link that destroys; an older one ends with it.
-- name: destroy_request     $1 user uuid, $2 token bytes, $3 mail json
WITH older AS (
	UPDATE one_time_tokens SET used_at = now()
	 WHERE user_id = $1 AND purpose = 'account_destroy' AND used_at IS NULL
), token AS (
	INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at)
	VALUES ($2, $1, 'account_destroy', now() + interval '1 hour')
)
INSERT INTO outbox (kind, payload, user_id) VALUES ('mail', $3, $1);

-- T-ACC-1: a token of another purpose is none. `state`: valid or expired.
-- name: destroy_find     $1 token bytes
SELECT t.user_id, u.encrypted_password AS password, CASE WHEN t.expires_at > now() THEN 'valid' ELSE 'expired' END AS state
  FROM one_time_tokens t JOIN users u ON u.id = t.user_id
 WHERE t.token_hash = $1 AND t.purpose = 'account_destroy' AND t.used_at IS NULL;

-- name: accounts_due     $1 limit int
SELECT id FROM users WHERE status = 'pending_deletion' AND deleted_at <= now() ORDER BY deleted_at LIMIT $1;

-- What others' counters owe to the account that goes; its own rows go with it by their keys.
-- name: account_uncount     $1 user uuid [slow]
WITH liked AS (
	UPDATE post_metrics m SET like_count = GREATEST(m.like_count - 1, 0)
	  FROM post_likes l WHERE l.user_id = $1 AND m.post_id = l.post_id
)
UPDATE profiles p
   SET followers_count = GREATEST(p.followers_count - (SELECT count(*) FROM follows f
		WHERE f.follower_id = $1 AND f.following_id = p.id AND f.status = 'accepted')::integer, 0),
       following_count = GREATEST(p.following_count - (SELECT count(*) FROM follows f
		WHERE f.following_id = $1 AND f.follower_id = p.id AND f.status = 'accepted')::integer, 0)
 WHERE p.id IN (SELECT following_id FROM follows WHERE follower_id = $1
		UNION SELECT follower_id FROM follows WHERE following_id = $1);

-- name: account_uncount_saves     $1 user uuid [slow]
UPDATE post_metrics m SET save_count = GREATEST(m.save_count - 1, 0)
  FROM post_saves s WHERE s.user_id = $1 AND m.post_id = s.post_id;

-- name: account_uncount_reactions     $1 user uuid [slow]
UPDATE post_metrics m
   SET reaction_count = GREATEST(m.reaction_count - 1, 0),
       reaction_counts = reaction_counts_add(m.reaction_counts, r.emoji, -1)
  FROM post_reactions r WHERE r.user_id = $1 AND m.post_id = r.post_id;

-- name: account_uncount_answers     $1 user uuid [slow]
UPDATE post_metrics m SET comment_count = GREATEST(m.comment_count - c.n, 0)
  FROM (SELECT chain_parent_id, count(*)::integer AS n FROM posts
	 WHERE author_id = $1 AND chain_parent_id IS NOT NULL AND deleted_at IS NULL GROUP BY chain_parent_id) c
 WHERE m.post_id = c.chain_parent_id;

-- name: account_uncount_tags     $1 user uuid [slow]
UPDATE hashtags h SET use_count = GREATEST(h.use_count - c.n, 0)
  FROM (SELECT l.hashtag_id, count(*)::integer AS n FROM posts p JOIN post_hashtags l ON l.post_id = p.id
	 WHERE p.author_id = $1 AND p.visibility = 'public' AND p.deleted_at IS NULL GROUP BY l.hashtag_id) c
 WHERE h.id = c.hashtag_id;

-- What was told to its own sockets goes, too, but that they must close; that lives for minutes. Objects of the
-- old storage name their owner by text, and their bytes go by a job each.
-- name: account_purge     $1 user uuid [slow]
WITH told AS (
	DELETE FROM live_events WHERE topic = $1 AND kind <> 'account'
), objects AS (
	DELETE FROM storage_objects WHERE owner_id = $1::text RETURNING id
), jobs AS (
	INSERT INTO outbox (kind, payload) SELECT 'object_delete', jsonb_build_object('key', storage_key(id)) FROM objects
)
DELETE FROM users WHERE id = $1;
