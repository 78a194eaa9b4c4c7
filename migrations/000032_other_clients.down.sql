SET search_path = sojorn, public, extensions;

DROP FUNCTION session_is_stale(sessions);
DROP FUNCTION session_amr(uuid);
DROP FUNCTION session_obstacle(sessions, users);
DROP VIEW compat_users;
DROP INDEX users_newest;
DROP FUNCTION metadata_merge(jsonb, jsonb);
DELETE FROM one_time_tokens WHERE purpose IN ('magiclink', 'exchange');
ALTER TABLE one_time_tokens
	DROP COLUMN code_hash,
	DROP COLUMN attempts,
	DROP COLUMN challenge,
	DROP COLUMN method,
	DROP CONSTRAINT one_time_tokens_purpose_check,
	ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN
		('email_verify', 'password_reset', 'account_destroy', 'email_change'));
DROP INDEX one_time_tokens_new_email;
ALTER TABLE mfa_secrets DROP COLUMN factor_id;
DELETE FROM sessions WHERE partial OR (refresh_counter IS NOT NULL AND refresh_key IS NULL);
DROP INDEX sessions_counted;
ALTER TABLE sessions DROP COLUMN partial;
