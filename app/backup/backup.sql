-- ---- the vault of keys ----

-- name: vault_status     $1 me uuid
SELECT EXISTS (SELECT FROM key_vaults WHERE user_id = $1) AS has_backup;

-- No row: it has another version than the caller thinks. 0: there is none yet.
-- name: vault_put     $1 me uuid, $2 type text, $3 salt text, $4 iv text, $5 payload text, $6 pub text, $7 expected int
INSERT INTO key_vaults AS v (user_id, backup_type, salt, iv, payload, pub)
SELECT $1, $2, $3, $4, $5, $6
 WHERE $7::integer IS NULL OR $7 = COALESCE((SELECT o.version FROM key_vaults o WHERE o.user_id = $1 AND o.backup_type = $2), 0)
    ON CONFLICT (user_id, backup_type) DO UPDATE
	SET salt = excluded.salt, iv = excluded.iv, payload = excluded.payload, pub = excluded.pub,
	    version = v.version + 1, updated_at = now()
	WHERE $7::integer IS NULL OR v.version = $7
RETURNING version;

-- name: vault_get     $1 me uuid, $2 type text
SELECT salt, iv, payload, pub, backup_type, version, updated_at
  FROM key_vaults WHERE user_id = $1 AND ($2::text IS NULL OR backup_type = $2)
 ORDER BY backup_type
 LIMIT 1;

-- name: vault_delete     $1 me uuid
DELETE FROM key_vaults WHERE user_id = $1;

-- ---- backups of everything else ----

-- Of several uploads at once each counts the others: the first takes the account until its commit.
-- name: backup_lock     $1 me uuid
SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE;

-- name: backup_insert     $1 me uuid, $2 blob bytes, $3 salt bytes, $4 nonce bytes, $5 mac bytes, $6 version int,
--	$7 device_name text
INSERT INTO cloud_backups (user_id, encrypted_blob, salt, nonce, mac, version, device_name, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
RETURNING id AS backup_id, created_at AS uploaded_at, size_bytes AS size;

-- The three newest stay.
-- name: backup_prune     $1 me uuid
DELETE FROM cloud_backups b
 USING (SELECT o.id FROM cloud_backups o WHERE o.user_id = $1 ORDER BY o.created_at DESC, o.id DESC OFFSET 3) old
 WHERE b.id = old.id;

-- The newest, when no id is given.
-- name: backup_get     $1 me uuid, $2 id uuid [slow]
SELECT encrypted_blob, salt, nonce, mac, version, device_name, created_at
  FROM cloud_backups WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2)
 ORDER BY created_at DESC, id DESC
 LIMIT 1;

-- name: backup_list     $1 me uuid
SELECT id, user_id, version, device_name, size_bytes, created_at
  FROM cloud_backups WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100;

-- name: backup_delete     $1 me uuid, $2 id uuid
DELETE FROM cloud_backups WHERE user_id = $1 AND id = $2;

-- name: backup_preferences_get     $1 me uuid
SELECT COALESCE(p.cloud_backup_enabled, false) AS cloud_backup_enabled,
       COALESCE(p.auto_backup_enabled, false) AS auto_backup_enabled,
       COALESCE(p.backup_frequency_hours, 24) AS backup_frequency_hours,
       (SELECT max(b.created_at) FROM cloud_backups b WHERE b.user_id = $1) AS last_backup_at
  FROM (SELECT $1 AS user_id) me LEFT JOIN backup_preferences p ON p.user_id = me.user_id;

-- name: backup_preferences_put     $1 me uuid, $2 cloud bool, $3 auto bool, $4 hours int
INSERT INTO backup_preferences AS p (user_id, cloud_backup_enabled, auto_backup_enabled, backup_frequency_hours)
VALUES ($1, COALESCE($2, false), COALESCE($3, false), COALESCE($4, 24))
    ON CONFLICT (user_id) DO UPDATE
	SET cloud_backup_enabled = COALESCE($2, p.cloud_backup_enabled),
	    auto_backup_enabled = COALESCE($3, p.auto_backup_enabled),
	    backup_frequency_hours = COALESCE($4, p.backup_frequency_hours), updated_at = now();

-- ---- devices ----

-- name: devices_list     $1 me uuid
SELECT id, user_id, device_fingerprint, device_name, device_type, last_seen_at, is_active, created_at
  FROM user_devices WHERE user_id = $1
 ORDER BY last_seen_at DESC NULLS LAST, id
 LIMIT 100;

-- The twenty last seen stay.
-- name: device_put     $1 me uuid, $2 fingerprint text, $3 name text, $4 type text
WITH put AS (
	INSERT INTO user_devices AS d (user_id, device_fingerprint, device_name, device_type)
	VALUES ($1, $2, $3, $4)
	    ON CONFLICT (user_id, device_fingerprint) DO UPDATE
		SET device_name = excluded.device_name, device_type = excluded.device_type, last_seen_at = now(),
		    is_active = true
	RETURNING *
), pruned AS (
	DELETE FROM user_devices d
	 USING (SELECT o.id FROM user_devices o WHERE o.user_id = $1 AND o.device_fingerprint <> $2
		 ORDER BY o.last_seen_at DESC NULLS LAST, o.id OFFSET 19) old
	 WHERE d.id = old.id
)
SELECT id, user_id, device_fingerprint, device_name, device_type, last_seen_at, is_active, created_at FROM put;

-- The device itself learns of it, too, and can forget what it has.
-- name: device_drop     $1 me uuid, $2 id uuid
WITH gone AS (
	DELETE FROM user_devices WHERE user_id = $1 AND id = $2 RETURNING id, device_fingerprint
)
SELECT emit($1, 'device_removed', jsonb_build_object('device_id', id, 'device_fingerprint', device_fingerprint))
  FROM gone;
