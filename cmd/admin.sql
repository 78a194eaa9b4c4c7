-- Who may use the operator's console. The command line is the way in: whoever has the machine's database may give the first role.

-- No row: nobody of this handle.
-- name: admin_give     $1 handle text, $2 role text
WITH before AS MATERIALIZED (
	SELECT p.id, p.role, u.status, u.mfa_enabled FROM profiles p JOIN users u ON u.id = p.id
	 WHERE lower(p.handle) = lower($1)
	   FOR UPDATE OF p
), given AS (
	UPDATE profiles p SET role = $2, updated_at = now() FROM before b WHERE p.id = b.id AND p.role <> $2
	RETURNING p.id
), audited AS (
	INSERT INTO audit_log (action, target_type, target_id, details)
	SELECT 'role.give', 'user', g.id::text, jsonb_build_object('old', b.role, 'new', $2)
	  FROM given g JOIN before b ON b.id = g.id
)
SELECT role, status, mfa_enabled FROM before;

-- name: admin_list
SELECT p.handle, p.role, u.status, u.mfa_enabled
  FROM profiles p JOIN users u ON u.id = p.id
 WHERE p.role IN ('moderator', 'admin')
 ORDER BY p.role, lower(p.handle)
 LIMIT 1000;
