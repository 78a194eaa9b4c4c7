-- Who may sign in, and with what. Nothing in this file is shown to another user.
SET search_path = sojorn, public, extensions;

CREATE TABLE users (
	id                      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	email                   text NOT NULL CHECK (email <> '' AND char_length(email) <= 320),
	encrypted_password      text NOT NULL DEFAULT '',
	status                  text NOT NULL DEFAULT 'pending' CHECK (status IN
		('pending', 'active', 'deactivated', 'pending_deletion', 'suspended', 'banned')),
	mfa_enabled             boolean NOT NULL DEFAULT false,
	email_newsletter        boolean NOT NULL DEFAULT false,
	email_contact           boolean NOT NULL DEFAULT false,
	password_reset_needed   boolean NOT NULL DEFAULT false,
	duplicate_email         boolean NOT NULL DEFAULT false,
	email_verified_at       timestamptz,
	password_changed_at     timestamptz,
	last_login              timestamptz,
	suspended_until         timestamptz,
	deletion_requested_at   timestamptz,
	deleted_at              timestamptz,
	created_at              timestamptz NOT NULL DEFAULT now(),
	updated_at              timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 85);

COMMENT ON COLUMN users.encrypted_password IS
	'crypt(3) string, bcrypt as a rule; empty: no password can match, only a reset helps';
COMMENT ON COLUMN users.password_reset_needed IS 'imported with a hash nobody here can verify';
COMMENT ON COLUMN users.duplicate_email IS
	'imported, and another row has the same address in other letters; cannot sign in until sorted out';
COMMENT ON COLUMN users.deleted_at IS 'when a pending deletion falls due';

CREATE UNIQUE INDEX users_email_key ON users (lower(email)) WHERE NOT duplicate_email;
CREATE INDEX users_purge ON users (deleted_at) WHERE status = 'pending_deletion';
CREATE INDEX users_suspended ON users (suspended_until) WHERE status = 'suspended';

CREATE TABLE user_status_history (
	id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	old_status  text,
	new_status  text NOT NULL,
	reason      text,
	changed_by  uuid REFERENCES users ON DELETE SET NULL,
	created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX user_status_history_user ON user_status_history (user_id, created_at DESC);
CREATE INDEX user_status_history_changed_by ON user_status_history (changed_by) WHERE changed_by IS NOT NULL;

-- Tokens are kept as SHA-256 of what was handed out; a copy of the database opens nothing.

CREATE TABLE one_time_tokens (
	token_hash  bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
	user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	purpose     text NOT NULL CHECK (purpose IN
		('email_verify', 'password_reset', 'account_destroy', 'email_change')),
	new_email   text CHECK ((purpose = 'email_change') = (new_email IS NOT NULL)),
	expires_at  timestamptz NOT NULL,
	used_at     timestamptz,
	created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, purpose, created_at);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);

-- A family is a session: every token that came from one sign-in by rotation. A rotated token names
-- its successor, so that the same token shown again within the grace gets the same answer (T-ACC-5).
CREATE TABLE refresh_tokens (
	token_hash    bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
	user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	family_id     uuid NOT NULL,
	replaced_by   bytea CHECK (octet_length(replaced_by) = 32),
	rotated_at    timestamptz CHECK ((rotated_at IS NULL) = (replaced_by IS NULL)),
	revoked_at    timestamptz,
	expires_at    timestamptz NOT NULL,
	last_used_at  timestamptz,
	user_agent    text,
	ip            inet,
	created_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 85);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE mfa_secrets (
	user_id         uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	secret          bytea NOT NULL,
	last_used_step  bigint NOT NULL DEFAULT 0,
	created_at      timestamptz NOT NULL DEFAULT now(),
	updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN mfa_secrets.secret IS 'encrypted by the server';
COMMENT ON COLUMN mfa_secrets.last_used_step IS 'TOTP step of the last accepted code; none older or equal passes again';

CREATE TABLE mfa_recovery_codes (
	user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	code_hash  bytea NOT NULL,
	used_at    timestamptz,
	PRIMARY KEY (user_id, code_hash)
);
COMMENT ON COLUMN mfa_recovery_codes.code_hash IS 'keyed hash; the codes carry 50 bits';

-- The temporary token between password and second factor; dead after five wrong tries (T-ACC-4).
CREATE TABLE mfa_challenges (
	token_hash  bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
	user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	attempts    integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	expires_at  timestamptz NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mfa_challenges_user ON mfa_challenges (user_id);
CREATE INDEX mfa_challenges_expiry ON mfa_challenges (expires_at);

-- Solved proof-of-work challenges, so that each counts once.
CREATE TABLE altcha_used (
	challenge   bytea PRIMARY KEY,
	expires_at  timestamptz NOT NULL
);
CREATE INDEX altcha_used_expiry ON altcha_used (expires_at);

CREATE TABLE banned_ips (
	ip          inet PRIMARY KEY,
	user_id     uuid REFERENCES users ON DELETE SET NULL,
	reason      text,
	banned_at   timestamptz NOT NULL DEFAULT now(),
	expires_at  timestamptz
);
CREATE INDEX banned_ips_user ON banned_ips (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE reserved_usernames (
	username  text PRIMARY KEY CHECK (username = lower(username)),
	category  text NOT NULL DEFAULT 'system',
	notes     text
);

INSERT INTO reserved_usernames (username, category)
SELECT name, 'system' FROM unnest(ARRAY[
	'about', 'abuse', 'account', 'admin', 'administrator', 'anonymous', 'api', 'app', 'auth', 'beacon',
	'beacons', 'billing', 'blog', 'bot', 'categories', 'chat', 'contact', 'dashboard', 'delete', 'deleted',
	'dev', 'discover', 'edit', 'everyone', 'explore', 'feed', 'guest', 'hashtag', 'hashtags', 'health',
	'help', 'home', 'hostmaster', 'info', 'legal', 'login', 'logout', 'mail', 'me', 'media', 'messages',
	'mod', 'moderation', 'moderator', 'news', 'nobody', 'notifications', 'null', 'official', 'owner',
	'postmaster', 'posts', 'press', 'privacy', 'profile', 'profiles', 'quip', 'quips', 'register', 'report',
	'reset', 'root', 'safety', 'search', 'security', 'settings', 'signin', 'signup', 'sojorn', 'staff',
	'status', 'support', 'sysadmin', 'system', 'team', 'terms', 'test', 'trending', 'trust', 'undefined',
	'unknown', 'upload', 'uploads', 'user', 'username', 'users', 'verify', 'webmaster', 'www', 'ws'
]) AS name
UNION ALL
SELECT name, 'official' FROM unnest(ARRAY['fema', 'fire', 'fire_department', 'ice', 'police', 'sheriff']) AS name;
