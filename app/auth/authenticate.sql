-- name: auth_identity     $1 user_id uuid
SELECT CASE WHEN u.status = 'suspended' AND u.suspended_until <= now() THEN 'active' ELSE u.status END AS status,
       COALESCE(p.role, 'user') AS role
  FROM users u LEFT JOIN profiles p ON p.id = u.id
 WHERE u.id = $1
