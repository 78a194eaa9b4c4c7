-- Public keys and bundles. Locks: the identity, prekeys, then as in migrations/000027_chat.

-- The owner sees what others would get, and uses up nothing.
-- name: keys_bundle     $1 me uuid, $2 owner uuid, $3 peek bool [write]
SELECT b.may, b.low, b.registration_id, 1 AS "identity_key.key_id",
       CASE octet_length(b.identity_key)
	    WHEN 64 THEN encode(substr(b.identity_key, 1, 32), 'base64') || ':'
			|| encode(substr(b.identity_key, 33), 'base64')
	    ELSE encode(b.identity_key, 'base64') END AS "identity_key.public_key",
       b.signed_id AS "signed_prekey.key_id", b.signed_key AS "signed_prekey.public_key",
       b.signed_signature AS "signed_prekey.signature",
       b.once_id AS "one_time_prekey.key_id", b.once_key AS "one_time_prekey.public_key",
       b.kyber_id AS "kyber_prekey.key_id", b.kyber_key AS "kyber_prekey.public_key",
       b.kyber_signature AS "kyber_prekey.signature",
       CASE WHEN $1 = $2 THEN b.once_left END AS "left.one_time_prekeys",
       CASE WHEN $1 = $2 THEN b.kyber_left END AS "left.kyber_prekeys"
  FROM serve_bundle($1, $2, $3) b;

-- ---- publishing: these in one transaction ----

-- Changed: there was another one before.
-- name: keys_identity     $1 me uuid, $2 identity bytes, $3 registration_id int
INSERT INTO e2ee_identities AS i (user_id, identity_key, registration_id) VALUES ($1, $2, $3)
    ON CONFLICT (user_id) DO UPDATE
	SET changed_at = CASE WHEN i.identity_key = excluded.identity_key THEN i.changed_at ELSE now() END,
	    identity_key = excluded.identity_key, registration_id = excluded.registration_id, updated_at = now()
RETURNING i.xmax <> 0 AND i.changed_at = now() AS changed;

-- name: keys_forget     $1 me uuid
WITH a AS (
	DELETE FROM signed_prekeys WHERE user_id = $1
), b AS (
	DELETE FROM one_time_prekeys WHERE user_id = $1
)
DELETE FROM kyber_prekeys WHERE user_id = $1;

-- name: keys_signed     $1 me uuid, $2 key_id int, $3 public_key bytes, $4 signature bytes
INSERT INTO signed_prekeys (user_id, key_id, public_key, signature) VALUES ($1, $2, $3, $4)
    ON CONFLICT (user_id, key_id) DO UPDATE
	SET public_key = excluded.public_key, signature = excluded.signature, created_at = now();

-- The bytes of all keys come one behind the other, $4 of each.
-- name: keys_one_time     $1 me uuid, $2 key_ids ints, $3 public_keys bytes, $4 size int
INSERT INTO one_time_prekeys AS k (user_id, key_id, public_key)
SELECT $1, n.key_id, substr($3, (n.at::integer - 1) * $4 + 1, $4)
  FROM unnest($2) WITH ORDINALITY AS n (key_id, at)
    ON CONFLICT (user_id, key_id) DO UPDATE
	SET public_key = excluded.public_key, created_at = now(), used_at = NULL
	WHERE k.public_key <> excluded.public_key;

-- name: keys_kyber     $1 me uuid, $2 key_ids ints, $3 public_keys bytes, $4 signatures bytes, $5 last_resort bool
INSERT INTO kyber_prekeys AS k (user_id, key_id, public_key, signature, last_resort)
SELECT $1, n.key_id, substr($3, (n.at::integer - 1) * 1569 + 1, 1569),
       substr($4, (n.at::integer - 1) * 64 + 1, 64), $5
  FROM unnest($2) WITH ORDINALITY AS n (key_id, at)
    ON CONFLICT (user_id, key_id) DO UPDATE
	SET public_key = excluded.public_key, signature = excluded.signature, created_at = now(), used_at = NULL,
	    last_resort = excluded.last_resort
	WHERE k.public_key <> excluded.public_key OR k.last_resort AND excluded.last_resort;

-- Of unused one-time keys the newest 200 of a kind stay, used ones for 90 days, signed keys for 30 days from
-- when newer ones took their place. What was said of too few is over.
-- name: keys_settle     $1 me uuid
WITH a AS (
	DELETE FROM one_time_prekeys k
	 WHERE k.user_id = $1
	   AND (k.used_at < now() - interval '90 days'
		OR k.key_id IN (SELECT o.key_id FROM one_time_prekeys o WHERE o.user_id = $1 AND o.used_at IS NULL
				 ORDER BY o.created_at DESC, o.key_id DESC OFFSET 200))
), b AS (
	DELETE FROM kyber_prekeys k
	 WHERE k.user_id = $1
	   AND (k.used_at < now() - interval '90 days'
		OR k.last_resort AND EXISTS (SELECT FROM kyber_prekeys n WHERE n.user_id = $1 AND n.last_resort
				AND n.created_at > k.created_at AND n.created_at < now() - interval '30 days')
		OR k.key_id IN (SELECT o.key_id FROM kyber_prekeys o
				 WHERE o.user_id = $1 AND o.used_at IS NULL AND NOT o.last_resort
				 ORDER BY o.created_at DESC, o.key_id DESC OFFSET 200))
), c AS (
	DELETE FROM signed_prekeys k
	 WHERE k.user_id = $1
	   AND EXISTS (SELECT FROM signed_prekeys n WHERE n.user_id = $1
			  AND n.created_at > k.created_at AND n.created_at < now() - interval '30 days')
)
DELETE FROM notifications WHERE user_id = $1 AND type = 'keys_low';

-- Those the user talks with learn that he has another identity; behind the locks of all else.
-- name: keys_tell     $1 me uuid [write]
SELECT emit_all(ARRAY(SELECT c.peer FROM my_conversations($1) c), 'identity_changed',
		jsonb_build_object('user_id', $1)) AS n;

-- name: keys_withdraw     $1 me uuid
WITH gone AS (
	DELETE FROM e2ee_identities WHERE user_id = $1 RETURNING user_id
)
SELECT emit_all(ARRAY(SELECT c.peer FROM my_conversations($1) c), 'identity_changed',
		jsonb_build_object('user_id', user_id))
  FROM gone;
