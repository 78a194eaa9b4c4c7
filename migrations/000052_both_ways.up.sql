-- More of the project comes over, and all of it goes back: settings, circles, reactions, hidden posts, keys, messages,
-- second factors, what the old clients know of an account, stored objects with their bytes.
SET search_path = sojorn, public, extensions;

-- ---- more of the source ----

-- A word that is known here, or another one; nothing stays nothing.
CREATE FUNCTION supabase_move.known(value text, allowed text[], other text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN value IS NOT NULL THEN supabase_move.text_or(value, allowed, other) END;

-- Who may see something, in our words: what nobody knows is seen by nobody else.
CREATE FUNCTION supabase_move.audience(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	supabase_move.known(value, '{public,followers,circle,neighborhood,private}', 'private');

-- The same of what only four words are for.
CREATE FUNCTION supabase_move.audience_near(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	supabase_move.known(value, '{public,followers,circle,private}', 'private');

-- Who may do something.
CREATE FUNCTION supabase_move.admitted(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	supabase_move.known(CASE value WHEN 'mutual' THEN 'mutuals' ELSE value END, '{everyone,followers,mutuals,nobody}', 'nobody');

CREATE FUNCTION supabase_move.follow_policy(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN value IS NULL OR value IN ('everyone', 'auto_accept') THEN 'everyone' ELSE 'manual' END;

-- The MD5 in what the old storage knows of an object.
CREATE FUNCTION supabase_move.etag(metadata jsonb) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	lower(substring(metadata ->> 'eTag' FROM '^(?:W/)?"?([^"]*)"?$'));

-- A key as the old app wrote it: one of 64 bytes in two parts. See key_bytes.
CREATE FUNCTION supabase_move.key_text(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE octet_length(bytes) WHEN 64 THEN encode(substr(bytes, 1, 32), 'base64') || ':' || encode(substr(bytes, 33), 'base64')
	     ELSE encode(bytes, 'base64') END;

CREATE FUNCTION supabase_move.shape_more() RETURNS void LANGUAGE plpgsql
	SET search_path = sojorn, public, extensions AS $$
BEGIN
	PERFORM supabase_move.shape('old_settings', 'public.user_settings', ARRAY['user_id uuid', 'theme text', 'language text',
		'timezone text', 'notifications_enabled boolean', 'email_notifications boolean', 'push_notifications boolean',
		'content_filter_level text', 'auto_play_videos boolean', 'data_saver_mode boolean', 'default_post_ttl integer',
		'nsfw_enabled boolean', 'nsfw_blur_enabled boolean', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_privacy', 'public.profile_privacy_settings', ARRAY['user_id uuid', 'profile_visibility text',
		'posts_visibility text', 'saved_visibility text', 'follow_request_policy text', 'default_post_visibility text',
		'is_private_profile boolean', 'show_location boolean', 'show_interests boolean', 'allow_chains boolean',
		'who_can_message text', 'who_can_comment text', 'show_activity_status boolean', 'show_in_search boolean',
		'show_in_suggestions boolean', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_preferences', 'public.notification_preferences', ARRAY['user_id uuid', 'push_enabled boolean',
		'push_likes boolean', 'push_comments boolean', 'push_replies boolean', 'push_mentions boolean',
		'push_follows boolean', 'push_follow_requests boolean', 'push_messages boolean', 'push_saves boolean',
		'push_beacons boolean', 'email_enabled boolean', 'email_digest_frequency text', 'quiet_hours_enabled boolean',
		'quiet_hours_start time', 'quiet_hours_end time', 'timezone text', 'show_badge_count boolean',
		'created_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_circle', 'public.circle_members', ARRAY['user_id uuid', 'member_id uuid',
		'created_at timestamptz']);
	PERFORM supabase_move.shape('old_emotions', 'public.post_reactions', ARRAY['post_id uuid', 'user_id uuid', 'emoji text',
		'created_at timestamptz']);
	PERFORM supabase_move.shape('old_hides', 'public.post_hides', ARRAY['user_id uuid', 'post_id uuid', 'created_at timestamptz']);
	PERFORM supabase_move.shape('old_overrides', 'public.trending_overrides', ARRAY['id uuid', 'post_id uuid', 'category_id uuid',
		'reason text', 'starts_at timestamptz', 'expires_at timestamptz', 'created_by uuid', 'created_at timestamptz']);
	PERFORM supabase_move.shape('old_audit', 'public.audit_log', ARRAY['id text', 'actor_id uuid', 'admin_id uuid', 'action text',
		'target_type text', 'target_id text', 'details jsonb', 'created_at timestamptz']);
	PERFORM supabase_move.shape('older_messages', 'public.encrypted_messages', ARRAY['id uuid', 'conversation_id uuid',
		'sender_id uuid', 'ciphertext text', 'message_header text', 'iv text', 'key_version text',
		'message_type integer', 'reply_to_id uuid', 'created_at timestamptz', 'delivered_at timestamptz',
		'read_at timestamptz', 'expires_at timestamptz']);
END $$;
SELECT supabase_move.shape_more();

-- Messages of both generations of the chat.
CREATE VIEW supabase_move.all_messages AS
SELECT * FROM supabase_move.old_messages
UNION ALL
SELECT * FROM supabase_move.older_messages x WHERE NOT EXISTS (SELECT FROM supabase_move.old_messages m WHERE m.id = x.id);

-- An entry of the old audit log has a number below all of ours.
CREATE FUNCTION supabase_move.audit_number(id text) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN id ~ '^\d{1,18}$' THEN -1 - id::bigint ELSE hashtextextended(id, 0) | (1::bigint << 63) END;

CREATE OR REPLACE FUNCTION supabase_move.shape_nothing() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('supabase_move.shapeless', 'on', true);
	PERFORM supabase_move.shape_all(), supabase_move.shape_auth(), supabase_move.shape_storage(), supabase_move.shape_chat(),
		supabase_move.shape_more();
	PERFORM set_config('supabase_move.shapeless', 'off', true);
END $$;

INSERT INTO supabase_move.captures (queue, schema, name, kind, a, b, t) VALUES
	('changed', 'public', 'user_settings', 'user', 'user_id', NULL, NULL),
	('changed', 'public', 'profile_privacy_settings', 'user', 'user_id', NULL, NULL),
	('changed', 'public', 'notification_preferences', 'user', 'user_id', NULL, NULL),
	('changed', 'public', 'circle_members', 'circle', 'user_id', 'member_id', NULL),
	('changed', 'public', 'post_reactions', 'emotion', 'post_id', 'user_id', NULL),
	('changed', 'public', 'post_hides', 'hide', 'user_id', 'post_id', NULL),
	('changed', 'public', 'trending_overrides', 'override', 'id', NULL, NULL),
	('changed', 'public', 'audit_log', 'audit', NULL, NULL, 'id'),
	('changed', 'public', 'encrypted_messages', 'message', 'id', NULL, NULL);

-- ---- the way back ----

-- What the old server needs in clear and only this program can open: the key of a session's refresh tokens, the secret
-- of a second factor. Kept while there is a way back.
CREATE TABLE supabase_move.opened (
	kind    text NOT NULL CHECK (kind IN ('session', 'factor')),
	id      uuid NOT NULL,
	sealed  bytea NOT NULL DEFAULT '',
	value   text NOT NULL,
	PRIMARY KEY (kind, id)
);
COMMENT ON COLUMN supabase_move.opened.sealed IS 'of a factor: what it was opened from';

-- Objects whose bytes there are not those here: put there what is here, take away what is gone. Until that has
-- happened, their rows stay there what they are.
CREATE TABLE supabase_move.due (
	id         uuid PRIMARY KEY,
	bucket_id  text NOT NULL,
	name       text NOT NULL,
	version    text,
	etag       text,
	sent       boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN supabase_move.due.version IS 'of what is there; NULL: nothing is, or it has none';
COMMENT ON COLUMN supabase_move.due.etag IS 'of what is here; NULL: it is gone';

CREATE OR REPLACE VIEW supabase_move.back_users AS
SELECT u.id, supabase_move.keep(s.id IS NOT NULL, s.email, NULLIF(lower(btrim(s.email)), ''), u.email) AS email,
       CASE WHEN s.deleted_at IS NOT NULL THEN s.encrypted_password
	    ELSE supabase_move.keep(s.id IS NOT NULL, s.encrypted_password, COALESCE(s.encrypted_password, ''), u.encrypted_password) END AS encrypted_password,
       supabase_move.keep(s.email_confirmed_at, u.email_verified_at) AS email_confirmed_at,
       supabase_move.keep(s.last_sign_in_at, u.last_login) AS last_sign_in_at,
       CASE WHEN u.status = 'banned' THEN GREATEST(s.banned_until, now() + interval '900 years')
	    WHEN u.status = 'suspended' THEN u.suspended_until
	    WHEN s.banned_until <= now() THEN s.banned_until END AS banned_until,
       supabase_move.keep(s.created_at, u.created_at) AS created_at,
       supabase_move.keep(s.updated_at, u.updated_at) AS updated_at,
       supabase_move.keep(s.id IS NOT NULL, s.phone, NULLIF(s.phone, ''), d.phone) AS phone,
       supabase_move.keep(s.phone_confirmed_at, d.phone_confirmed_at) AS phone_confirmed_at,
       supabase_move.keep(o.invited_at, d.invited_at) AS invited_at,
       COALESCE(d.is_anonymous, s.is_anonymous, false) AS is_anonymous,
       CASE WHEN s.id IS NOT NULL AND COALESCE(o.raw_app_meta_data, '{}') = COALESCE(d.app_metadata, '{}') THEN o.raw_app_meta_data
	    ELSE COALESCE(d.app_metadata, '{"provider": "email", "providers": ["email"]}') END AS raw_app_meta_data,
       CASE WHEN s.id IS NOT NULL AND COALESCE(o.raw_user_meta_data, '{}') = COALESCE(d.user_metadata, '{}') THEN o.raw_user_meta_data
	    ELSE COALESCE(d.user_metadata, '{}') END AS raw_user_meta_data,
       LEAST(supabase_move.keep(s.email_confirmed_at, u.email_verified_at), supabase_move.keep(s.phone_confirmed_at, d.phone_confirmed_at))
		AS confirmed_at
  FROM users u
  LEFT JOIN account_details d ON d.user_id = u.id
  LEFT JOIN supabase_move.auth_users s ON s.id = u.id
  LEFT JOIN supabase_move.old_details o ON o.id = u.id;

-- An address that has been changed here is that of its identity, too. What the source computes (email here, confirmed_at
-- of accounts, path_tokens of objects) is put into the landing zone as it will be there.
CREATE OR REPLACE VIEW supabase_move.back_identities AS
SELECT i.id, i.user_id, i.provider_id, i.provider,
       n.data AS identity_data, i.last_sign_in_at, i.created_at, i.updated_at, lower(n.data ->> 'email') AS email
  FROM account_identities i
  JOIN users u ON u.id = i.user_id
 CROSS JOIN LATERAL (SELECT CASE WHEN i.provider = 'email' AND lower(i.data ->> 'email') <> u.email
	THEN i.data || jsonb_build_object('email', u.email) ELSE i.data END) n (data)
UNION ALL
SELECT md5('identity of ' || u.id)::uuid, u.id, u.id::text, 'email',
       jsonb_build_object('sub', u.id, 'email', u.email, 'email_verified', u.email_verified_at IS NOT NULL),
       u.last_login, u.created_at, u.created_at, u.email
  FROM users u WHERE u.email IS NOT NULL AND NOT EXISTS (SELECT FROM account_identities i WHERE i.user_id = u.id);

-- One flag here is two there, and either makes a profile private.
CREATE FUNCTION supabase_move.was_private(profile boolean, privacy boolean) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN
	COALESCE(profile, false) OR COALESCE(privacy, false);

CREATE OR REPLACE VIEW supabase_move.back_profiles AS
SELECT p.id, supabase_move.keep(s.id IS NOT NULL, s.handle, lower(btrim(s.handle)), p.handle) AS handle,
       supabase_move.keep(s.id IS NOT NULL, s.display_name, COALESCE(NULLIF(s.display_name, ''), p.display_name), p.display_name) AS display_name,
       p.bio, supabase_move.back_address(s.id IS NOT NULL, s.avatar_url, p.avatar_url) AS avatar_url,
       supabase_move.back_address(s.id IS NOT NULL, s.cover_url, p.cover_url) AS cover_url, p.location, p.website, p.is_official,
       CASE WHEN s.id IS NOT NULL AND supabase_move.was_private(s.is_private, v.is_private_profile) = p.is_private THEN s.is_private
	    ELSE p.is_private END AS is_private,
       p.is_verified, p.beacon_enabled,
       CASE WHEN s.id IS NOT NULL AND p.interests = ARRAY(SELECT i FROM unnest(s.interests) WITH ORDINALITY AS x (i, n) WHERE i IS NOT NULL ORDER BY n)
	    THEN s.interests ELSE p.interests END AS interests,
       p.has_completed_onboarding, supabase_move.keep(s.id IS NOT NULL, s.role, supabase_move.text_or(s.role, '{user,moderator,admin}', 'user'), p.role) AS role,
       b.birth_month, b.birth_year, b.strikes, b.origin_country, p.status_text, p.status_updated_at, p.metadata_fields,
       supabase_move.keep(s.created_at, p.created_at) AS created_at, supabase_move.keep(s.updated_at, p.updated_at) AS updated_at,
       CASE WHEN e.user_id IS NULL AND (k.identity_key IS NULL OR supabase_move.key_bytes(k.identity_key, '{32,33,64}') IS NULL)
		OR e.identity_key = supabase_move.key_bytes(k.identity_key, '{32,33,64}') THEN k.identity_key
	    ELSE supabase_move.key_text(e.identity_key) END AS identity_key,
       CASE WHEN e.user_id IS NULL OR e.registration_id = GREATEST(COALESCE(k.registration_id, 1), 1) THEN k.registration_id
	    ELSE e.registration_id END AS registration_id
  FROM profiles p
  LEFT JOIN profile_private b ON b.user_id = p.id
  LEFT JOIN e2ee_identities e ON e.user_id = p.id
  LEFT JOIN supabase_move.profiles s ON s.id = p.id
  LEFT JOIN supabase_move.old_privacy v ON v.user_id = p.id
  LEFT JOIN supabase_move.old_key_owners k ON k.id = p.id;

CREATE OR REPLACE VIEW supabase_move.back_sessions AS
SELECT o.id, o.user_id, CASE WHEN o.mfa THEN 'aal2' ELSE 'aal1' END AS aal, o.user_agent, o.ip,
       o.last_used_at AT TIME ZONE 'UTC' AS refreshed_at, o.created_at, o.last_used_at AS updated_at,
       o.not_after, o.factor_id, COALESCE(o.refresh_key, k.value) AS refresh_token_hmac_key,
       o.refresh_counter AS refresh_token_counter
  FROM sessions o LEFT JOIN supabase_move.opened k ON k.kind = 'session' AND k.id = o.id
 WHERE o.revoked_at IS NULL;

CREATE VIEW supabase_move.back_factors AS
SELECT f.id, f.user_id, f.friendly_name, f.factor_type, f.status,
       CASE WHEN f.secret IS NULL THEN s.secret ELSE COALESCE(k.value, s.secret) END AS secret, f.phone,
       supabase_move.keep(s.last_challenged_at, f.last_challenged_at) AS last_challenged_at,
       supabase_move.keep(s.created_at, f.created_at) AS created_at, supabase_move.keep(s.updated_at, f.updated_at) AS updated_at
  FROM account_factors f
  LEFT JOIN supabase_move.opened k ON k.kind = 'factor' AND k.id = f.id
  LEFT JOIN supabase_move.old_factors s ON s.id = f.id;

-- ---- settings ----

CREATE FUNCTION supabase_move.keep(known boolean, there boolean, otherwise boolean, now boolean) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN known AND COALESCE(there, otherwise) = now THEN there ELSE now END;

CREATE VIEW supabase_move.back_settings AS
SELECT o.user_id, supabase_move.keep(s.user_id IS NOT NULL, s.theme, COALESCE(s.theme, 'system'), o.theme) AS theme,
       supabase_move.keep(s.user_id IS NOT NULL, s.language, COALESCE(s.language, 'en'), o.language) AS language,
       supabase_move.keep(s.user_id IS NOT NULL, s.timezone, COALESCE(s.timezone, 'UTC'), o.timezone) AS timezone,
       supabase_move.keep(s.user_id IS NOT NULL, s.notifications_enabled, true, o.notifications_enabled) AS notifications_enabled,
       supabase_move.keep(s.user_id IS NOT NULL, s.email_notifications, true, o.email_notifications) AS email_notifications,
       supabase_move.keep(s.user_id IS NOT NULL, s.push_notifications, true, o.push_notifications) AS push_notifications,
       supabase_move.keep(s.user_id IS NOT NULL, s.content_filter_level, COALESCE(s.content_filter_level, 'medium'),
		o.content_filter_level) AS content_filter_level,
       supabase_move.keep(s.user_id IS NOT NULL, s.auto_play_videos, true, o.auto_play_videos) AS auto_play_videos,
       supabase_move.keep(s.user_id IS NOT NULL, s.data_saver_mode, false, o.data_saver_mode) AS data_saver_mode,
       CASE WHEN s.default_post_ttl NOT BETWEEN 1 AND 8760 AND o.default_post_ttl IS NULL THEN s.default_post_ttl
	    ELSE o.default_post_ttl END AS default_post_ttl,
       supabase_move.keep(s.user_id IS NOT NULL, s.nsfw_enabled, false, o.nsfw_enabled) AS nsfw_enabled,
       supabase_move.keep(s.user_id IS NOT NULL, s.nsfw_blur_enabled, true, o.nsfw_blur_enabled) AS nsfw_blur_enabled,
       o.updated_at
  FROM user_settings o LEFT JOIN supabase_move.old_settings s ON s.user_id = o.user_id;

CREATE VIEW supabase_move.back_privacy AS
SELECT o.user_id, supabase_move.keep(s.user_id IS NOT NULL, s.profile_visibility,
		COALESCE(supabase_move.audience_near(s.profile_visibility), 'public'), o.profile_visibility) AS profile_visibility,
       supabase_move.keep(s.user_id IS NOT NULL, s.posts_visibility,
		COALESCE(supabase_move.audience_near(s.posts_visibility), 'public'), p.posts_visibility) AS posts_visibility,
       supabase_move.keep(s.user_id IS NOT NULL, s.saved_visibility,
		COALESCE(supabase_move.audience_near(s.saved_visibility), 'private'), o.saved_visibility) AS saved_visibility,
       supabase_move.keep(s.user_id IS NOT NULL, s.follow_request_policy, supabase_move.follow_policy(s.follow_request_policy),
		o.follow_request_policy) AS follow_request_policy,
       supabase_move.keep(s.user_id IS NOT NULL, s.default_post_visibility,
		COALESCE(supabase_move.audience(s.default_post_visibility), 'public'), o.default_post_visibility) AS default_post_visibility,
       supabase_move.keep(s.user_id IS NOT NULL, s.is_private_profile, false, p.is_private) AS is_private_profile,
       supabase_move.keep(s.user_id IS NOT NULL, s.show_location, true, o.show_location) AS show_location,
       supabase_move.keep(s.user_id IS NOT NULL, s.show_interests, true, o.show_interests) AS show_interests,
       supabase_move.keep(s.user_id IS NOT NULL, s.allow_chains, true, o.allow_chains) AS allow_chains,
       supabase_move.keep(s.user_id IS NOT NULL, s.who_can_message, COALESCE(supabase_move.admitted(s.who_can_message), 'mutuals'),
		o.who_can_message) AS who_can_message,
       supabase_move.keep(s.user_id IS NOT NULL, s.who_can_comment, COALESCE(supabase_move.admitted(s.who_can_comment), 'mutuals'),
		o.who_can_comment) AS who_can_comment,
       supabase_move.keep(s.user_id IS NOT NULL, s.show_activity_status, true, o.show_activity_status) AS show_activity_status,
       supabase_move.keep(s.user_id IS NOT NULL, s.show_in_search, true, o.show_in_search) AS show_in_search,
       supabase_move.keep(s.user_id IS NOT NULL, s.show_in_suggestions, true, o.show_in_suggestions) AS show_in_suggestions,
       o.updated_at
  FROM user_settings o
  JOIN profiles p ON p.id = o.user_id
  LEFT JOIN supabase_move.old_privacy s ON s.user_id = o.user_id;

-- ---- keys and messages ----

-- Keys of ours are what the old app had: of 64 bytes as two parts, so that it knows them again.
CREATE VIEW supabase_move.back_signed_prekeys AS
SELECT k.user_id, k.key_id,
       CASE WHEN supabase_move.key_bytes(s.public_key, '{32,33}') = k.public_key THEN s.public_key ELSE supabase_move.key_text(k.public_key) END AS public_key,
       CASE WHEN supabase_move.key_bytes(s.signature, '{64}') = k.signature THEN s.signature
	    ELSE translate(encode(k.signature, 'base64'), E'\n', '') END AS signature,
       supabase_move.keep(s.created_at, k.created_at) AS created_at
  FROM signed_prekeys k LEFT JOIN supabase_move.old_signed_prekeys s ON s.user_id = k.user_id AND s.key_id = k.key_id
UNION ALL	-- what has never come over
SELECT s.user_id, s.key_id, s.public_key, s.signature, s.created_at
  FROM supabase_move.old_signed_prekeys s
 WHERE NOT EXISTS (SELECT FROM signed_prekeys k WHERE k.user_id = s.user_id AND k.key_id = s.key_id)
   AND (s.key_id < 0 OR supabase_move.key_bytes(s.public_key, '{32,33}') IS NULL OR supabase_move.key_bytes(s.signature, '{64}') IS NULL
	OR supabase_move.key_bytes(s.signature, '{64}') = decode(repeat('00', 64), 'hex')
	OR NOT EXISTS (SELECT FROM e2ee_identities e WHERE e.user_id = s.user_id));

CREATE VIEW supabase_move.back_one_time_prekeys AS
SELECT k.user_id, k.key_id,
       CASE WHEN supabase_move.key_bytes(s.public_key, '{32,33}') = k.public_key THEN s.public_key ELSE supabase_move.key_text(k.public_key) END AS public_key,
       supabase_move.keep(s.created_at, k.created_at) AS created_at
  FROM one_time_prekeys k LEFT JOIN supabase_move.old_one_time_prekeys s ON s.user_id = k.user_id AND s.key_id = k.key_id
 WHERE k.used_at IS NULL
UNION ALL
SELECT s.user_id, s.key_id, s.public_key, s.created_at
  FROM supabase_move.old_one_time_prekeys s
 WHERE NOT EXISTS (SELECT FROM one_time_prekeys k WHERE k.user_id = s.user_id AND k.key_id = s.key_id)
   AND (s.key_id < 0 OR supabase_move.key_bytes(s.public_key, '{32,33}') IS NULL
	OR NOT EXISTS (SELECT FROM e2ee_identities e WHERE e.user_id = s.user_id));

CREATE VIEW supabase_move.back_conversations AS
SELECT c.id, COALESCE(s.participant_a, c.participant_a) AS participant_a, COALESCE(s.participant_b, c.participant_b) AS participant_b,
       supabase_move.keep(s.created_at, c.created_at) AS created_at,
       CASE WHEN supabase_move.plain_time(COALESCE(s.last_message_at, s.created_at)) >= c.last_message_at THEN s.last_message_at
	    ELSE c.last_message_at END AS last_message_at
  FROM encrypted_conversations c LEFT JOIN supabase_move.old_conversations s ON s.id = c.id;

CREATE VIEW supabase_move.back_messages AS
SELECT m.id, COALESCE(s.conversation_id, m.conversation_id) AS conversation_id, m.sender_id, m.receiver_id, m.ciphertext,
       supabase_move.keep(s.id IS NOT NULL, s.message_header, COALESCE(s.message_header, ''), m.message_header) AS message_header,
       supabase_move.keep(s.id IS NOT NULL, s.iv, COALESCE(s.iv, ''), m.iv) AS iv,
       supabase_move.keep(s.id IS NOT NULL, s.key_version, COALESCE(s.key_version, 'x3dh'), m.key_version) AS key_version,
       CASE WHEN s.id IS NOT NULL AND COALESCE(s.message_type, 1) = m.message_type THEN s.message_type ELSE m.message_type END AS message_type,
       CASE WHEN m.reply_to_id IS NULL AND NOT EXISTS (SELECT FROM secure_messages r WHERE r.id = s.reply_to_id) THEN s.reply_to_id
	    ELSE m.reply_to_id END AS reply_to_id,
       supabase_move.keep(s.created_at, m.created_at) AS created_at, supabase_move.keep(s.delivered_at, m.delivered_at) AS delivered_at,
       supabase_move.keep(s.read_at, m.read_at) AS read_at, supabase_move.keep(s.expires_at, m.expires_at) AS expires_at
  FROM secure_messages m LEFT JOIN supabase_move.old_messages s ON s.id = m.id
 WHERE s.id IS NOT NULL OR NOT EXISTS (SELECT FROM supabase_move.older_messages o WHERE o.id = m.id);

-- ---- stored objects ----

CREATE VIEW supabase_move.back_buckets AS
SELECT b.id, b.name, b.public, b.file_size_limit, b.allowed_mime_types, b.owner_id,
       supabase_move.keep(s.created_at, b.created_at) AS created_at, supabase_move.keep(s.updated_at, b.updated_at) AS updated_at
  FROM storage_buckets b LEFT JOIN supabase_move.old_buckets s ON s.id = b.id;

CREATE VIEW supabase_move.back_objects AS
SELECT o.id, o.bucket_id, o.name, CASE WHEN o.owner_id IS NOT DISTINCT FROM COALESCE(s.owner_id, s.owner) THEN s.owner
		WHEN o.owner_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN o.owner_id END AS owner,
       CASE WHEN o.owner_id IS NOT DISTINCT FROM COALESCE(s.owner_id, s.owner) THEN s.owner_id ELSE o.owner_id END AS owner_id,
       o.version, CASE WHEN s.id IS NOT NULL AND COALESCE(s.metadata, '{}') = o.metadata THEN s.metadata ELSE o.metadata END AS metadata,
       CASE WHEN s.id IS NOT NULL AND COALESCE(s.user_metadata, '{}') = o.user_metadata THEN s.user_metadata ELSE o.user_metadata END AS user_metadata,
       supabase_move.keep(s.created_at, o.created_at) AS created_at, supabase_move.keep(s.updated_at, o.updated_at) AS updated_at,
       supabase_move.keep(s.last_accessed_at, o.last_accessed_at) AS last_accessed_at, string_to_array(o.name, '/') AS path_tokens
  FROM storage_objects o LEFT JOIN supabase_move.old_objects s ON s.id = o.id
 WHERE NOT EXISTS (SELECT FROM supabase_move.due d WHERE d.id = o.id AND NOT d.sent)
UNION ALL
SELECT s.id, s.bucket_id, s.name COLLATE "C", s.owner, s.owner_id, s.version, s.metadata, s.user_metadata, s.created_at,
       s.updated_at, s.last_accessed_at, string_to_array(s.name, '/')
  FROM supabase_move.old_objects s JOIN supabase_move.due d ON d.id = s.id AND NOT d.sent;

-- Of these objects, those whose bytes there are other ones than here, or of which there are any and none here.
CREATE FUNCTION supabase_move.note_due(ids uuid[]) RETURNS void LANGUAGE sql SET search_path = sojorn, public, extensions AS $$
	INSERT INTO supabase_move.due AS d (id, bucket_id, name, version, etag)
	SELECT k.id, COALESCE(o.bucket_id, s.bucket_id), COALESCE(o.name, s.name), s.version, o.etag
	  FROM unnest(ids) AS k (id)
	  LEFT JOIN storage_objects o ON o.id = k.id
	  LEFT JOIN supabase_move.old_objects s ON s.id = k.id
	 WHERE to_regclass('storage.objects') IS NOT NULL AND COALESCE(o.name, s.name) IS NOT NULL
	   AND (o.id IS NULL OR o.state = 'stored' AND (s.id IS NULL
		OR (o.version, o.etag) IS DISTINCT FROM (s.version, supabase_move.etag(s.metadata))))
	ON CONFLICT (id) DO UPDATE SET version = excluded.version, etag = excluded.etag, sent = false
	WHERE d.etag IS DISTINCT FROM excluded.etag
$$;

-- ---- which views change which tables ----

UPDATE supabase_move.backs SET kinds = '{user,keys}' WHERE name = 'profiles';
INSERT INTO supabase_move.backs (n, kinds, origin, schema, name, a, b, t, match, fresh) VALUES
	(19, '{factor}', 'supabase_move.back_factors', 'auth', 'mfa_factors', 'user_id', NULL, NULL, '{id}', '{}'),
	(20, '{user}', 'supabase_move.back_settings', 'public', 'user_settings', 'user_id', NULL, NULL, '{user_id}', '{}'),
	(21, '{user}', 'supabase_move.back_privacy', 'public', 'profile_privacy_settings', 'user_id', NULL, NULL, '{user_id}', '{}'),
	(22, '{user}', 'sojorn.notification_preferences', 'public', 'notification_preferences', 'user_id', NULL, NULL, '{user_id}', '{}'),
	(23, '{circle}', 'sojorn.circle_members', 'public', 'circle_members', 'user_id', 'member_id', NULL, '{user_id,member_id}', '{}'),
	(24, '{emotion}', 'sojorn.post_reactions', 'public', 'post_reactions', 'post_id', 'user_id', NULL, '{post_id,user_id,emoji}', '{}'),
	(25, '{hide}', 'sojorn.post_hides', 'public', 'post_hides', 'user_id', 'post_id', NULL, '{user_id,post_id}', '{}'),
	(26, '{keys}', 'supabase_move.back_signed_prekeys', 'public', 'signed_prekeys', 'user_id', NULL, NULL, '{user_id,key_id}', '{}'),
	(27, '{keys}', 'supabase_move.back_one_time_prekeys', 'public', 'one_time_prekeys', 'user_id', NULL, NULL, '{user_id,key_id}', '{}'),
	(28, '{conversation}', 'supabase_move.back_conversations', 'public', 'encrypted_conversations', 'id', NULL, NULL, '{id}', '{}'),
	(29, '{message}', 'supabase_move.back_messages', 'public', 'secure_messages', 'id', NULL, NULL, '{id}', '{}'),
	(30, '{reaction}', 'sojorn.message_reactions', 'public', 'message_reactions', 'id', NULL, NULL, '{id}', '{}'),
	(31, '{bucket}', 'supabase_move.back_buckets', 'storage', 'buckets', NULL, NULL, 'id', '{id}', '{}'),
	(32, '{object}', 'supabase_move.back_objects', 'storage', 'objects', 'id', NULL, NULL, '{id}', '{}');

INSERT INTO supabase_move.captures (queue, schema, name, kind, a, b, t) VALUES
	('dirty', 'sojorn', 'account_details', 'user', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'account_factors', 'factor', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'user_settings', 'user', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'notification_preferences', 'user', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'circle_members', 'circle', 'user_id', 'member_id', NULL),
	('dirty', 'sojorn', 'post_reactions', 'emotion', 'post_id', 'user_id', NULL),
	('dirty', 'sojorn', 'post_hides', 'hide', 'user_id', 'post_id', NULL),
	('dirty', 'sojorn', 'e2ee_identities', 'keys', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'signed_prekeys', 'keys', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'one_time_prekeys', 'keys', 'user_id', NULL, NULL),
	('dirty', 'sojorn', 'encrypted_conversations', 'conversation', 'id', NULL, NULL),
	('dirty', 'sojorn', 'secure_messages', 'message', 'id', NULL, NULL),
	('dirty', 'sojorn', 'message_reactions', 'reaction', 'id', NULL, NULL),
	('dirty', 'sojorn', 'storage_buckets', 'bucket', NULL, NULL, 'id'),
	('dirty', 'sojorn', 'storage_objects', 'object', 'id', NULL, NULL);

-- Whether the project has a place for what keys of that kind are about; else it stays here, whatever happens there.
-- Kinds that several tables share have one at least.
CREATE FUNCTION supabase_move.has_place(what text) RETURNS boolean LANGUAGE sql STABLE RETURN
	what IN ('user', 'session', 'post') OR NOT EXISTS (SELECT FROM supabase_move.backs o
		WHERE o.kinds[1] = what AND to_regclass(format('%I.%I', o.schema, o.name)) IS NULL);

-- What the old storage does not have yet stays here. Of two notifications that say the same, the second comes in when
-- the first has gone.
UPDATE supabase_move.captures SET b = 'user_id' WHERE queue = 'dirty' AND name = 'notifications';
CREATE OR REPLACE FUNCTION supabase_move.look_again() RETURNS void LANGUAGE sql AS $$
	INSERT INTO supabase_move.changed (kind, a, b, t) SELECT kind, a, b, t FROM supabase_move.returned r
	 WHERE NOT (kind = 'object' AND EXISTS (SELECT FROM supabase_move.due d WHERE d.id = r.a));
	INSERT INTO supabase_move.changed (kind, a) SELECT 'comment', a FROM supabase_move.returned WHERE kind = 'post';
	INSERT INTO supabase_move.changed (kind, a) SELECT 'notification', s.id FROM supabase_move.notifications s
	 WHERE s.user_id IN (SELECT r.b FROM supabase_move.returned r WHERE r.kind = 'notification'
		AND NOT EXISTS (SELECT FROM sojorn.notifications n WHERE n.id = r.a))
	   AND NOT EXISTS (SELECT FROM sojorn.notifications n WHERE n.id = s.id);
	DELETE FROM supabase_move.returned;
$$;

CREATE OR REPLACE FUNCTION supabase_move.back_batch(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	o supabase_move.backs;
	taken bigint;
BEGIN
	CREATE TEMPORARY TABLE IF NOT EXISTS move_taken (kind text, a uuid, b uuid, t text);
	DELETE FROM move_taken;
	WITH gone AS (
		DELETE FROM supabase_move.dirty WHERE n IN (SELECT n FROM supabase_move.dirty ORDER BY n LIMIT most) RETURNING kind, a, b, t
	)
	INSERT INTO move_taken SELECT DISTINCT kind, a, b, t FROM gone;
	GET DIAGNOSTICS taken = ROW_COUNT;
	IF taken > 0 THEN
		INSERT INTO supabase_move.returned SELECT * FROM move_taken WHERE supabase_move.has_place(kind) ON CONFLICT DO NOTHING;
		PERFORM supabase_move.note_due(array_agg(a)) FROM move_taken WHERE kind = 'object';
		FOR o IN SELECT * FROM supabase_move.backs WHERE kinds && ARRAY(SELECT kind FROM move_taken) ORDER BY n LOOP
			PERFORM supabase_move.back(o, array_agg(a), array_agg(b), array_agg(t)) FROM move_taken WHERE kind = ANY (o.kinds);
		END LOOP;
		DELETE FROM supabase_move.due d USING move_taken k WHERE k.kind = 'object' AND k.a = d.id AND d.sent;
	END IF;
	RETURN taken;
END $$;

ALTER TABLE supabase_move.runs ADD COLUMN files_at text NOT NULL DEFAULT '';
COMMENT ON COLUMN supabase_move.runs.files_at IS
	'where bytes of stored objects are: URL of the project''s Storage API, or a folder; they go back there. Empty: nobody has said';

CREATE OR REPLACE FUNCTION supabase_move.drop_landing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
BEGIN
	PERFORM supabase_move.capture_end('changed');
	PERFORM supabase_move.capture_end('dirty');
	PERFORM supabase_move.shape_nothing();
	FOR t IN SELECT * FROM supabase_move.tables LOOP
		EXECUTE format('DROP TABLE IF EXISTS %I.%I CASCADE', t.schema, t.name);
	END LOOP;
	TRUNCATE supabase_move.tables, supabase_move.changed, supabase_move.dirty, supabase_move.outgoing, supabase_move.returned,
		supabase_move.opened, supabase_move.due, sojorn_move.journal, sojorn_move.beat;
	PERFORM supabase_move.apply_nothing();
END $$;
