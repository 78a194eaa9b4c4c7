-- A code that somebody is mailed before changing the password, for apps with the old platform's library.
-- breaks: nothing; whatever purpose was allowed before still is.
SET search_path = sojorn, public, extensions;

ALTER TABLE one_time_tokens
	DROP CONSTRAINT one_time_tokens_purpose_check,
	ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN
		('email_verify', 'password_reset', 'account_destroy', 'email_change', 'magiclink', 'exchange', 'reauthentication'));
