-- A session is what a sign-in opens; its refresh tokens are one family. It has a row of its own because a
-- session must end as one thing: revoking tokens row by row misses the successor that a refresh at the
-- same moment is about to add.
SET search_path = sojorn, public, extensions;

CREATE TABLE sessions (
	id            uuid PRIMARY KEY,
	user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	mfa           boolean NOT NULL DEFAULT false,
	user_agent    text,
	ip            inet,
	revoked_at    timestamptz,
	last_used_at  timestamptz NOT NULL DEFAULT now(),
	created_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
COMMENT ON COLUMN sessions.mfa IS 'opened with a second factor';
CREATE INDEX sessions_user ON sessions (user_id);

INSERT INTO sessions (id, user_id, user_agent, ip, revoked_at, last_used_at, created_at)
SELECT DISTINCT ON (family_id) family_id, user_id, user_agent, ip, revoked_at,
       COALESCE(last_used_at, created_at), min(created_at) OVER (PARTITION BY family_id)
  FROM refresh_tokens
 ORDER BY family_id, created_at DESC;

ALTER TABLE refresh_tokens
	DROP COLUMN user_id,
	DROP COLUMN revoked_at,
	DROP COLUMN last_used_at,
	DROP COLUMN user_agent,
	DROP COLUMN ip,
	ADD FOREIGN KEY (family_id) REFERENCES sessions ON DELETE CASCADE;
COMMENT ON COLUMN refresh_tokens.expires_at IS 'of a rotated token: how long its reuse is noticed';

-- An address that may neither register nor sign in.
CREATE FUNCTION is_banned_ip(client inet) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.banned_ips b
	 WHERE b.ip = client AND (b.expires_at IS NULL OR b.expires_at > now())
$$;
