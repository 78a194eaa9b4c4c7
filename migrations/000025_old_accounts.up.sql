-- What the old auth server's clients know of accounts and sessions, in tables of this server: so that they are
-- served as before, and so that the landing zone may be dropped.
SET search_path = sojorn, public, extensions;

CREATE TABLE account_details (
	user_id             uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	phone               text,
	phone_confirmed_at  timestamptz,
	is_anonymous        boolean NOT NULL DEFAULT false,
	is_sso_user         boolean NOT NULL DEFAULT false,
	invited_at          timestamptz,
	app_metadata        jsonb NOT NULL DEFAULT '{}',
	user_metadata       jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE account_details IS 'what Supabase clients are told of an account beyond users';
COMMENT ON COLUMN account_details.phone IS 'digits only, no plus';
COMMENT ON COLUMN account_details.user_metadata IS 'written by the user: never a reason to let anybody do anything';
CREATE INDEX account_details_phone ON account_details (phone) WHERE phone IS NOT NULL;

CREATE TABLE account_identities (
	id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	provider         text NOT NULL,
	provider_id      text NOT NULL,
	data             jsonb NOT NULL DEFAULT '{}',
	last_sign_in_at  timestamptz,
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now(),
	UNIQUE (provider, provider_id)
);
CREATE INDEX account_identities_user ON account_identities (user_id);

CREATE TABLE account_factors (
	id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id             uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	friendly_name       text,
	factor_type         text NOT NULL CHECK (factor_type IN ('totp', 'phone', 'webauthn')),
	status              text NOT NULL CHECK (status IN ('unverified', 'verified')),
	secret              bytea,
	phone               text,
	last_challenged_at  timestamptz,
	created_at          timestamptz NOT NULL DEFAULT now(),
	updated_at          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE account_factors IS 'every second factor; the one that sign-ins of the app ask for is in mfa_secrets, too';
COMMENT ON COLUMN account_factors.secret IS 'of totp: sealed as in mfa_secrets';
CREATE INDEX account_factors_user ON account_factors (user_id);

-- ---- sessions ----

-- A refresh token of the second format has no row: it names its session and a count, under a key.
ALTER TABLE sessions
	ADD COLUMN not_after timestamptz,
	ADD COLUMN factor_id uuid,
	ADD COLUMN refresh_key text,
	ADD COLUMN refresh_counter bigint;
COMMENT ON COLUMN sessions.not_after IS 'ends then, whatever its tokens say; NULL: does not';
COMMENT ON COLUMN sessions.refresh_key IS
	'of a session with tokens of the old server''s second format: base64url of 32 bytes, or what that server has encrypted';
COMMENT ON COLUMN sessions.refresh_counter IS 'the count in its newest such token';

ALTER TABLE refresh_tokens ADD COLUMN token text;
COMMENT ON COLUMN refresh_tokens.token IS
	'the token itself, while the old server may have to take its session back; NULL for all others';

CREATE TABLE session_methods (
	session_id  uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
	method      text NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session_id, method)
);
COMMENT ON TABLE session_methods IS 'how somebody proved who they are: "amr" of an access token';

-- ---- the source, whatever its age ----

CREATE FUNCTION supabase_move.shape_auth() RETURNS void LANGUAGE plpgsql
	SET search_path = sojorn, public, extensions AS $$
BEGIN
	PERFORM supabase_move.shape('old_details', 'auth.users', ARRAY['id uuid', 'phone text',
		'phone_confirmed_at timestamptz', 'is_anonymous boolean', 'is_sso_user boolean',
		'invited_at timestamptz', 'raw_app_meta_data jsonb', 'raw_user_meta_data jsonb']);
	PERFORM supabase_move.shape('old_identities', 'auth.identities', ARRAY['id text', 'provider_id text',
		'provider text', 'user_id uuid', 'identity_data jsonb', 'last_sign_in_at timestamptz',
		'created_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_sessions', 'auth.sessions', ARRAY['id uuid', 'user_id uuid', 'aal text',
		'not_after timestamptz', 'factor_id uuid', 'refreshed_at timestamptz', 'user_agent text',
		'ip inet', 'refresh_token_hmac_key text', 'refresh_token_counter bigint',
		'created_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_methods', 'auth.mfa_amr_claims', ARRAY['session_id uuid',
		'authentication_method text', 'created_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_factors', 'auth.mfa_factors', ARRAY['id uuid', 'user_id uuid',
		'friendly_name text', 'factor_type text', 'status text', 'secret text', 'phone text',
		'last_challenged_at timestamptz', 'created_at timestamptz', 'updated_at timestamptz']);
END $$;

SELECT supabase_move.shape_auth();
