-- Keys and messages of the old app, which the server could not read there either.
SET search_path = sojorn, public, extensions;

-- The bytes of a key in base64; of one in two parts ("sign:agree") both. NULL when it is none of these lengths.
CREATE FUNCTION supabase_move.key_bytes(value text, lengths integer[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
	bytes bytea := '';
	part text;
BEGIN
	FOREACH part IN ARRAY string_to_array(value, ':') LOOP
		part := rtrim(translate(part, E'-_\n\r ', '+/'), '=');
		bytes := bytes || decode(part || repeat('=', -length(part) & 3), 'base64');
	END LOOP;
	RETURN CASE WHEN octet_length(bytes) = ANY (lengths) THEN bytes END;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN NULL;
END $$;

CREATE FUNCTION supabase_move.shape_chat() RETURNS void LANGUAGE plpgsql
	SET search_path = sojorn, public, extensions AS $$
BEGIN
	PERFORM supabase_move.shape('old_key_owners', 'public.profiles', ARRAY['id uuid', 'identity_key text',
		'registration_id integer', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_signed_prekeys', 'public.signed_prekeys', ARRAY['user_id uuid', 'key_id integer',
		'public_key text', 'signature text', 'created_at timestamptz']);
	PERFORM supabase_move.shape('old_one_time_prekeys', 'public.one_time_prekeys', ARRAY['user_id uuid', 'key_id integer',
		'public_key text', 'created_at timestamptz']);
	PERFORM supabase_move.shape('old_conversations', 'public.encrypted_conversations', ARRAY['id uuid', 'participant_a uuid',
		'participant_b uuid', 'created_at timestamptz', 'last_message_at timestamptz']);
	PERFORM supabase_move.shape('old_messages', 'public.secure_messages', ARRAY['id uuid', 'conversation_id uuid',
		'sender_id uuid', 'ciphertext text', 'message_header text', 'iv text', 'key_version text',
		'message_type integer', 'reply_to_id uuid', 'created_at timestamptz', 'delivered_at timestamptz',
		'read_at timestamptz', 'expires_at timestamptz']);
	PERFORM supabase_move.shape('old_reactions', 'public.message_reactions', ARRAY['id uuid', 'message_id uuid',
		'user_id uuid', 'emoji text', 'created_at timestamptz']);
END $$;

INSERT INTO supabase_move.captures VALUES
	('changed', 'public', 'signed_prekeys', 'keys', 'user_id', NULL, NULL),
	('changed', 'public', 'one_time_prekeys', 'keys', 'user_id', NULL, NULL),
	('changed', 'public', 'encrypted_conversations', 'conversation', 'id', NULL, NULL),
	('changed', 'public', 'secure_messages', 'message', 'id', NULL, NULL),
	('changed', 'public', 'message_reactions', 'reaction', 'id', NULL, NULL);

SELECT supabase_move.shape_chat();
