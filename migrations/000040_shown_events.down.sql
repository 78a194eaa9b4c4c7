SET search_path = sojorn, public, extensions;

CREATE FUNCTION emit_badge(who uuid) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT sojorn.emit(who, 'badge', to_jsonb(b)
			|| jsonb_build_object('total_count', b.notification_count + b.message_count))
	  FROM sojorn.badge(who) b
$$;

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
		    ON CONFLICT (kind, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
	)
	SELECT id FROM told
$$;

CREATE OR REPLACE FUNCTION mark_read(reader uuid, conversation uuid, until timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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
	IF reader < other THEN
		PERFORM sojorn.emit_badge(reader);
	END IF;
	PERFORM sojorn.emit(other, 'messages_read', jsonb_build_object('conversation_id', conversation,
			'user_id', reader, 'read_until', sojorn.utc_text(until)));
	IF other < reader THEN
		PERFORM sojorn.emit_badge(reader);
	END IF;
	RETURN n;
END
$$;

CREATE OR REPLACE FUNCTION events_after(receiver uuid, after bigint)
	RETURNS TABLE (seq bigint, kind text, payload jsonb, created_at timestamptz) LANGUAGE sql STABLE AS $$
	SELECT e.seq,
	       CASE WHEN e.kind = 'new_message' AND m.id IS NULL THEN 'gone' ELSE e.kind END,
	       CASE WHEN e.kind <> 'new_message' THEN e.payload
		    WHEN m.id IS NULL THEN '{}'
		    ELSE jsonb_build_object('id', m.id, 'conversation_id', m.conversation_id, 'sender_id', m.sender_id,
				'receiver_id', m.receiver_id, 'ciphertext', m.ciphertext, 'iv', m.iv,
				'message_header', m.message_header, 'key_version', m.key_version,
				'message_type', m.message_type, 'reply_to_id', m.reply_to_id,
				'created_at', sojorn.utc_text(m.created_at), 'expires_at', sojorn.utc_text(m.expires_at)) END,
	       e.created_at
	  FROM sojorn.user_events e
	  LEFT JOIN sojorn.my_messages(receiver) m
	    ON e.kind = 'new_message' AND m.id = (e.payload->>'id')::uuid
	 WHERE e.user_id = receiver AND e.seq > after
$$;

DROP FUNCTION shown_event(uuid, text, jsonb);
