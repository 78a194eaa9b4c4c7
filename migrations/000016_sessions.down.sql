SET search_path = sojorn, public, extensions;

DROP FUNCTION is_banned_ip(inet);

ALTER TABLE refresh_tokens
	DROP CONSTRAINT refresh_tokens_family_id_fkey,
	ADD COLUMN user_id uuid REFERENCES users ON DELETE CASCADE,
	ADD COLUMN revoked_at timestamptz,
	ADD COLUMN last_used_at timestamptz,
	ADD COLUMN user_agent text,
	ADD COLUMN ip inet;
UPDATE refresh_tokens t
   SET user_id = s.user_id, revoked_at = s.revoked_at, last_used_at = s.last_used_at,
       user_agent = s.user_agent, ip = s.ip
  FROM sessions s WHERE s.id = t.family_id;
ALTER TABLE refresh_tokens ALTER COLUMN user_id SET NOT NULL;
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

DROP TABLE sessions;
