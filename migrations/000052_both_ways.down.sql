SET search_path = sojorn, public, extensions;

SELECT supabase_move.send(false);
ALTER TABLE supabase_move.runs DROP COLUMN files_at;
UPDATE supabase_move.captures SET b = NULL WHERE queue = 'dirty' AND name = 'notifications';
DELETE FROM supabase_move.backs WHERE n > 18;
UPDATE supabase_move.backs SET kinds = '{user}' WHERE name = 'profiles';
DELETE FROM supabase_move.captures WHERE queue = 'changed' AND name IN ('user_settings', 'profile_privacy_settings',
	'notification_preferences', 'circle_members', 'post_reactions', 'post_hides', 'trending_overrides', 'audit_log', 'encrypted_messages');
DELETE FROM supabase_move.captures WHERE queue = 'dirty' AND name IN ('account_details', 'account_factors', 'user_settings',
	'notification_preferences', 'circle_members', 'post_reactions', 'post_hides', 'e2ee_identities', 'signed_prekeys',
	'one_time_prekeys', 'encrypted_conversations', 'secure_messages', 'message_reactions', 'storage_buckets', 'storage_objects');
CREATE OR REPLACE FUNCTION supabase_move.look_again() RETURNS void LANGUAGE sql AS $$
	INSERT INTO supabase_move.changed (kind, a, b, t) SELECT kind, a, b, t FROM supabase_move.returned;
	INSERT INTO supabase_move.changed (kind, a) SELECT 'comment', a FROM supabase_move.returned WHERE kind = 'post';
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
		INSERT INTO supabase_move.returned SELECT * FROM move_taken ON CONFLICT DO NOTHING;
		FOR o IN SELECT * FROM supabase_move.backs WHERE kinds && ARRAY(SELECT kind FROM move_taken) ORDER BY n LOOP
			PERFORM supabase_move.back(o, array_agg(a), array_agg(b), array_agg(t)) FROM move_taken WHERE kind = ANY (o.kinds);
		END LOOP;
	END IF;
	RETURN taken;
END $$;
CREATE OR REPLACE FUNCTION supabase_move.shape_nothing() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('supabase_move.shapeless', 'on', true);
	PERFORM supabase_move.shape_all();
	PERFORM supabase_move.shape_auth();
	PERFORM set_config('supabase_move.shapeless', 'off', true);
END $$;
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
	TRUNCATE supabase_move.tables, supabase_move.changed, supabase_move.dirty, supabase_move.outgoing,
		sojorn_move.journal, sojorn_move.beat;
	PERFORM supabase_move.apply_nothing();
END $$;
DROP FUNCTION supabase_move.has_place(text), supabase_move.note_due(uuid[]);
DROP VIEW supabase_move.back_objects, supabase_move.back_buckets, supabase_move.back_messages, supabase_move.back_conversations,
	supabase_move.back_one_time_prekeys, supabase_move.back_signed_prekeys, supabase_move.back_privacy, supabase_move.back_settings,
	supabase_move.back_factors, supabase_move.back_sessions, supabase_move.back_profiles, supabase_move.back_identities,
	supabase_move.back_users, supabase_move.all_messages, supabase_move.older_messages, supabase_move.old_audit,
	supabase_move.old_overrides, supabase_move.old_hides, supabase_move.old_emotions, supabase_move.old_circle,
	supabase_move.old_preferences, supabase_move.old_privacy, supabase_move.old_settings;
DROP TABLE supabase_move.due, supabase_move.opened;
DROP FUNCTION supabase_move.keep(boolean, boolean, boolean, boolean), supabase_move.was_private(boolean, boolean),
	supabase_move.audit_number(text), supabase_move.shape_more(), supabase_move.key_text(bytea), supabase_move.etag(jsonb),
	supabase_move.follow_policy(text), supabase_move.admitted(text), supabase_move.audience_near(text), supabase_move.audience(text),
	supabase_move.known(text, text[], text);

CREATE VIEW supabase_move.back_users AS
SELECT u.id, supabase_move.keep(s.id IS NOT NULL, s.email, NULLIF(lower(btrim(s.email)), ''), u.email) AS email,
       CASE WHEN s.deleted_at IS NOT NULL THEN s.encrypted_password
	    ELSE supabase_move.keep(s.id IS NOT NULL, s.encrypted_password, COALESCE(s.encrypted_password, ''), u.encrypted_password) END AS encrypted_password,
       supabase_move.keep(s.email_confirmed_at, u.email_verified_at) AS email_confirmed_at,
       supabase_move.keep(s.last_sign_in_at, u.last_login) AS last_sign_in_at,
       CASE WHEN u.status = 'banned' THEN GREATEST(s.banned_until, now() + interval '900 years')
	    WHEN u.status = 'suspended' THEN u.suspended_until
	    WHEN s.banned_until <= now() THEN s.banned_until END AS banned_until,
       supabase_move.keep(s.created_at, u.created_at) AS created_at,
       supabase_move.keep(s.updated_at, u.updated_at) AS updated_at
  FROM users u LEFT JOIN supabase_move.auth_users s ON s.id = u.id;

CREATE VIEW supabase_move.back_identities AS
SELECT i.id, i.user_id, i.provider_id, i.provider, i.data AS identity_data, i.last_sign_in_at, i.created_at, i.updated_at
  FROM account_identities i
UNION ALL
SELECT md5('identity of ' || u.id)::uuid, u.id, u.id::text, 'email',
       jsonb_build_object('sub', u.id, 'email', u.email, 'email_verified', u.email_verified_at IS NOT NULL),
       u.last_login, u.created_at, u.created_at
  FROM users u WHERE u.email IS NOT NULL AND NOT EXISTS (SELECT FROM account_identities i WHERE i.user_id = u.id);

CREATE VIEW supabase_move.back_profiles AS
SELECT p.id, supabase_move.keep(s.id IS NOT NULL, s.handle, lower(btrim(s.handle)), p.handle) AS handle,
       supabase_move.keep(s.id IS NOT NULL, s.display_name, COALESCE(NULLIF(s.display_name, ''), p.display_name), p.display_name) AS display_name,
       p.bio, supabase_move.back_address(s.id IS NOT NULL, s.avatar_url, p.avatar_url) AS avatar_url,
       supabase_move.back_address(s.id IS NOT NULL, s.cover_url, p.cover_url) AS cover_url, p.location, p.website, p.is_official, p.is_private, p.is_verified, p.beacon_enabled,
       CASE WHEN s.id IS NOT NULL AND p.interests = ARRAY(SELECT i FROM unnest(s.interests) WITH ORDINALITY AS x (i, n) WHERE i IS NOT NULL ORDER BY n)
	    THEN s.interests ELSE p.interests END AS interests,
       p.has_completed_onboarding, supabase_move.keep(s.id IS NOT NULL, s.role, supabase_move.text_or(s.role, '{user,moderator,admin}', 'user'), p.role) AS role,
       v.birth_month, v.birth_year, v.strikes, v.origin_country, p.status_text, p.status_updated_at, p.metadata_fields,
       supabase_move.keep(s.created_at, p.created_at) AS created_at, supabase_move.keep(s.updated_at, p.updated_at) AS updated_at
  FROM profiles p LEFT JOIN profile_private v ON v.user_id = p.id LEFT JOIN supabase_move.profiles s ON s.id = p.id;

CREATE VIEW supabase_move.back_sessions AS
SELECT o.id, o.user_id, CASE WHEN o.mfa THEN 'aal2' ELSE 'aal1' END AS aal, o.user_agent, o.ip,
       o.last_used_at AT TIME ZONE 'UTC' AS refreshed_at, o.created_at, o.last_used_at AS updated_at,
       o.not_after, o.factor_id, o.refresh_key AS refresh_token_hmac_key, o.refresh_counter AS refresh_token_counter
  FROM sessions o WHERE o.revoked_at IS NULL;
