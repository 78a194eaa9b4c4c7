-- Keys and messages, from the landing zone to schema sojorn; as transform.sql, of which it is a part.

-- ---- keys ----

-- name: move_key_owners     $1 users uuids
INSERT INTO e2ee_identities AS o (user_id, identity_key, registration_id, changed_at, updated_at)
SELECT s.id, k.bytes, GREATEST(COALESCE(s.registration_id, 1), 1), COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of())
  FROM supabase_move.old_key_owners s
  JOIN profiles p ON p.id = s.id
 CROSS JOIN LATERAL (SELECT supabase_move.key_bytes(s.identity_key, '{32,33,64}') OFFSET 0) AS k (bytes)
 WHERE k.bytes IS NOT NULL AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (user_id) DO UPDATE SET identity_key = excluded.identity_key, registration_id = excluded.registration_id,
	changed_at = CASE WHEN o.identity_key = excluded.identity_key THEN o.changed_at ELSE excluded.changed_at END,
	updated_at = excluded.updated_at
WHERE (o.identity_key, o.registration_id, o.updated_at) <> (excluded.identity_key, excluded.registration_id, excluded.updated_at)

-- A signature of nothing but zeros came from clients that could not sign; such a key protects nobody.
-- name: move_signed_prekeys     $1 users uuids
INSERT INTO signed_prekeys AS o (user_id, key_id, public_key, signature, created_at)
SELECT s.user_id, s.key_id, k.public_key, k.signature, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM supabase_move.old_signed_prekeys s
  JOIN e2ee_identities i ON i.user_id = s.user_id
 CROSS JOIN LATERAL (SELECT supabase_move.key_bytes(s.public_key, '{32,33}'), supabase_move.key_bytes(s.signature, '{64}') OFFSET 0)
	AS k (public_key, signature)
 WHERE s.key_id >= 0 AND k.public_key IS NOT NULL AND k.signature IS NOT NULL AND k.signature <> decode(repeat('00', 64), 'hex')
   AND ($1::uuid[] IS NULL OR s.user_id = ANY ($1))
ON CONFLICT (user_id, key_id) DO UPDATE SET public_key = excluded.public_key, signature = excluded.signature,
	created_at = excluded.created_at
WHERE o.* IS DISTINCT FROM excluded.*

-- One that was handed out here stays used, unless another key has its number now.
-- name: move_one_time_prekeys     $1 users uuids
INSERT INTO one_time_prekeys AS o (user_id, key_id, public_key, created_at)
SELECT s.user_id, s.key_id, k.public_key, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM supabase_move.old_one_time_prekeys s
  JOIN e2ee_identities i ON i.user_id = s.user_id
 CROSS JOIN LATERAL (SELECT supabase_move.key_bytes(s.public_key, '{32,33}') OFFSET 0) AS k (public_key)
 WHERE s.key_id >= 0 AND k.public_key IS NOT NULL AND ($1::uuid[] IS NULL OR s.user_id = ANY ($1))
ON CONFLICT (user_id, key_id) DO UPDATE SET public_key = excluded.public_key, created_at = excluded.created_at, used_at = NULL
WHERE o.public_key <> excluded.public_key

-- name: move_keys_gone     $1 users uuids
WITH signed AS (
	DELETE FROM signed_prekeys o WHERE o.user_id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_signed_prekeys s
		WHERE s.user_id = o.user_id AND s.key_id = o.key_id)
), once AS (
	DELETE FROM one_time_prekeys o WHERE o.user_id = ANY ($1) AND o.used_at IS NULL
	   AND NOT EXISTS (SELECT FROM supabase_move.old_one_time_prekeys s WHERE s.user_id = o.user_id AND s.key_id = o.key_id)
)
DELETE FROM e2ee_identities o WHERE o.user_id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_key_owners s
	WHERE s.id = o.user_id AND supabase_move.key_bytes(s.identity_key, '{32,33,64}') IS NOT NULL)

-- ---- messages ----

-- Two people have one conversation here, in whatever order the old app had them; of several the oldest gives its id.
-- name: move_conversations     $1 conversations uuids
WITH source AS (
	SELECT s.id, LEAST(s.participant_a, s.participant_b) AS a, GREATEST(s.participant_a, s.participant_b) AS b,
	       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()) AS created_at,
	       COALESCE(supabase_move.plain_time(COALESCE(s.last_message_at, s.created_at)), supabase_move.as_of()) AS last_message_at
	  FROM supabase_move.old_conversations s
	  JOIN profiles x ON x.id = s.participant_a
	  JOIN profiles y ON y.id = s.participant_b
	 WHERE s.participant_a <> s.participant_b AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
)
INSERT INTO encrypted_conversations AS o (id, participant_a, participant_b, created_at, last_message_at)
SELECT DISTINCT ON (a, b) id, a, b, created_at, max(last_message_at) OVER (PARTITION BY a, b) FROM source
 ORDER BY a, b, created_at, id
ON CONFLICT (participant_a, participant_b) DO UPDATE SET last_message_at = excluded.last_message_at
WHERE o.last_message_at < excluded.last_message_at

-- name: move_messages     $1 messages uuids
WITH source AS (
	SELECT m.*, c.id AS conversation, CASE m.sender_id WHEN s.participant_a THEN s.participant_b ELSE s.participant_a END AS receiver
	  FROM supabase_move.all_messages m
	  JOIN supabase_move.old_conversations s ON s.id = m.conversation_id AND m.sender_id IN (s.participant_a, s.participant_b)
	  JOIN encrypted_conversations c ON c.participant_a = LEAST(s.participant_a, s.participant_b)
		AND c.participant_b = GREATEST(s.participant_a, s.participant_b)
	 WHERE m.ciphertext IS NOT NULL AND (m.expires_at IS NULL OR m.expires_at > supabase_move.as_of())
	   AND ($1::uuid[] IS NULL OR m.id = ANY ($1))
)
INSERT INTO secure_messages AS o (id, conversation_id, sender_id, receiver_id, ciphertext, iv, message_header, key_version,
	message_type, reply_to_id, created_at, delivered_at, read_at, expires_at)
SELECT s.id, s.conversation, s.sender_id, s.receiver, s.ciphertext, COALESCE(s.iv, ''), COALESCE(s.message_header, ''),
       COALESCE(s.key_version, 'x3dh'), COALESCE(s.message_type, 1),
       CASE WHEN EXISTS (SELECT FROM source r WHERE r.id = s.reply_to_id)
		OR EXISTS (SELECT FROM secure_messages r WHERE r.id = s.reply_to_id) THEN s.reply_to_id END,
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()), supabase_move.plain_time(s.delivered_at),
       supabase_move.plain_time(s.read_at), supabase_move.plain_time(s.expires_at)
  FROM source s
ON CONFLICT (id) DO UPDATE SET ciphertext = excluded.ciphertext, iv = excluded.iv, message_header = excluded.message_header,
	key_version = excluded.key_version, message_type = excluded.message_type, reply_to_id = excluded.reply_to_id,
	created_at = excluded.created_at, delivered_at = excluded.delivered_at, read_at = excluded.read_at,
	expires_at = excluded.expires_at
WHERE o.* IS DISTINCT FROM excluded.*

-- name: move_reactions     $1 reactions uuids
INSERT INTO message_reactions (id, message_id, user_id, emoji, created_at)
SELECT DISTINCT ON (s.message_id, s.user_id, s.emoji) s.id, s.message_id, s.user_id, s.emoji,
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM supabase_move.old_reactions s
  JOIN secure_messages m ON m.id = s.message_id
  JOIN profiles p ON p.id = s.user_id
 WHERE char_length(s.emoji) BETWEEN 1 AND 10 AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
 ORDER BY s.message_id, s.user_id, s.emoji, s.created_at, s.id
ON CONFLICT DO NOTHING

-- name: move_conversations_gone     $1 conversations uuids
DELETE FROM encrypted_conversations o WHERE o.id = ANY ($1)
   AND NOT EXISTS (SELECT FROM supabase_move.old_conversations s WHERE LEAST(s.participant_a, s.participant_b) = o.participant_a
	AND GREATEST(s.participant_a, s.participant_b) = o.participant_b)

-- name: move_messages_gone     $1 messages uuids
DELETE FROM secure_messages o WHERE o.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.all_messages s WHERE s.id = o.id)

-- name: move_reactions_gone     $1 reactions uuids
DELETE FROM message_reactions o WHERE o.id = ANY ($1) AND NOT EXISTS (SELECT FROM supabase_move.old_reactions s WHERE s.id = o.id)

-- ---- what did not come along ----

-- name: move_find_chat
INSERT INTO supabase_move.findings (code, subject, key, detail)
SELECT 'key_not_moved', 'public.profiles.identity_key', s.id::text, 'is no key that clients could use; a new one is made at the next sign-in'
  FROM supabase_move.old_key_owners s
 WHERE s.identity_key <> '' AND NOT EXISTS (SELECT FROM e2ee_identities i WHERE i.user_id = s.id)
UNION ALL
SELECT 'key_not_moved', 'public.signed_prekeys', format('%s %s', s.user_id, s.key_id), 'is not signed, or of nobody'
  FROM supabase_move.old_signed_prekeys s
 WHERE NOT EXISTS (SELECT FROM signed_prekeys k WHERE k.user_id = s.user_id AND k.key_id = s.key_id)
UNION ALL
SELECT 'not_moved', 'public.secure_messages', s.id::text, 'has expired, or is of somebody who does not take part'
  FROM supabase_move.old_messages s WHERE NOT EXISTS (SELECT FROM secure_messages m WHERE m.id = s.id)
UNION ALL
SELECT 'not_moved', 'public.encrypted_messages', s.id::text, 'is of no conversation that came over, has expired, or is in a form of its own'
  FROM supabase_move.older_messages s WHERE NOT EXISTS (SELECT FROM secure_messages m WHERE m.id = s.id)
UNION ALL
SELECT 'not_moved', 'public.encrypted_conversations', s.id::text, 'somebody is gone, or it goes on in another of the same two'
  FROM supabase_move.old_conversations s WHERE NOT EXISTS (SELECT FROM encrypted_conversations c WHERE c.id = s.id)
ON CONFLICT DO NOTHING
