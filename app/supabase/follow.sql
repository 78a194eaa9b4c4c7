-- Following a live project: which keys have changed, and what the transform of keys needs besides
-- transform.sql. All of a batch is one transaction, which also takes its keys from the queue.

-- name: move_batch_begin
BEGIN ISOLATION LEVEL REPEATABLE READ

-- Batches share it; who has to have things stand still has it alone.
-- name: move_batch_enter
SELECT pg_advisory_lock_shared(7350074)

-- name: move_batch_leave
SELECT pg_advisory_unlock_shared(7350074)

-- name: move_still_enter
SELECT pg_advisory_lock(7350074)

-- name: move_still_leave
SELECT pg_advisory_unlock(7350074)

-- Whether the subscription's worker is at work here.
-- name: move_sub_works
SELECT EXISTS (SELECT FROM pg_stat_subscription t JOIN pg_subscription s ON s.oid = t.subid
	JOIN pg_database d ON d.oid = s.subdbid WHERE s.subname = 'sojorn_move' AND d.datname = current_database() AND t.pid IS NOT NULL)

-- name: move_batch_undo
ROLLBACK

-- name: move_batch_beat     $1 beat bigint
UPDATE supabase_move.runs SET beat = $1 WHERE id = (SELECT max(id) FROM supabase_move.runs)

-- The oldest keys, each once: a list for every kind, two for pairs, in the order of enum move_keys.
-- name: move_batch_take     $1 most int
WITH taken AS (
	DELETE FROM supabase_move.changed
	 WHERE n IN (SELECT n FROM supabase_move.changed ORDER BY n LIMIT $1) RETURNING kind, a, b, t
), k AS (
	SELECT kind, a, b, t, count(*) AS n FROM taken GROUP BY kind, a, b, t
), noted AS ( -- for the last look of a cutover
	INSERT INTO supabase_move.moved (kind, a, b, t) SELECT kind, a, b, t FROM k
	 WHERE (SELECT noting FROM supabase_move.runs ORDER BY id DESC LIMIT 1)
	ON CONFLICT (kind, a, b, t) DO UPDATE SET old = false
)
SELECT array_agg(a) FILTER (WHERE kind = 'user') AS users,
       array_agg(DISTINCT a) FILTER (WHERE kind IN ('session', 'token') AND a IS NOT NULL) AS sessions,
       array_agg(a) FILTER (WHERE kind = 'factor') AS factors, array_agg(a) FILTER (WHERE kind = 'category') AS categories,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'setting') AS setting_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'setting') AS setting_b,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'follow') AS follow_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'follow') AS follow_b,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'block') AS block_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'block') AS block_b,
       array_agg(a) FILTER (WHERE kind = 'post') AS posts, array_agg(a) FILTER (WHERE kind = 'comment') AS comments,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'like') AS like_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'like') AS like_b,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'save') AS save_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'save') AS save_b,
       array_agg(DISTINCT a) FILTER (WHERE kind IN ('metric', 'like', 'save', 'emotion', 'post', 'comment')) AS counted,
       NULLIF(array_agg(a) FILTER (WHERE kind IN ('follow', 'user')) || array_agg(b) FILTER (WHERE kind = 'follow'), '{}') AS authors,
       array_agg(a) FILTER (WHERE kind = 'report') AS reports, array_agg(a) FILTER (WHERE kind = 'notification') AS notifications,
       array_agg(t) FILTER (WHERE kind = 'device') AS devices, array_agg(a) FILTER (WHERE kind = 'object') AS objects,
       array_agg(t) FILTER (WHERE kind = 'bucket') AS buckets,
       array_agg(DISTINCT a) FILTER (WHERE kind IN ('keys', 'user')) AS keys,
       array_agg(a) FILTER (WHERE kind = 'conversation') AS conversations,
       array_agg(a) FILTER (WHERE kind = 'message') AS messages, array_agg(a) FILTER (WHERE kind = 'reaction') AS reactions,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind IN ('circle', 'follow')) AS circle_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind IN ('circle', 'follow')) AS circle_b,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'emotion') AS emotion_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'emotion') AS emotion_b,
       array_agg(a ORDER BY a, b) FILTER (WHERE kind = 'hide') AS hide_a, array_agg(b ORDER BY a, b) FILTER (WHERE kind = 'hide') AS hide_b,
       array_agg(a) FILTER (WHERE kind = 'override') AS overrides, array_agg(t) FILTER (WHERE kind = 'audit') AS audits,
       max(t::bigint) FILTER (WHERE kind = 'beat')::text AS beat, COALESCE(sum(n), 0)::text AS n
  FROM k

-- Those who share an address or a handle with one of these, now or before: who may use it is decided together.
-- name: move_same_users     $1 users uuids
SELECT array_agg(DISTINCT id) FROM (
	SELECT unnest($1) AS id
	UNION ALL
	SELECT o.id FROM supabase_move.auth_users s JOIN supabase_move.auth_users o ON lower(btrim(o.email)) = lower(btrim(s.email))
	 WHERE s.id = ANY ($1) AND s.email <> ''
	UNION ALL
	SELECT o.id FROM users u JOIN supabase_move.auth_users o ON lower(btrim(o.email)) = u.email WHERE u.id = ANY ($1)
	UNION ALL
	SELECT o.id FROM supabase_move.profiles s JOIN profiles o ON lower(o.handle) = lower(btrim(s.handle))
	 WHERE s.id = ANY ($1)
	   AND EXISTS (SELECT FROM supabase_move.auth_users x WHERE x.id = o.id)
) x WHERE id IS NOT NULL

-- The other pinned posts of their authors: one of them may be pinned here.
-- name: move_same_pins     $1 posts uuids
SELECT array_agg(DISTINCT id) FROM (
	SELECT unnest($1) AS id
	UNION ALL
	SELECT o.id FROM supabase_move.posts s JOIN supabase_move.posts o ON o.author_id = s.author_id AND o.pinned_at IS NOT NULL
	 WHERE s.id = ANY ($1)
	UNION ALL
	SELECT o.id FROM posts s JOIN supabase_move.posts o ON o.author_id = s.author_id AND o.pinned_at IS NOT NULL
	 WHERE s.id = ANY ($1) AND s.pinned_at IS NOT NULL
) x

-- Whose counters posts and comments take part in.
-- name: move_touched     $1 posts uuids
SELECT array_agg(DISTINCT chain_parent_id) FILTER (WHERE chain_parent_id IS NOT NULL), array_agg(DISTINCT author_id)
  FROM posts WHERE id = ANY ($1)

-- Comments under posts whose place in a thread has just changed.
-- name: move_same_threads     $1 posts uuids
WITH RECURSIVE scope AS (
	SELECT p.id FROM posts p WHERE p.id = ANY ($1)
	UNION
	SELECT p.id FROM scope o JOIN posts p ON p.chain_parent_id = o.id AND p.kind = 'post'
)
SELECT array_agg(c.id)
  FROM scope o JOIN posts p ON p.id = o.id JOIN posts c ON c.comment_on_id = p.id
 WHERE c.root_id <> COALESCE(p.root_id, p.id) OR c.chain_parent_id = p.id AND c.depth <> p.depth + 1

-- name: move_lists_join     $1 a uuids, $2 b uuids, $3 c uuids
SELECT array_agg(DISTINCT x) FROM unnest($1 || $2 || $3) x

-- ---- who must give way first ----

-- name: move_users_aside     $1 users uuids
UPDATE users u SET duplicate_email = true FROM supabase_move.auth_users s
 WHERE s.id = u.id AND u.id = ANY ($1) AND NOT u.duplicate_email
   AND (u.email IS DISTINCT FROM NULLIF(lower(btrim(s.email)), '') OR EXISTS (SELECT FROM supabase_move.auth_users o
	WHERE lower(btrim(o.email)) = lower(btrim(s.email)) AND o.id <> s.id))

-- name: move_profiles_aside     $1 users uuids
UPDATE profiles p SET handle = replace(p.id::text, '-', '') || '_' FROM supabase_move.profiles s
 WHERE s.id = p.id AND p.id = ANY ($1) AND p.handle <> lower(btrim(s.handle))

-- name: move_pins_aside     $1 posts uuids
UPDATE posts SET pinned_at = NULL WHERE id = ANY ($1) AND pinned_at IS NOT NULL

-- A factor that has changed is taken over anew.
-- name: move_factors_aside     $1 users uuids
WITH factors AS (
	DELETE FROM account_factors WHERE user_id = ANY ($1)
), gone AS (
	DELETE FROM mfa_secrets WHERE user_id = ANY ($1) RETURNING user_id
)
UPDATE users u SET mfa_enabled = false FROM gone g WHERE u.id = g.user_id

-- ---- what is gone ----

-- name: move_users_gone     $1 users uuids
DELETE FROM users u WHERE u.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.auth_users s WHERE s.id = u.id)

-- name: move_sessions_gone     $1 sessions uuids
DELETE FROM sessions o WHERE o.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.auth_sessions s
	WHERE s.id = o.id AND (s.not_after IS NULL OR s.not_after > supabase_move.as_of()))

-- name: move_tokens_gone     $1 sessions uuids
DELETE FROM refresh_tokens o WHERE o.family_id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.auth_refresh_tokens t
	WHERE t.session_id = o.family_id AND sha256(convert_to(t.token, 'UTF8')) = o.token_hash
	  AND (NOT COALESCE(t.revoked, false)
		OR COALESCE(t.updated_at, t.created_at, supabase_move.as_of()) > supabase_move.as_of() - interval '7 days'
		OR EXISTS (SELECT FROM supabase_move.auth_refresh_tokens c
			WHERE c.session_id = t.session_id AND c.parent = t.token AND NOT COALESCE(c.revoked, false))))

-- name: move_methods_gone     $1 sessions uuids
DELETE FROM session_methods o WHERE o.session_id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_methods m
	WHERE m.session_id = o.session_id AND m.authentication_method = o.method)

-- name: move_identities_gone     $1 users uuids
DELETE FROM account_identities o WHERE o.user_id = ANY ($1) AND o.id <> md5(concat('identity of ', o.user_id))::uuid
   AND NOT EXISTS (SELECT FROM supabase_move.old_identities i
	WHERE i.user_id = o.user_id AND i.provider = o.provider AND COALESCE(i.provider_id, i.id) = o.provider_id)

-- name: move_categories_gone     $1 categories uuids
DELETE FROM categories c WHERE c.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.categories s WHERE s.id = c.id)

-- name: move_category_settings_gone     $1 a uuids, $2 b uuids
DELETE FROM user_category_settings x USING unnest($1, $2) AS k (a, b)
 WHERE x.user_id = k.a AND x.category_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.user_category_settings s WHERE s.user_id = k.a AND s.category_id = k.b)

-- name: move_follows_gone     $1 a uuids, $2 b uuids
DELETE FROM follows x USING unnest($1, $2) AS k (a, b)
 WHERE x.follower_id = k.a AND x.following_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.follows s WHERE s.follower_id = k.a AND s.following_id = k.b)

-- name: move_blocks_gone     $1 a uuids, $2 b uuids
DELETE FROM blocks x USING unnest($1, $2) AS k (a, b)
 WHERE x.blocker_id = k.a AND x.blocked_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.blocks s WHERE s.blocker_id = k.a AND s.blocked_id = k.b)

-- name: move_posts_gone     $1 posts uuids
DELETE FROM posts p WHERE p.id = ANY ($1) AND p.is_imported AND p.kind = 'post'
   AND NOT EXISTS (SELECT FROM supabase_move.posts s WHERE s.id = p.id AND NOT COALESCE(s.is_beacon, false)
	AND EXISTS (SELECT FROM profiles a WHERE a.id = s.author_id))

-- name: move_comments_gone     $1 comments uuids
DELETE FROM posts p WHERE p.id = ANY ($1) AND p.is_imported AND p.kind = 'comment'
   AND NOT EXISTS (SELECT FROM supabase_move.comments s WHERE s.id = p.id)

-- name: move_beacons_gone     $1 posts uuids
DELETE FROM beacons b WHERE b.id = ANY ($1)
   AND NOT EXISTS (SELECT FROM supabase_move.posts s WHERE s.id = b.id AND s.is_beacon AND s.deleted_at IS NULL
	AND COALESCE(s.status, 'active') = 'active')

-- name: move_likes_gone     $1 a uuids, $2 b uuids
DELETE FROM post_likes x USING unnest($1, $2) AS k (a, b)
 WHERE x.post_id = k.a AND x.user_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.post_likes s WHERE s.post_id = k.a AND s.user_id = k.b)

-- name: move_saves_gone     $1 a uuids, $2 b uuids
DELETE FROM post_saves x USING unnest($1, $2) AS k (a, b)
 WHERE x.post_id = k.a AND x.user_id = k.b
   AND NOT EXISTS (SELECT FROM supabase_move.post_saves s WHERE s.post_id = k.a AND s.user_id = k.b)

-- name: move_reports_gone     $1 reports uuids
DELETE FROM reports r WHERE r.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.reports s WHERE s.id = r.id)

-- name: move_notifications_gone     $1 notifications uuids
DELETE FROM notifications n WHERE n.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.notifications s WHERE s.id = n.id)

-- name: move_notifications_read     $1 notifications uuids
UPDATE notifications n SET is_read = COALESCE(s.is_read, false), archived_at = supabase_move.plain_time(s.archived_at)
  FROM supabase_move.notifications s
 WHERE s.id = n.id AND n.id = ANY ($1)
   AND (n.is_read, n.archived_at) IS DISTINCT FROM (COALESCE(s.is_read, false), supabase_move.plain_time(s.archived_at))

-- name: move_devices_gone     $1 tokens texts
DELETE FROM user_fcm_tokens o WHERE o.token = ANY ($1)
   AND NOT EXISTS (SELECT FROM supabase_move.user_fcm_tokens s WHERE s.token = o.token)

-- ---- how it goes ----

-- One follower at a time.
-- name: move_follow_lock
SELECT pg_try_advisory_lock(7350073)

-- Phase, why it stopped, errors of the subscription so far, keys waiting (no more than a million are counted),
-- and how old what has come through is, in milliseconds.
-- name: move_follow_state
SELECT r.phase, r.stopped,
       COALESCE((SELECT e.apply_error_count FROM pg_stat_subscription_stats e JOIN pg_subscription s ON s.oid = e.subid
		JOIN pg_database d ON d.oid = s.subdbid WHERE s.subname = 'sojorn_move' AND d.datname = current_database()), 0)::text,
       (SELECT count(*) FROM (SELECT FROM supabase_move.changed LIMIT 1000000) x)::text,
       round(extract(epoch FROM clock_timestamp()) * 1000 - r.beat / 1000.0)::bigint::text, r.beat::text
  FROM supabase_move.runs r ORDER BY r.id DESC LIMIT 1

-- Up to here the journal has been done, and is not needed there any more.
-- name: move_journal_done
SELECT COALESCE(max(id), 0)::text FROM sojorn_move.journal

-- name: move_objects_gone     $1 objects uuids
DELETE FROM storage_objects o WHERE o.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_objects s WHERE s.id = o.id)

-- name: move_buckets_gone     $1 buckets texts
DELETE FROM storage_buckets b WHERE b.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_buckets s WHERE s.id = b.id)
   AND NOT EXISTS (SELECT FROM storage_objects o WHERE o.bucket_id = b.id)
