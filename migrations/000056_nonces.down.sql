SET search_path = sojorn, public, extensions;

DELETE FROM one_time_tokens WHERE purpose = 'reauthentication';
ALTER TABLE one_time_tokens
	DROP CONSTRAINT one_time_tokens_purpose_check,
	ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN
		('email_verify', 'password_reset', 'account_destroy', 'email_change', 'magiclink', 'exchange'));
