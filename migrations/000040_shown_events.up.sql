-- An event as its receiver is shown it, the same on an open socket and when he comes back; and badges told once, as
-- live events, since a number that is fetched anew at each connection need not be kept.
SET search_path = sojorn, public, extensions;

-- A stream says that there is a message; its text is joined when the event is read. So no ciphertext is
-- kept twice, and a message that was deleted, has expired or is behind a block by now is in nobody's stream
-- any more: what is left of its event is its number.
CREATE FUNCTION shown_event(receiver uuid, said text, what jsonb) RETURNS TABLE (kind text, payload jsonb)
LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT CASE WHEN said = 'new_message' AND m.id IS NULL THEN 'gone' ELSE said END,
	       CASE WHEN said <> 'new_message' THEN what
		    WHEN m.id IS NULL THEN '{}'
		    ELSE jsonb_build_object('id', m.id, 'conversation_id', m.conversation_id, 'sender_id', m.sender_id,
				'receiver_id', m.receiver_id, 'ciphertext', m.ciphertext, 'iv', m.iv,
				'message_header', m.message_header, 'key_version', m.key_version,
				'message_type', m.message_type, 'reply_to_id', m.reply_to_id,
				'created_at', sojorn.utc_text(m.created_at), 'expires_at', sojorn.utc_text(m.expires_at)) END
	  FROM (SELECT) one
	  LEFT JOIN sojorn.my_messages(receiver) m ON said = 'new_message' AND m.id = (what->>'id')::uuid
$$;

CREATE OR REPLACE FUNCTION events_after(receiver uuid, after bigint)
	RETURNS TABLE (seq bigint, kind text, payload jsonb, created_at timestamptz) LANGUAGE sql STABLE AS $$
	SELECT e.seq, s.kind, s.payload, e.created_at
	  FROM sojorn.user_events e CROSS JOIN LATERAL sojorn.shown_event(receiver, e.kind, e.payload) s
	 WHERE e.user_id = receiver AND e.seq > after
$$;

-- The reader has seen what was sent to him there until then; the other one is told. Returns how many.
CREATE OR REPLACE FUNCTION mark_read(reader uuid, conversation uuid, until timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	other uuid;
	n integer;
BEGIN
	SELECT m.sender_id INTO other FROM sojorn.secure_messages m
	 WHERE m.receiver_id = reader AND m.conversation_id = conversation AND m.read_at IS NULL
	   AND m.message_type <> 2 AND m.created_at <= until
	 LIMIT 1;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	PERFORM FROM sojorn.encrypted_conversations c WHERE c.id = conversation FOR NO KEY UPDATE;
	UPDATE sojorn.secure_messages m SET read_at = now(), delivered_at = COALESCE(m.delivered_at, now())
	 WHERE m.receiver_id = reader AND m.conversation_id = conversation AND m.read_at IS NULL
	   AND m.message_type <> 2 AND m.created_at <= until;
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n = 0 THEN
		RETURN 0;
	END IF;
	UPDATE sojorn.notifications t SET is_read = true
	 WHERE t.user_id = reader AND t.type = 'message' AND t.actor_id = other AND NOT t.is_read
	   AND NOT EXISTS (SELECT FROM sojorn.secure_messages m
			    WHERE m.receiver_id = reader AND m.conversation_id = conversation
			      AND m.read_at IS NULL AND m.message_type <> 2);
	INSERT INTO sojorn.live_events (kind, topic) VALUES ('badge', reader);
	PERFORM sojorn.emit(other, 'messages_read', jsonb_build_object('conversation_id', conversation,
			'user_id', reader, 'read_until', sojorn.utc_text(until)));
	RETURN n;
END
$$;

-- §12.1; a message tells its receiver again although he has been told of an earlier one, and a push that still
-- waits stands for both.
CREATE OR REPLACE FUNCTION notify(receiver uuid, actor uuid, kind text, post uuid, comment uuid, urgency text,
		group_name text, details jsonb) RETURNS SETOF uuid LANGUAGE sql VOLATILE ROWS 1 AS $$
	WITH told AS (
		INSERT INTO sojorn.notifications AS n (user_id, type, actor_id, post_id, comment_id, priority,
				group_key, metadata)
		SELECT receiver, kind, actor, post, comment, urgency, group_name,
		       jsonb_strip_nulls(jsonb_build_object('actor_name', a.display_name, 'post_id', post,
				'comment_id', comment)) || details
		  FROM sojorn.profiles a, sojorn.profiles r
		 WHERE a.id = actor AND r.id = receiver AND a.id <> r.id AND a.is_live AND r.is_live
		   AND NOT EXISTS (SELECT FROM sojorn.has_block_between(actor, receiver))
		    ON CONFLICT (user_id, type, actor_id, post_id, comment_id, archived_at) DO UPDATE
			SET is_read = false, created_at = now(), metadata = excluded.metadata
			WHERE n.type = 'message'
		RETURNING id
	), queued AS (
		INSERT INTO sojorn.outbox (kind, payload, user_id, dedup_key)
		SELECT 'push', jsonb_build_object('notification_id', told.id), receiver, told.id::text FROM told
		 WHERE EXISTS (SELECT FROM sojorn.user_fcm_tokens d WHERE d.user_id = receiver)
		    ON CONFLICT (kind, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
	)
	SELECT id FROM told
$$;

DROP FUNCTION emit_badge(uuid);
