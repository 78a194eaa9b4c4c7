SET search_path = sojorn, public, extensions;

DROP TABLE reserved_usernames, banned_ips, altcha_used, mfa_challenges, mfa_recovery_codes, mfa_secrets,
	refresh_tokens, one_time_tokens, user_status_history, users;
