-- Conversations of two and what they say to each other, which the server cannot read: domain-rules §13.
--
-- Whatever writes here takes its locks in this order, so that nobody waits in a circle: the conversation,
-- its messages, notifications, heads of the event streams.
SET search_path = sojorn, public, extensions;

CREATE TABLE encrypted_conversations (
	id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	participant_a    uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	participant_b    uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at       timestamptz NOT NULL DEFAULT now(),
	last_message_at  timestamptz NOT NULL DEFAULT now(),
	UNIQUE (participant_a, participant_b),
	CHECK (participant_a < participant_b)
) WITH (fillfactor = 85);
CREATE INDEX encrypted_conversations_a ON encrypted_conversations (participant_a, last_message_at DESC, id DESC);
CREATE INDEX encrypted_conversations_b ON encrypted_conversations (participant_b, last_message_at DESC, id DESC);

-- Sender and receiver are the participants of the conversation, with which the message goes. What is
-- encrypted, its header and its vector come back byte for byte, so they are text and not JSON.
CREATE TABLE secure_messages (
	id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	conversation_id  uuid NOT NULL REFERENCES encrypted_conversations ON DELETE CASCADE,
	sender_id        uuid NOT NULL,
	receiver_id      uuid NOT NULL CHECK (receiver_id <> sender_id),
	ciphertext       text NOT NULL,
	iv               text NOT NULL DEFAULT '',
	message_header   text NOT NULL DEFAULT '',
	key_version      text NOT NULL DEFAULT 'x3dh',
	message_type     integer NOT NULL DEFAULT 1,
	reply_to_id      uuid REFERENCES secure_messages ON DELETE SET NULL,
	created_at       timestamptz NOT NULL DEFAULT now(),
	delivered_at     timestamptz,
	read_at          timestamptz,
	expires_at       timestamptz
) WITH (fillfactor = 90);
COMMENT ON COLUMN secure_messages.message_type IS '1: to be shown; 2: a command between the clients, which is never unread';
CREATE INDEX secure_messages_list ON secure_messages (conversation_id, created_at DESC, id DESC);
CREATE INDEX secure_messages_unread ON secure_messages (receiver_id, conversation_id)
	WHERE read_at IS NULL AND message_type <> 2;
CREATE INDEX secure_messages_expiring ON secure_messages (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX secure_messages_replies ON secure_messages (reply_to_id) WHERE reply_to_id IS NOT NULL;

CREATE TABLE message_reactions (
	id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	message_id  uuid NOT NULL REFERENCES secure_messages ON DELETE CASCADE,
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	emoji       text NOT NULL CHECK (char_length(emoji) BETWEEN 1 AND 10),
	created_at  timestamptz NOT NULL DEFAULT now(),
	UNIQUE (message_id, user_id, emoji)
);
CREATE INDEX message_reactions_user ON message_reactions (user_id);

-- ---- who may ----

-- T-MSG-1, T-MSG-3, T-BLK-9: what has an address for the viewer: his own, with somebody he can see.
CREATE FUNCTION my_conversations(viewer uuid)
	RETURNS TABLE (id uuid, peer uuid) LANGUAGE sql STABLE AS $$
	SELECT c.id, a.id
	  FROM sojorn.encrypted_conversations c
	  JOIN sojorn.visible_profiles(viewer) a
	    ON a.id = CASE viewer WHEN c.participant_a THEN c.participant_b ELSE c.participant_a END
	 WHERE viewer IN (c.participant_a, c.participant_b)
$$;

-- Not those that have expired, whether they are purged yet or not.
CREATE FUNCTION my_messages(viewer uuid) RETURNS SETOF secure_messages LANGUAGE sql STABLE AS $$
	SELECT m.*
	  FROM sojorn.secure_messages m
	  JOIN sojorn.my_conversations(viewer) c ON c.id = m.conversation_id
	 WHERE m.expires_at IS NULL OR m.expires_at > now()
$$;

CREATE FUNCTION conversation_between(a uuid, b uuid) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT c.id FROM sojorn.encrypted_conversations c
	 WHERE c.participant_a = LEAST(a, b) AND c.participant_b = GREATEST(a, b)
$$;

-- T-MSG-5: mutual follows, or whom the receiver's setting lets in; who has talked before may go on. That the
-- receiver is visible is another question.
CREATE FUNCTION can_message(sender uuid, receiver uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.profiles a
	  LEFT JOIN sojorn.user_settings s ON s.user_id = a.id
	 WHERE a.id = receiver
	   AND (EXISTS (SELECT FROM sojorn.in_audience(sender, a.id, COALESCE(s.who_can_message, 'mutuals')))
		OR EXISTS (SELECT FROM sojorn.conversation_between(sender, a.id)))
$$;

-- ---- marks ----

-- Numbers for the app's badge; each counts to 1000 at most.
CREATE FUNCTION badge(who uuid) RETURNS TABLE (notification_count integer, message_count integer)
LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT (SELECT count(*)::integer FROM (SELECT FROM sojorn.notifications n
			 WHERE n.user_id = who AND NOT n.is_read AND n.archived_at IS NULL AND n.type <> 'message'
			 LIMIT 1000) u),
	       (SELECT count(*)::integer FROM (SELECT FROM sojorn.secure_messages m
			  JOIN sojorn.my_conversations(who) c ON c.id = m.conversation_id
			 WHERE m.receiver_id = who AND m.read_at IS NULL AND m.message_type <> 2
			   AND (m.expires_at IS NULL OR m.expires_at > now())
			 LIMIT 1000) u)
$$;

CREATE FUNCTION emit_badge(who uuid) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT sojorn.emit(who, 'badge', to_jsonb(b)
			|| jsonb_build_object('total_count', b.notification_count + b.message_count))
	  FROM sojorn.badge(who) b
$$;

-- The reader has seen what was sent to him there until then; the other one is told. Returns how many.
CREATE FUNCTION mark_read(reader uuid, conversation uuid, until timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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

-- Messages have reached a device of their receiver, who may be given others' ids: they change nothing. Each
-- sender is told once a conversation. Returns how many.
CREATE FUNCTION mark_delivered(receiver uuid, messages uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	conversations uuid[];
	n integer;
BEGIN
	SELECT array_agg(m.id), array_agg(m.conversation_id) INTO messages, conversations FROM sojorn.secure_messages m
	 WHERE m.id = ANY (messages) AND m.receiver_id = receiver AND m.delivered_at IS NULL;
	IF messages IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM FROM sojorn.encrypted_conversations c WHERE c.id = ANY (conversations) ORDER BY c.id FOR NO KEY UPDATE;
	WITH marked AS (
		UPDATE sojorn.secure_messages m SET delivered_at = now()
		 WHERE m.id = ANY (messages) AND m.delivered_at IS NULL
		RETURNING m.id, m.conversation_id, m.sender_id
	), a_conversation AS MATERIALIZED (
		SELECT m.sender_id, m.conversation_id, array_agg(m.id) AS ids FROM marked m
		 GROUP BY m.sender_id, m.conversation_id ORDER BY m.sender_id
	), told AS MATERIALIZED (
		SELECT sojorn.emit(c.sender_id, 'messages_delivered', jsonb_build_object('conversation_id',
				c.conversation_id, 'user_id', receiver, 'message_ids', c.ids)) FROM a_conversation c
	)
	SELECT count(*) INTO n FROM marked WHERE (SELECT count(*) FROM told) IS NOT NULL;
	RETURN n;
END
$$;

-- ---- events ----

-- As the server writes times everywhere.
CREATE FUNCTION utc_text(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- A stream says that there is a message; its text is joined when the event is read. So no ciphertext is
-- kept twice, and a message that was deleted, has expired or is behind a block by now is in nobody's stream
-- any more: what is left of its event is its number.
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

-- ---- notifications ----

-- §12.1, as before; and a message tells its receiver again although he has been told of an earlier one. The
-- job "push" beside it also tells the receiver's own devices their badge.
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
