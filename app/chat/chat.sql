-- Conversations and messages. Locks are taken in the order that migrations/000027_chat names; a CTE that
-- must come behind another one reads from it.

-- name: conversations_list     $1 me uuid, $2 limit int, $3 offset int, $4 before time, $5 before_id uuid
WITH mine AS MATERIALIZED (
	(SELECT c.* FROM encrypted_conversations c
	  WHERE c.participant_a = $1 AND (c.last_message_at, c.id) < ($4, $5)
	    AND EXISTS (SELECT FROM visible_profiles($1) v WHERE v.id = c.participant_b)
	  ORDER BY c.last_message_at DESC, c.id DESC LIMIT $2 + $3)
	UNION ALL
	(SELECT c.* FROM encrypted_conversations c
	  WHERE c.participant_b = $1 AND (c.last_message_at, c.id) < ($4, $5)
	    AND EXISTS (SELECT FROM visible_profiles($1) v WHERE v.id = c.participant_a)
	  ORDER BY c.last_message_at DESC, c.id DESC LIMIT $2 + $3)
), page AS MATERIALIZED (
	SELECT * FROM mine ORDER BY last_message_at DESC, id DESC LIMIT $2 OFFSET $3
)
SELECT c.id, c.participant_a, c.participant_b, c.created_at, c.last_message_at,
       a.id AS "participant_a_profile.id", a.handle AS "participant_a_profile.handle",
       a.display_name AS "participant_a_profile.display_name",
       COALESCE(a.avatar_url, '') AS "participant_a_profile.avatar_url",
       b.id AS "participant_b_profile.id", b.handle AS "participant_b_profile.handle",
       b.display_name AS "participant_b_profile.display_name",
       COALESCE(b.avatar_url, '') AS "participant_b_profile.avatar_url",
       (SELECT count(*)::integer FROM (SELECT FROM secure_messages m
		 WHERE m.receiver_id = $1 AND m.conversation_id = c.id AND m.read_at IS NULL AND m.message_type <> 2
		   AND (m.expires_at IS NULL OR m.expires_at > now())
		 LIMIT 1000) u) AS unread_count
  FROM page c
  JOIN profiles a ON a.id = c.participant_a
  JOIN profiles b ON b.id = c.participant_b
 ORDER BY c.last_message_at DESC, c.id DESC;

-- T-MSG-2: two who open at once get one row, since the second waits for the first and takes its row. No row:
-- nobody to be seen there; a row without id: T-MSG-5.
-- name: conversation_open     $1 me uuid, $2 other uuid, $3 make bool
WITH other AS MATERIALIZED (
	SELECT a.id, EXISTS (SELECT FROM can_message($1, a.id)) AS may FROM visible_profiles($1) a WHERE a.id = $2
), known AS MATERIALIZED (
	SELECT k AS id FROM conversation_between($1, $2) k
), made AS (
	INSERT INTO encrypted_conversations AS c (participant_a, participant_b)
	SELECT LEAST($1, other.id), GREATEST($1, other.id) FROM other
	 WHERE $3 AND other.may AND NOT EXISTS (SELECT FROM known)
	    ON CONFLICT (participant_a, participant_b) DO UPDATE SET last_message_at = c.last_message_at
	RETURNING id
)
SELECT COALESCE(known.id, made.id) AS id
  FROM other LEFT JOIN known ON true LEFT JOIN made ON true;

-- For both, with everything in it.
-- name: conversation_delete     $1 me uuid, $2 id uuid [slow]
WITH held AS MATERIALIZED (
	SELECT c.id, c.participant_a, c.participant_b FROM encrypted_conversations c
	 WHERE c.id = (SELECT mine.id FROM my_conversations($1) mine WHERE mine.id = $2)
	   FOR UPDATE
), emptied AS (
	DELETE FROM secure_messages m USING held WHERE m.conversation_id = held.id RETURNING m.id
), gone AS (
	DELETE FROM encrypted_conversations d USING held
	 WHERE d.id = held.id AND (SELECT count(*) FROM emptied) IS NOT NULL
	RETURNING d.id, d.participant_a, d.participant_b
)
SELECT emit_all(ARRAY[participant_a, participant_b], 'conversation_deleted',
		jsonb_build_object('conversation_id', id, 'deleted_by', $1))
  FROM gone;

-- One row even for an empty conversation, so that a hidden one can be told from it.
-- name: messages_list     $1 me uuid, $2 conversation uuid, $3 limit int, $4 offset int, $5 before time, $6 before_id uuid
WITH c AS MATERIALIZED (
	SELECT c.id FROM my_conversations($1) c WHERE c.id = $2
)
SELECT m.id, m.conversation_id, m.sender_id, m.receiver_id, m.ciphertext, m.iv, m.message_header, m.key_version,
       m.message_type, m.reply_to_id, m.created_at, m.delivered_at, m.read_at, m.expires_at,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', r.id, 'message_id', r.message_id, 'user_id', r.user_id,
				'emoji', r.emoji, 'created_at', utc_text(r.created_at)) ORDER BY r.created_at, r.id)
		   FROM message_reactions r WHERE r.message_id = m.id), '[]') AS reactions
  FROM c
  LEFT JOIN LATERAL (
	SELECT * FROM secure_messages m
	 WHERE m.conversation_id = c.id AND (m.created_at, m.id) < ($5, $6)
	   AND (m.expires_at IS NULL OR m.expires_at > now())
	 ORDER BY m.created_at DESC, m.id DESC
	 LIMIT $3 OFFSET $4) m ON true
 ORDER BY m.created_at DESC, m.id DESC;

-- A message that is to be shown also says that its sender has seen what came before, for clients that have no
-- call for it. No row: no such conversation.
-- name: message_send     $1 me uuid, $2 conversation uuid, $3 receiver uuid, $4 ciphertext text, $5 iv text,
--	$6 header text, $7 version text, $8 type int, $9 reply_to uuid, $10 expires_at time
WITH may AS MATERIALIZED (
	SELECT c.id, c.peer, $3::uuid IS NULL OR $3 = c.peer AS right_receiver,
	       $9::uuid IS NULL OR EXISTS (SELECT FROM secure_messages m
			WHERE m.id = $9 AND m.conversation_id = c.id) AS right_reply
	  FROM my_conversations($1) c WHERE c.id = $2
), touched AS (
	UPDATE encrypted_conversations t SET last_message_at = GREATEST(t.last_message_at, now())
	  FROM may WHERE t.id = may.id AND may.right_receiver AND may.right_reply
	RETURNING t.id, may.peer
), made AS (
	INSERT INTO secure_messages (conversation_id, sender_id, receiver_id, ciphertext, iv, message_header,
			key_version, message_type, reply_to_id, expires_at)
	SELECT touched.id, $1, touched.peer, $4, $5, $6, $7, $8, $9, $10 FROM touched
	RETURNING *
), told AS MATERIALIZED (
	SELECT (SELECT count(*) FROM notify(made.receiver_id, $1, 'message', NULL, NULL, 'high', NULL,
			jsonb_build_object('conversation_id', made.conversation_id))) AS n
	  FROM made WHERE made.message_type <> 2
), seen AS MATERIALIZED (
	SELECT mark_read($1, made.conversation_id, made.created_at) AS n FROM made
	 WHERE made.message_type <> 2 AND (SELECT count(*) FROM told) IS NOT NULL
), emitted AS MATERIALIZED (
	SELECT emit(made.receiver_id, 'new_message',
			jsonb_build_object('id', made.id, 'conversation_id', made.conversation_id)) AS n
	  FROM made WHERE (SELECT count(*) FROM seen) IS NOT NULL
)
SELECT may.right_receiver, may.right_reply, m.id AS "message.id", m.conversation_id AS "message.conversation_id",
       m.sender_id AS "message.sender_id", m.receiver_id AS "message.receiver_id",
       m.ciphertext AS "message.ciphertext", m.iv AS "message.iv", m.message_header AS "message.message_header",
       m.key_version AS "message.key_version", m.message_type AS "message.message_type",
       m.reply_to_id AS "message.reply_to_id", m.created_at AS "message.created_at",
       m.delivered_at AS "message.delivered_at", m.read_at AS "message.read_at",
       m.expires_at AS "message.expires_at", '[]'::jsonb AS "message.reactions"
  FROM may LEFT JOIN made m ON true
 WHERE (SELECT count(*) FROM emitted) IS NOT NULL;

-- name: message_delete     $1 me uuid, $2 id uuid
WITH held AS MATERIALIZED (
	SELECT c.id FROM encrypted_conversations c
	 WHERE c.id = (SELECT m.conversation_id FROM my_messages($1) m WHERE m.id = $2 AND m.sender_id = $1)
	   FOR NO KEY UPDATE
), gone AS (
	DELETE FROM secure_messages m USING held WHERE m.id = $2 AND m.conversation_id = held.id
	RETURNING m.id, m.conversation_id, m.sender_id, m.receiver_id
)
SELECT emit_all(ARRAY[sender_id, receiver_id], 'message_deleted',
		jsonb_build_object('message_id', id, 'conversation_id', conversation_id, 'deleted_by', $1))
  FROM gone;

-- T-MSG-4: messages have reached a device of their receiver.
-- name: messages_delivered     $1 me uuid, $2 ids uuids [write]
SELECT mark_delivered($1, $2);

-- Up to a message, or all; a message that is gone is before all others.
-- name: messages_read     $1 me uuid, $2 conversation uuid, $3 up_to uuid [write]
SELECT mark_read($1, c.id, CASE WHEN $3::uuid IS NULL THEN now() ELSE COALESCE((
		SELECT m.created_at FROM secure_messages m WHERE m.id = $3 AND m.conversation_id = c.id), '-infinity') END) AS n
  FROM my_conversations($1) c WHERE c.id = $2;

-- The row as it is when it was there already: not fresh. The message is held before anybody is told: whoever
-- deletes it waits here, and not behind the heads.
-- name: reaction_add     $1 me uuid, $2 message uuid, $3 emoji text
WITH m AS MATERIALIZED (
	SELECT m.id, m.conversation_id, m.sender_id, m.receiver_id FROM secure_messages m
	 WHERE m.id = (SELECT mine.id FROM my_messages($1) mine WHERE mine.id = $2)
	   FOR KEY SHARE
), made AS (
	INSERT INTO message_reactions AS r (message_id, user_id, emoji) SELECT m.id, $1, $3 FROM m
	    ON CONFLICT (message_id, user_id, emoji) DO UPDATE SET emoji = excluded.emoji
	RETURNING r.*, r.xmax = 0 AS fresh
), told AS MATERIALIZED (
	SELECT emit_all(ARRAY[m.sender_id, m.receiver_id], 'reaction_added',
			jsonb_build_object('message_id', m.id, 'conversation_id', m.conversation_id, 'user_id', $1,
				'emoji', $3)) AS n
	  FROM m JOIN made ON made.fresh
)
SELECT id, message_id, user_id, emoji, created_at, fresh FROM made WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- One row when there is such a message, whether it had the reaction or not.
-- name: reaction_remove     $1 me uuid, $2 message uuid, $3 emoji text
WITH m AS MATERIALIZED (
	SELECT m.id, m.conversation_id, m.sender_id, m.receiver_id FROM secure_messages m
	 WHERE m.id = (SELECT mine.id FROM my_messages($1) mine WHERE mine.id = $2)
	   FOR KEY SHARE
), gone AS (
	DELETE FROM message_reactions r USING m WHERE r.message_id = m.id AND r.user_id = $1 AND r.emoji = $3
	RETURNING r.message_id
), told AS MATERIALIZED (
	SELECT emit_all(ARRAY[m.sender_id, m.receiver_id], 'reaction_removed',
			jsonb_build_object('message_id', m.id, 'conversation_id', m.conversation_id, 'user_id', $1,
				'emoji', $3)) AS n
	  FROM m JOIN gone ON true
)
SELECT m.id FROM m WHERE (SELECT count(*) FROM told) IS NOT NULL;

-- In the order of locks, as many conversations at once.
-- name: chat_purge     $1 limit int [slow]
WITH old AS MATERIALIZED (
	SELECT o.id, o.conversation_id FROM secure_messages o
	 WHERE o.expires_at <= now() ORDER BY o.expires_at LIMIT $1
), held AS MATERIALIZED (
	SELECT c.id FROM encrypted_conversations c
	 WHERE c.id IN (SELECT old.conversation_id FROM old)
	 ORDER BY c.id
	   FOR NO KEY UPDATE
)
DELETE FROM secure_messages m
 USING old JOIN held ON held.id = old.conversation_id
 WHERE m.id = old.id;
