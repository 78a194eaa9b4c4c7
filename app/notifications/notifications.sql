-- name: device_register     $1 user_id uuid, $2 token text, $3 platform text
WITH registered AS (
	INSERT INTO user_fcm_tokens AS t (token, user_id, device_type)
	VALUES ($2, $1, COALESCE($3, 'android'))
	ON CONFLICT (token) DO UPDATE
		SET user_id = EXCLUDED.user_id, device_type = EXCLUDED.device_type, last_updated = now()
)
DELETE FROM user_fcm_tokens t
 WHERE t.token IN (SELECT o.token FROM user_fcm_tokens o
		    WHERE o.user_id = $1 AND o.token <> $2
		    ORDER BY o.last_updated DESC
		   OFFSET 19)

-- name: device_remove     $1 user_id uuid, $2 token text
DELETE FROM user_fcm_tokens WHERE token = $2 AND user_id = $1

-- name: devices_remove     $1 user_id uuid
DELETE FROM user_fcm_tokens WHERE user_id = $1
