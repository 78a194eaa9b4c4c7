-- Accounts, mailed links and codes, as the old platform's clients need them.

-- ---- accounts ----

-- name: compat_user     $1 user uuid
SELECT * FROM compat_users WHERE id = $1;

-- name: compat_user_list     $1 limit int, $2 offset int [slow]
SELECT c.* FROM (SELECT id, created_at FROM users ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2) page
  JOIN compat_users c ON c.id = page.id
 ORDER BY page.created_at DESC, page.id DESC;

-- Counted while that is cheap, else as the planner knows it.
-- name: compat_user_count
SELECT GREATEST((SELECT reltuples::bigint FROM pg_class WHERE oid = 'sojorn.users'::regclass),
	(SELECT count(*) FROM (SELECT FROM users ORDER BY created_at DESC LIMIT 10000) newest)) AS n;

-- No row: somebody has the address. A handle that is not free gives way to the one made of the id.
-- name: compat_user_add     $1 user uuid, $2 email text, $3 password text, $4 wish text, $5 handle text,
--	$6 display_name text, $7 birth_month int, $8 birth_year int, $9 user_metadata json, $10 app_metadata json,
--	$11 is_confirmed bool
WITH account AS (
	INSERT INTO users (id, email, encrypted_password, status, email_verified_at)
	VALUES ($1, $2, $3, CASE WHEN $11 THEN 'active' ELSE 'pending' END, CASE WHEN $11 THEN now() END)
	ON CONFLICT DO NOTHING RETURNING id
), name AS (
	SELECT id, CASE WHEN $4 IS NOT NULL AND NOT EXISTS (SELECT FROM profiles WHERE lower(handle) = $4)
			AND NOT EXISTS (SELECT FROM reserved_usernames WHERE username = $4)
		   THEN $4 ELSE $5 END AS handle
	  FROM account
), profile AS (
	INSERT INTO profiles (id, handle, display_name) SELECT id, handle, COALESCE($6, handle) FROM name
), private AS (
	INSERT INTO profile_private (user_id, birth_month, birth_year) SELECT id, $7, $8 FROM account
), settings AS (
	INSERT INTO user_settings (user_id) SELECT id FROM account
), trust AS (
	INSERT INTO trust_state (user_id) SELECT id FROM account
), details AS (
	INSERT INTO account_details (user_id, user_metadata, app_metadata)
	SELECT id, COALESCE($9, '{}'), '{"provider": "email", "providers": ["email"]}'::jsonb || COALESCE($10, '{}')
	  FROM account
), identity AS (
	INSERT INTO account_identities (user_id, provider, provider_id, data)
	SELECT id, 'email', id::text,
	       jsonb_build_object('sub', id, 'email', $2::text, 'email_verified', $11::boolean, 'phone_verified', false)
	  FROM account
)
SELECT id FROM account;

-- No row: that would be too much.
-- name: compat_user_merge     $1 user uuid, $2 user_metadata json, $3 app_metadata json
INSERT INTO account_details AS d (user_id, user_metadata, app_metadata)
VALUES ($1, metadata_merge('{}', $2), metadata_merge('{"provider": "email", "providers": ["email"]}', $3))
ON CONFLICT (user_id) DO UPDATE SET user_metadata = metadata_merge(d.user_metadata, $2),
	app_metadata = metadata_merge(d.app_metadata, $3)
WHERE octet_length(metadata_merge(d.user_metadata, $2)::text) + octet_length(metadata_merge(d.app_metadata, $3)::text)
	<= 65536;

-- By an admin: what is NULL stays. A ban to a time, or with NULL its end; it ends all sessions.
-- name: compat_user_set     $1 user uuid, $2 email text, $3 password text, $4 confirm bool, $5 has_ban bool,
--	$6 banned_until time
WITH before AS (
	SELECT id, status FROM users WHERE id = $1 FOR UPDATE
), account AS (
	UPDATE users u
	   SET email = COALESCE($2, u.email), encrypted_password = COALESCE($3, u.encrypted_password), updated_at = now(),
	       email_verified_at = CASE WHEN $4 THEN COALESCE(u.email_verified_at, now()) ELSE u.email_verified_at END,
	       suspended_until = CASE WHEN $5 THEN $6 ELSE u.suspended_until END,
	       status = CASE WHEN $5 AND $6 IS NOT NULL THEN 'suspended'
			     WHEN $5 AND u.status IN ('suspended', 'banned') THEN 'active'
			     WHEN $4 AND u.status = 'pending' THEN 'active'
			     ELSE u.status END
	  FROM before b WHERE u.id = b.id
	RETURNING u.id, u.status, b.status AS old
), history AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, old, status, 'by an admin' FROM account WHERE status <> old
), ended AS (
	UPDATE sessions s SET revoked_at = now() FROM account a
	 WHERE s.user_id = a.id AND s.revoked_at IS NULL AND $5 AND $6 IS NOT NULL
)
SELECT id FROM account;

-- ---- mailed links and codes ----

-- Older ones of the purpose stop working. mail NULL: none is sent.
-- name: compat_link_put     $1 user uuid, $2 purpose text, $3 token bytes, $4 code bytes, $5 challenge text,
--	$6 new_email text, $7 mail json
WITH older AS (
	UPDATE one_time_tokens SET used_at = now() WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL
), token AS (
	INSERT INTO one_time_tokens (token_hash, user_id, purpose, code_hash, challenge, new_email, expires_at)
	VALUES ($3, $1, $2, $4, $5, $6, now() + interval '1 hour')
)
INSERT INTO outbox (kind, payload, user_id) SELECT 'mail', $7, $1 WHERE $7 IS NOT NULL;

-- The newest code that went to the address; a try is counted before it is looked at.
-- name: compat_code_try     $1 email text, $2 purposes texts, $3 code bytes
WITH candidates AS (
	(SELECT t.token_hash, t.created_at FROM users u JOIN one_time_tokens t ON t.user_id = u.id
	  WHERE lower(u.email) = lower($1) AND NOT u.duplicate_email AND t.purpose = ANY ($2) AND t.new_email IS NULL
	    AND t.used_at IS NULL AND t.expires_at > now() AND t.code_hash IS NOT NULL
	  ORDER BY t.created_at DESC LIMIT 1)
	UNION ALL
	(SELECT t.token_hash, t.created_at FROM one_time_tokens t
	  WHERE lower(t.new_email) = lower($1) AND t.purpose = ANY ($2)
	    AND t.used_at IS NULL AND t.expires_at > now() AND t.code_hash IS NOT NULL
	  ORDER BY t.created_at DESC LIMIT 1)
), newest AS (
	SELECT token_hash FROM candidates ORDER BY created_at DESC LIMIT 1
)
UPDATE one_time_tokens t SET attempts = t.attempts + 1 FROM newest n
 WHERE t.token_hash = n.token_hash AND t.attempts < 5
RETURNING t.token_hash AS token, t.code_hash = $3 AS is_right;

-- Uses a link up: whoever has it has read the mail, so the address is theirs. The password of an account that
-- nobody had confirmed is somebody's who may have known the address alone: it goes, and with it the sessions,
-- unless the link is the one that confirms this very sign-up.
-- name: compat_link_use     $1 token bytes, $2 purposes texts
WITH token AS (
	UPDATE one_time_tokens SET used_at = now()
	 WHERE token_hash = $1 AND purpose = ANY ($2) AND used_at IS NULL AND expires_at > now()
	RETURNING user_id, purpose, new_email, challenge
), before AS (
	SELECT u.id, u.status, u.status = 'pending' AND t.purpose <> 'email_verify' AS claimed
	  FROM users u JOIN token t ON t.user_id = u.id FOR UPDATE OF u
), account AS (
	UPDATE users u
	   SET email = COALESCE(t.new_email, u.email), updated_at = now(),
	       encrypted_password = CASE WHEN b.claimed THEN '' ELSE u.encrypted_password END,
	       email_verified_at = CASE WHEN t.new_email IS NULL THEN COALESCE(u.email_verified_at, now()) ELSE now() END,
	       status = CASE WHEN u.status = 'pending' THEN 'active' ELSE u.status END
	  FROM token t JOIN before b ON b.id = t.user_id WHERE u.id = b.id
	RETURNING u.*
), ended AS (
	UPDATE sessions s SET revoked_at = now() FROM before b
	 WHERE s.user_id = b.id AND s.revoked_at IS NULL AND b.claimed
), identity AS (
	UPDATE account_identities i
	   SET data = i.data || jsonb_build_object('email', a.email, 'email_verified', true), updated_at = now()
	  FROM account a WHERE i.user_id = a.id AND i.provider = 'email'
), history AS (
	INSERT INTO user_status_history (user_id, old_status, new_status, reason)
	SELECT id, status, 'active', 'address confirmed' FROM before WHERE status = 'pending'
)
SELECT false AS "who.banned_ip", a.id AS "who.id", a.email AS "who.email",
       a.encrypted_password AS "who.password", a.status AS "who.status", a.mfa_enabled AS "who.mfa_enabled",
       a.status = 'suspended' AND a.suspended_until <= now() AS "who.lapsed", v.birth_month AS "who.birth_month",
       v.birth_year AS "who.birth_year", t.purpose, t.challenge
  FROM account a JOIN token t ON t.user_id = a.id LEFT JOIN profile_private v ON v.user_id = a.id;

-- What a link of a browser that keeps a secret leads to.
-- name: compat_exchange_put     $1 user uuid, $2 token bytes, $3 challenge text, $4 method text
INSERT INTO one_time_tokens (token_hash, user_id, purpose, challenge, method, expires_at)
VALUES ($2, $1, 'exchange', $3, $4, now() + interval '5 minutes');

-- A wrong verifier uses nothing up.
-- name: compat_exchange_use     $1 token bytes, $2 challenge text
WITH token AS (
	SELECT user_id, method, challenge = $2 AS is_right, expires_at <= now() AS expired FROM one_time_tokens
	 WHERE token_hash = $1 AND purpose = 'exchange' AND used_at IS NULL
	   FOR UPDATE
), used AS (
	UPDATE one_time_tokens o SET used_at = now() FROM token t
	 WHERE o.token_hash = $1 AND t.is_right AND NOT t.expired
)
SELECT false AS "who.banned_ip", u.id AS "who.id", u.email AS "who.email",
       u.encrypted_password AS "who.password", u.status AS "who.status", u.mfa_enabled AS "who.mfa_enabled",
       u.status = 'suspended' AND u.suspended_until <= now() AS "who.lapsed", v.birth_month AS "who.birth_month",
       v.birth_year AS "who.birth_year", t.method, t.is_right, t.expired
  FROM token t JOIN users u ON u.id = t.user_id LEFT JOIN profile_private v ON v.user_id = u.id;
