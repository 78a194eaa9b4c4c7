\set s random(1, 30)
SET ROLE supabase_auth_admin;
BEGIN;
WITH old AS (
	UPDATE auth.refresh_tokens SET revoked = true, updated_at = now()
	 WHERE session_id = ('50000000-0000-4000-8000-' || lpad(to_hex(:s), 12, '0'))::uuid AND NOT revoked RETURNING *
)
INSERT INTO auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
SELECT instance_id, substr(md5(random()::text), 1, 12), user_id, false, now(), now(), token, session_id FROM old;
UPDATE auth.sessions SET refreshed_at = now() AT TIME ZONE 'UTC', updated_at = now()
 WHERE id = ('50000000-0000-4000-8000-' || lpad(to_hex(:s), 12, '0'))::uuid;
COMMIT;
