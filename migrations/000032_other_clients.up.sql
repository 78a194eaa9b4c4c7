-- What Supabase's clients know of an account and a session, beside what ours do.
SET search_path = sojorn, public, extensions;

ALTER TABLE sessions ADD COLUMN partial boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sessions.partial IS 'the password was right, the second factor of the account is still to come';
COMMENT ON COLUMN sessions.refresh_key IS
	'signs its counted tokens as the old server did: base64url of 32 bytes, or what that server has encrypted; NULL: derived from JWT_SECRET';
COMMENT ON COLUMN sessions.refresh_counter IS 'of its current refresh token; NULL: they are rows of refresh_tokens';
CREATE INDEX sessions_counted ON sessions (last_used_at) WHERE refresh_counter IS NOT NULL;

-- The factor in use, or being set up, is one of account_factors under the same id.
ALTER TABLE mfa_secrets ADD COLUMN factor_id uuid NOT NULL DEFAULT gen_random_uuid();
UPDATE mfa_secrets m SET factor_id = f.id FROM account_factors f WHERE f.user_id = m.user_id AND f.secret = m.secret;
INSERT INTO account_factors (id, user_id, factor_type, status, secret, created_at, updated_at)
SELECT m.factor_id, m.user_id, 'totp', CASE WHEN u.mfa_enabled THEN 'verified' ELSE 'unverified' END, m.secret,
       m.created_at, m.updated_at
  FROM mfa_secrets m JOIN users u ON u.id = m.user_id
ON CONFLICT DO NOTHING;

-- A mail may carry a code of six digits beside its link, or lead to a code that only the browser which
-- asked for it can exchange (RFC 7636).
ALTER TABLE one_time_tokens
	ADD COLUMN code_hash bytea CHECK (octet_length(code_hash) = 32),
	ADD COLUMN attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	ADD COLUMN challenge text CHECK (char_length(challenge) = 43),
	ADD COLUMN method text,
	DROP CONSTRAINT one_time_tokens_purpose_check,
	ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN
		('email_verify', 'password_reset', 'account_destroy', 'email_change', 'magiclink', 'exchange')),
	ADD CHECK ((purpose = 'exchange') = (method IS NOT NULL));
COMMENT ON COLUMN one_time_tokens.attempts IS 'wrong tries of the code';
COMMENT ON COLUMN one_time_tokens.challenge IS 'SHA-256 of the verifier, base64url';
COMMENT ON COLUMN one_time_tokens.method IS 'of an exchange: how the mail proved the account';
CREATE INDEX one_time_tokens_new_email ON one_time_tokens (lower(new_email)) WHERE new_email IS NOT NULL;

-- The members of `data` in place of those of the same name; null removes one.
CREATE FUNCTION metadata_merge(old jsonb, data jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT (old || COALESCE(data, '{}')) - ARRAY(SELECT key FROM jsonb_each(COALESCE(data, '{}'))
		WHERE jsonb_typeof(value) = 'null')
$$;

CREATE INDEX users_newest ON users (created_at DESC, id DESC);

-- An account as those clients see it.
CREATE VIEW compat_users AS
SELECT u.id, COALESCE(u.email, '') AS email, COALESCE(d.phone, '') AS phone,
       COALESCE(u.email_verified_at, CASE WHEN u.status <> 'pending' AND u.email IS NOT NULL THEN u.created_at END)
		AS email_confirmed_at,
       d.phone_confirmed_at, d.invited_at,
       s.confirmation_sent_at, s.recovery_sent_at, s.email_change_sent_at, s.new_email,
       u.last_login AS last_sign_in_at,
       CASE u.status WHEN 'banned' THEN timestamptz '9999-12-31 23:59:59+00'
		WHEN 'suspended' THEN u.suspended_until END AS banned_until,
       u.created_at, u.updated_at,
       COALESCE(d.app_metadata, '{"provider": "email", "providers": ["email"]}') AS app_metadata,
       COALESCE(d.user_metadata, '{}') AS user_metadata, COALESCE(d.is_anonymous, false) AS is_anonymous,
       i.identities, f.id AS factor_id, COALESCE(f.friendly_name, '') AS factor_name, u.mfa_enabled AS factor_verified,
       f.created_at AS factor_created_at, f.updated_at AS factor_updated_at
  FROM users u
  LEFT JOIN account_details d ON d.user_id = u.id
  LEFT JOIN mfa_secrets m ON m.user_id = u.id
  LEFT JOIN account_factors f ON f.id = m.factor_id
 CROSS JOIN LATERAL (
	SELECT max(created_at) FILTER (WHERE purpose = 'email_verify') AS confirmation_sent_at,
	       max(created_at) FILTER (WHERE purpose = 'password_reset') AS recovery_sent_at,
	       max(created_at) FILTER (WHERE purpose = 'email_change') AS email_change_sent_at,
	       max(new_email) FILTER (WHERE purpose = 'email_change') AS new_email
	  FROM one_time_tokens t WHERE t.user_id = u.id AND t.used_at IS NULL AND t.expires_at > now()) s
 CROSS JOIN LATERAL (
	SELECT COALESCE(jsonb_agg(jsonb_build_object('identity_id', i.id, 'id', i.provider_id, 'user_id', u.id,
		'identity_data', i.data, 'provider', i.provider, 'email', lower(i.data ->> 'email'),
		'last_sign_in_at', utc_text(i.last_sign_in_at), 'created_at', utc_text(i.created_at),
		'updated_at', utc_text(i.updated_at)) ORDER BY i.created_at, i.id), '[]') AS identities
	  FROM (SELECT id, provider, provider_id, data, last_sign_in_at, created_at, updated_at
		  FROM account_identities WHERE user_id = u.id
		UNION ALL	-- of an account that was made by another way
		SELECT md5(concat('identity of ', u.id))::uuid, 'email', u.id::text, jsonb_build_object('sub', u.id, 'email',
			u.email, 'email_verified', u.status <> 'pending', 'phone_verified', false), u.last_login, u.created_at,
			u.updated_at
		 WHERE u.email IS NOT NULL AND NOT EXISTS (SELECT FROM account_identities WHERE user_id = u.id)) i) i;

-- Why a session may not go on, or NULL.
CREATE FUNCTION session_obstacle(s sessions, u users) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN s.revoked_at IS NOT NULL OR s.not_after <= now() THEN 'dead'
		    WHEN u.status = 'suspended' AND COALESCE(u.suspended_until > now(), true) THEN 'suspended'
		    WHEN u.status NOT IN ('active', 'suspended') THEN u.status END
$$;

-- How a session was opened, newest first, as the claim amr has it; NULL when nobody noted it.
CREATE FUNCTION session_amr(session uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT jsonb_agg(jsonb_build_object('method', method, 'timestamp', extract(epoch FROM updated_at)::bigint)
		ORDER BY updated_at DESC, method DESC)
	  FROM sojorn.session_methods WHERE session_id = session
$$;

-- A counted session that nobody has used for a month is over; one that came with the move has been used then.
CREATE FUNCTION session_is_stale(s sessions) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT GREATEST(s.last_used_at, CASE WHEN s.refresh_key IS NOT NULL THEN supabase_move.as_of() END)
		<= now() - interval '30 days'
$$;
