-- Accounts, sessions, one-time tokens, second factors. Secrets come here hashed or sealed.

-- ---- who is asking ----

-- name: account_get     $1 user uuid, $2 session uuid
SELECT u.status, u.status = 'suspended' AND u.suspended_until <= now() AS lapsed,
       COALESCE(p.role, 'user') AS role, s.revoked_at IS NOT NULL AS signed_out,
       COALESCE(s.partial AND u.mfa_enabled, false) AS partial
  FROM users u
  LEFT JOIN profiles p ON p.id = u.id
  LEFT JOIN sessions s ON s.id = $2 AND s.user_id = u.id
 WHERE u.id = $1;

-- ---- signing up ----

-- What would stop a registration, before a password is hashed for it.
-- name: signup_check     $1 email text, $2 handle text, $3 ip text
SELECT EXISTS (SELECT FROM is_banned_ip($3::inet)) AS banned_ip,
       EXISTS (SELECT FROM reserved_usernames WHERE username = $2) AS reserved,
       EXISTS (SELECT FROM users WHERE lower(email) = lower($1) AND NOT duplicate_email) AS email_taken,
       EXISTS (SELECT FROM profiles WHERE lower(handle) = $2) AS handle_taken;

-- All of an account or nothing; the constraints decide between two at the same moment.
-- name: signup     $1 user uuid, $2 email text, $3 password text, $4 handle text, $5 display_name text,
--	$6 birth_month int, $7 birth_year int, $8 newsletter bool, $9 contact bool, $10 token bytes, $11 mail json
WITH account AS (
	INSERT INTO users (id, email, encrypted_password, email_newsletter, email_contact)
	VALUES ($1, $2, $3, $8, $9) RETURNING id
), profile AS (
	INSERT INTO profiles (id, handle, display_name) SELECT id, $4, $5 FROM account
), private AS (
	INSERT INTO profile_private (user_id, birth_month, birth_year) SELECT id, $6, $7 FROM account
), settings AS (
	INSERT INTO user_settings (user_id) SELECT id FROM account
), trust AS (
	INSERT INTO trust_state (user_id) SELECT id FROM account
), token AS (
	INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at)
	SELECT $10, id, 'email_verify', now() + interval '24 hours' FROM account
)
INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $11, id FROM account;

-- Older links stop working.
-- name: verification_renew     $1 email text, $2 token bytes, $3 mail json
WITH account AS (
	SELECT id FROM users WHERE lower(email) = lower($1) AND NOT duplicate_email AND status = 'pending'
), older AS (
	UPDATE one_time_tokens t SET used_at = now() FROM account a
	 WHERE t.user_id = a.id AND t.purpose = 'email_verify' AND t.used_at IS NULL
), token AS (
	INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at)
	SELECT $2, id, 'email_verify', now() + interval '24 hours' FROM account
)
INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $3, id FROM account;

-- T-ACC-1: only a token of this purpose. "expired" leaves the token as it is.
-- name: email_verify     $1 token bytes
WITH token AS (
	SELECT user_id, expires_at <= now() AS expired FROM one_time_tokens
	 WHERE token_hash = $1 AND purpose = 'email_verify' AND used_at IS NULL
	   FOR UPDATE
), used AS (
	UPDATE one_time_tokens t SET used_at = now() FROM token k
	 WHERE t.token_hash = $1 AND NOT k.expired
), account AS (
	UPDATE users u SET status = 'active', email_verified_at = now(), updated_at = now() FROM token k
	 WHERE u.id = k.user_id AND NOT k.expired AND u.status = 'pending'
	RETURNING u.id
), history AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, 'pending', 'active', 'address confirmed' FROM account
)
SELECT user_id AS user, expired FROM token;

-- name: onboarding_complete     $1 user uuid
UPDATE profiles SET has_completed_onboarding = true, updated_at = now() WHERE id = $1;

-- ---- signing in ----

-- Always one row, so that an address is as banned for an unknown account as for a known one.
-- name: login_find     $1 email text, $2 ip text
SELECT EXISTS (SELECT FROM is_banned_ip($2::inet)) AS banned_ip,
       u.id, u.email, u.encrypted_password AS password, u.status, u.mfa_enabled,
       u.status = 'suspended' AND u.suspended_until <= now() AS lapsed,
       v.birth_month, v.birth_year
  FROM (VALUES (true)) AS always (one)
  LEFT JOIN users u ON lower(u.email) = lower($1) AND NOT u.duplicate_email
  LEFT JOIN profile_private v ON v.user_id = u.id;

-- The old hash is part of the question: a password changed meanwhile is not changed back.
-- name: password_rehash     $1 user uuid, $2 old text, $3 new text
UPDATE users SET encrypted_password = $3 WHERE id = $1 AND encrypted_password = $2;

-- Opens a session and undoes a deactivation or a pending deletion. No row: the password was changed since
-- it was checked (an UPDATE of the row comes first or waits for this one), or the account may not sign in.
-- Without a token its refresh tokens are counted.
-- name: session_open     $1 user uuid, $2 password text, $3 session uuid, $4 token bytes, $5 mfa bool,
--	$6 user_agent text, $7 ip text, $8 mail json, $9 method text, $10 partial bool
WITH before AS (
	SELECT id, status FROM users
	 WHERE id = $1 AND encrypted_password = $2 AND status IN ('active', 'deactivated', 'pending_deletion')
	   FOR NO KEY UPDATE
), account AS (
	UPDATE users u SET last_login = now(), status = 'active', deletion_requested_at = NULL, deleted_at = NULL
	  FROM before b WHERE u.id = b.id
	RETURNING u.id, u.email, u.created_at, u.updated_at, u.status, u.mfa_enabled, u.last_login,
		u.email_newsletter, u.email_contact, NULLIF(b.status, 'active') AS previous_status
), session AS (
	INSERT INTO sessions (id, user_id, mfa, partial, refresh_counter, user_agent, ip)
	SELECT $3, id, $5, $10, CASE WHEN $4 IS NULL THEN 0 END, $6, $7::inet FROM account
), methods AS (
	INSERT INTO session_methods (session_id, method)
	SELECT $3, m FROM account, unnest(CASE WHEN $5 THEN ARRAY[$9, 'totp'] ELSE ARRAY[$9] END) m
), token AS (
	INSERT INTO refresh_tokens (token_hash, family_id, expires_at)
	SELECT $4, $3, now() + interval '30 days' FROM account WHERE $4 IS NOT NULL
), history AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, previous_status, 'active', 'signed in' FROM account WHERE previous_status IS NOT NULL
), mail AS (
	INSERT INTO outbox (kind, payload, user_id)
	SELECT 'mail', $8, id FROM account WHERE previous_status IS NOT NULL
)
SELECT * FROM account;

-- Takes a refresh token and gives the next one of its session, the same one for a minute. The lock on the
-- session's row puts refreshes and sign-outs of one session in order. Reuse after the grace ends the
-- session (T-ACC-5), a ban ends all of the account's. With $5 the session's next token is counted, and what
-- follows a token is given again until it was used.
-- name: session_refresh     $1 token bytes, $2 next bytes, $3 user_agent text, $4 ip text, $5 counted bool
WITH found AS MATERIALIZED (
	SELECT t.family_id AS session, t.rotated_at, t.replaced_by, t.expires_at, s.user_id AS user, s.mfa,
	       s.partial AND u.mfa_enabled AS partial, s.refresh_counter, s.refresh_key AS key,
	       s.created_at AS since, u.email, session_obstacle(s, u) AS obstacle,
	       u.status = 'suspended' AND u.suspended_until <= now() AS lapsed
	  FROM refresh_tokens t
	  JOIN sessions s ON s.id = t.family_id
	  JOIN users u ON u.id = s.user_id
	 WHERE t.token_hash = $1
	   FOR NO KEY UPDATE OF t, s
), judged AS (
	SELECT f.*, CASE
		WHEN expires_at <= now() THEN 'dead'
		WHEN obstacle IS NOT NULL THEN obstacle
		WHEN rotated_at IS NULL THEN 'fresh'
		WHEN rotated_at > now() - interval '60 seconds' THEN 'again'
		WHEN $5 AND CASE WHEN refresh_counter IS NOT NULL THEN refresh_counter = 0 ELSE EXISTS (
			SELECT FROM refresh_tokens n WHERE n.token_hash = f.replaced_by AND n.rotated_at IS NULL) END
		THEN 'again'
		ELSE 'reused' END AS verdict
	  FROM found f
), ended AS (
	UPDATE sessions s SET revoked_at = now() FROM judged j
	 WHERE j.verdict IN ('reused', 'banned') AND s.user_id = j.user AND s.revoked_at IS NULL
	   AND (s.id = j.session OR j.verdict = 'banned')
), used AS (
	UPDATE sessions s
	   SET last_used_at = now(), user_agent = $3, ip = $4::inet,
	       refresh_counter = CASE WHEN $5 THEN COALESCE(s.refresh_counter, 0) ELSE s.refresh_counter END
	  FROM judged j
	 WHERE j.verdict IN ('fresh', 'again') AND s.id = j.session
), rotated AS (
	UPDATE refresh_tokens t
	   SET replaced_by = $2, rotated_at = now(), expires_at = LEAST(t.expires_at, now() + interval '7 days')
	  FROM judged j WHERE j.verdict = 'fresh' AND t.token_hash = $1
), successor AS (
	INSERT INTO refresh_tokens (token_hash, family_id, expires_at)
	SELECT $2, session, now() + interval '30 days' FROM judged WHERE verdict IN ('fresh', 'again') AND NOT $5
	ON CONFLICT DO NOTHING
)
SELECT j.verdict, j.user, j.session, j.email, session_amr(j.session) AS amr, j.mfa, j.partial, j.lapsed, j.since,
       COALESCE(j.refresh_counter, 0) AS counter, j.key, d.app_metadata, d.user_metadata
  FROM judged j LEFT JOIN account_details d ON d.user_id = j.user;

-- The key of a counted session that came from elsewhere.
-- name: session_key     $1 session uuid
SELECT refresh_key AS key FROM sessions WHERE id = $1 AND refresh_counter IS NOT NULL;

-- The same for a counted session: the token of the counter, or of the one before it, whose successor was lost.
-- name: session_step     $1 session uuid, $2 counter bigint, $3 user_agent text, $4 ip text
WITH found AS MATERIALIZED (
	SELECT s.id AS session, s.user_id AS user, s.mfa, s.partial AND u.mfa_enabled AS partial,
	       s.refresh_counter, s.refresh_key AS key, s.last_used_at, session_is_stale(s) AS stale, s.created_at AS since, u.email,
	       session_obstacle(s, u) AS obstacle, u.status = 'suspended' AND u.suspended_until <= now() AS lapsed
	  FROM sessions s JOIN users u ON u.id = s.user_id
	 WHERE s.id = $1 AND s.refresh_counter IS NOT NULL
	   FOR NO KEY UPDATE OF s
), judged AS (
	SELECT f.*, CASE
		WHEN stale THEN 'dead'
		WHEN obstacle IS NOT NULL THEN obstacle
		WHEN $2 > refresh_counter THEN 'unknown'
		WHEN $2 = refresh_counter THEN 'fresh'
		WHEN $2 = refresh_counter - 1 OR last_used_at > now() - interval '60 seconds' THEN 'again'
		ELSE 'reused' END AS verdict
	  FROM found f
), ended AS (
	UPDATE sessions s SET revoked_at = now() FROM judged j
	 WHERE j.verdict IN ('reused', 'banned') AND s.user_id = j.user AND s.revoked_at IS NULL
	   AND (s.id = j.session OR j.verdict = 'banned')
), used AS (
	UPDATE sessions s
	   SET last_used_at = now(), user_agent = $3, ip = $4::inet, refresh_counter = s.refresh_counter + 1
	  FROM judged j WHERE j.verdict = 'fresh' AND s.id = j.session
)
SELECT j.verdict, j.user, j.session, j.email, session_amr(j.session) AS amr, j.mfa, j.partial, j.lapsed, j.since,
       j.refresh_counter + (j.verdict = 'fresh')::integer AS counter, j.key, d.app_metadata, d.user_metadata
  FROM judged j LEFT JOIN account_details d ON d.user_id = j.user;

-- One session, or all but one.
-- name: sessions_end     $1 user uuid, $2 only uuid, $3 but uuid
UPDATE sessions SET revoked_at = now()
 WHERE user_id = $1 AND revoked_at IS NULL AND ($2 IS NULL OR id = $2) AND id IS DISTINCT FROM $3;

-- The session of the refresh token if one is named, else the access token's; and what this device is told.
-- name: session_close     $1 user uuid, $2 session uuid, $3 token bytes, $4 device text
WITH device AS (
	DELETE FROM user_fcm_tokens WHERE user_id = $1 AND token = $4
)
UPDATE sessions SET revoked_at = now()
 WHERE user_id = $1 AND revoked_at IS NULL
   AND id = COALESCE((SELECT family_id FROM refresh_tokens WHERE token_hash = $3), $2);

-- ---- passwords ----

-- name: reset_request     $1 email text, $2 token bytes, $3 mail json
WITH account AS (
	SELECT id FROM users WHERE lower(email) = lower($1) AND NOT duplicate_email AND status <> 'banned'
), token AS (
	INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at)
	SELECT $2, id, 'password_reset', now() + interval '1 hour' FROM account
)
INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $3, id FROM account;

-- name: reset_find     $1 token bytes
SELECT expires_at <= now() AS expired FROM one_time_tokens
 WHERE token_hash = $1 AND purpose = 'password_reset' AND used_at IS NULL;

-- name: reset_use     $1 token bytes, $2 password text
WITH used AS (
	UPDATE one_time_tokens SET used_at = now()
	 WHERE token_hash = $1 AND purpose = 'password_reset' AND used_at IS NULL AND expires_at > now()
	RETURNING user_id
)
UPDATE users u
   SET encrypted_password = $2, password_changed_at = now(), password_reset_needed = false, updated_at = now()
  FROM used WHERE u.id = used.user_id
RETURNING u.id AS user, u.email;

-- name: password_change     $1 user uuid, $2 old text, $3 new text
UPDATE users
   SET encrypted_password = $3, password_changed_at = now(), password_reset_needed = false, updated_at = now()
 WHERE id = $1 AND encrypted_password = $2;

-- What a new password ends (T-ACC-3): sessions, half-finished sign-ins, other reset links. A statement of its own after the
-- password's, so that it sees the session of a sign-in that was a moment faster.
-- name: access_end     $1 user uuid, $2 but_session uuid, $3 mail json
WITH ended AS (
	UPDATE sessions SET revoked_at = now()
	 WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $2
), challenges AS (
	DELETE FROM mfa_challenges WHERE user_id = $1
), links AS (
	UPDATE one_time_tokens SET used_at = now()
	 WHERE user_id = $1 AND purpose = 'password_reset' AND used_at IS NULL
)
INSERT INTO outbox (kind, payload, user_id) VALUES ('mail', $3, $1);

-- ---- second factor ----

-- name: factor_get     $1 user uuid
SELECT u.email, u.encrypted_password AS password, u.mfa_enabled, m.factor_id, m.secret, m.last_used_step
  FROM users u LEFT JOIN mfa_secrets m ON m.user_id = u.id WHERE u.id = $1;

-- No row: it is on already.
-- name: factor_store     $1 user uuid, $2 secret bytes, $3 codes texts, $4 name text
WITH account AS (
	SELECT id FROM users WHERE id = $1 AND NOT mfa_enabled FOR UPDATE
), older AS (
	DELETE FROM mfa_recovery_codes c USING account a WHERE c.user_id = a.id
), codes AS (
	INSERT INTO mfa_recovery_codes (user_id, code_hash)
	SELECT a.id, decode(c, 'hex') FROM account a, unnest($3::text[]) c
), unused AS (
	DELETE FROM account_factors f USING account a
	 WHERE f.user_id = a.id AND f.factor_type = 'totp' AND f.status = 'unverified'
), factor AS (
	INSERT INTO account_factors (user_id, friendly_name, factor_type, status, secret)
	SELECT id, $4, 'totp', 'unverified', $2 FROM account RETURNING id, user_id
)
INSERT INTO mfa_secrets (user_id, secret, factor_id) SELECT user_id, $2, id FROM factor
ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, factor_id = excluded.factor_id, last_used_step = 0,
	updated_at = now()
RETURNING factor_id;

-- name: factor_enable     $1 user uuid, $2 step bigint, $3 mail json
WITH step AS (
	UPDATE mfa_secrets SET last_used_step = $2 WHERE user_id = $1 AND last_used_step < $2 RETURNING user_id, factor_id
), factor AS (
	UPDATE account_factors f SET status = 'verified', updated_at = now() FROM step s WHERE f.id = s.factor_id
), account AS (
	UPDATE users u SET mfa_enabled = true, updated_at = now() FROM step s
	 WHERE u.id = s.user_id AND NOT u.mfa_enabled RETURNING u.id
)
INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $3, id FROM account;

-- Without a factor there is no session of two.
-- name: factor_disable     $1 user uuid, $2 step bigint, $3 mail json, $4 factor uuid
WITH secret AS (
	DELETE FROM mfa_secrets
	 WHERE user_id = $1 AND last_used_step < $2 AND ($4 IS NULL OR factor_id = $4) RETURNING user_id, factor_id
), factor AS (
	DELETE FROM account_factors f USING secret s WHERE f.id = s.factor_id
), sessions_ AS (
	UPDATE sessions o SET mfa = false FROM secret s WHERE o.user_id = s.user_id AND o.mfa RETURNING o.id
), methods AS (
	DELETE FROM session_methods m USING sessions_ s WHERE m.session_id = s.id AND m.method = 'totp'
), codes AS (
	DELETE FROM mfa_recovery_codes c USING secret s WHERE c.user_id = s.user_id
), factors AS (
	DELETE FROM account_factors f USING secret s WHERE f.user_id = s.user_id AND f.factor_type = 'totp'
), account AS (
	UPDATE users u SET mfa_enabled = false, updated_at = now() FROM secret s WHERE u.id = s.user_id
)
INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $3, user_id FROM secret;

-- name: recovery_renew     $1 user uuid, $2 step bigint, $3 codes texts
WITH step AS (
	UPDATE mfa_secrets SET last_used_step = $2 WHERE user_id = $1 AND last_used_step < $2 RETURNING user_id
), older AS (
	DELETE FROM mfa_recovery_codes c USING step s WHERE c.user_id = s.user_id
)
INSERT INTO mfa_recovery_codes (user_id, code_hash)
SELECT s.user_id, decode(c, 'hex') FROM step s, unnest($3::text[]) c;

-- name: challenge_open     $1 user uuid, $2 password text, $3 token bytes
INSERT INTO mfa_challenges (token_hash, user_id, expires_at)
SELECT $3, id, now() + interval '5 minutes' FROM users WHERE id = $1 AND encrypted_password = $2;

-- The right code confirms the factor if it is new, and makes the session one of two factors; those of one end.
-- Tokens of the session from before are two behind.
-- name: factor_pass     $1 challenge bytes, $2 user uuid, $3 session uuid, $4 step bigint, $5 mail json
WITH live AS (
	SELECT id FROM sessions WHERE id = $3 AND user_id = $2 AND revoked_at IS NULL FOR UPDATE
), step AS (
	UPDATE mfa_secrets m SET last_used_step = $4 FROM live
	 WHERE m.user_id = $2 AND m.last_used_step < $4 RETURNING m.user_id, m.factor_id
), factor AS (
	UPDATE account_factors f SET status = 'verified', last_challenged_at = now(), updated_at = now() FROM step
	 WHERE f.id = step.factor_id
), method AS (
	INSERT INTO session_methods (session_id, method) SELECT $3, 'totp' FROM step
	ON CONFLICT (session_id, method) DO UPDATE SET updated_at = now()
), challenge AS (
	DELETE FROM mfa_challenges c USING step WHERE c.token_hash = $1
), enabled AS (
	UPDATE users u SET mfa_enabled = true, updated_at = now() FROM step
	 WHERE u.id = step.user_id AND NOT u.mfa_enabled RETURNING u.id
), others AS (
	UPDATE sessions o SET revoked_at = now() FROM step
	 WHERE o.user_id = step.user_id AND o.id <> $3 AND NOT o.mfa AND o.revoked_at IS NULL
), session AS (
	UPDATE sessions o
	   SET mfa = true, partial = false, factor_id = step.factor_id, last_used_at = now(),
	       refresh_counter = COALESCE(o.refresh_counter + 2, 0)
	  FROM step WHERE o.id = $3
	RETURNING o.*
), mail AS (
	INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $5, id FROM enabled
)
SELECT 'fresh' AS verdict, s.user_id AS user, s.id AS session, u.email, s.mfa, s.partial, false AS lapsed,
       jsonb_build_array(jsonb_build_object('method', 'totp', 'timestamp', extract(epoch FROM now())::bigint))
		|| COALESCE(jsonb_path_query_array(session_amr(s.id), '$[*] ? (@.method != "totp")'), '[]') AS amr,
       s.created_at AS since, s.refresh_counter AS counter, s.refresh_key AS key, d.app_metadata, d.user_metadata
  FROM session s JOIN users u ON u.id = s.user_id LEFT JOIN account_details d ON d.user_id = u.id;

-- Counts the try before it is looked at (T-ACC-4): the sixth finds nothing, whatever it brings.
-- name: challenge_try     $1 token bytes
WITH tried AS (
	UPDATE mfa_challenges SET attempts = attempts + 1
	 WHERE token_hash = $1 AND attempts < 5 AND expires_at > now()
	RETURNING user_id
)
SELECT u.id AS user, u.email, u.encrypted_password AS password, u.status, m.secret, m.last_used_step,
       u.mfa_enabled, u.status = 'suspended' AND u.suspended_until <= now() AS lapsed
  FROM tried t
  JOIN users u ON u.id = t.user_id
  JOIN mfa_secrets m ON m.user_id = u.id;

-- The right code uses up its step, or itself, and the temporary token. Step 0: none.
-- name: challenge_pass     $1 token bytes, $2 user uuid, $3 step bigint, $4 code bytes
WITH step AS (
	UPDATE mfa_secrets SET last_used_step = $3 WHERE user_id = $2 AND last_used_step < $3 RETURNING user_id
), code AS (
	UPDATE mfa_recovery_codes SET used_at = now()
	 WHERE user_id = $2 AND code_hash = $4 AND used_at IS NULL RETURNING user_id
)
DELETE FROM mfa_challenges c
 WHERE c.token_hash = $1 AND (EXISTS (SELECT FROM step) OR EXISTS (SELECT FROM code));

-- ---- proof of work ----

-- name: altcha_use     $1 challenge bytes, $2 expires time
INSERT INTO altcha_used (challenge, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- ---- hourly ----

-- name: clean_altcha     [slow]
DELETE FROM altcha_used WHERE expires_at < now();

-- name: clean_challenges     [slow]
DELETE FROM mfa_challenges WHERE expires_at < now();

-- A used or late link is told apart from one that never was for a while.
-- name: clean_one_time     [slow]
DELETE FROM one_time_tokens WHERE expires_at < now() - interval '7 days';

-- Some at a time; a session goes with its last token.
-- name: clean_sessions     $1 most int [slow]
WITH due AS (
	SELECT token_hash FROM refresh_tokens WHERE expires_at < now() ORDER BY expires_at LIMIT $1
), gone AS (
	DELETE FROM refresh_tokens t USING due d WHERE t.token_hash = d.token_hash RETURNING t.family_id
), ended AS (
	DELETE FROM sessions s
	 WHERE s.id IN (SELECT family_id FROM gone) AND s.refresh_counter IS NULL
	   AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.family_id = s.id AND t.expires_at >= now())
)
SELECT count(*) AS n FROM gone;

-- Counted sessions have no last token.
-- name: clean_counted     $1 most int [slow]
WITH due AS (
	SELECT id FROM sessions
	 WHERE refresh_counter IS NOT NULL AND last_used_at < now() - interval '37 days' AND session_is_stale(sessions)
	 ORDER BY last_used_at LIMIT $1
), gone AS (
	DELETE FROM sessions s USING due d WHERE s.id = d.id RETURNING s.id
)
SELECT count(*) AS n FROM gone;
