-- Public keys for end-to-end encryption: domain-rules §14. Two shapes are served, told apart by the length of
-- the identity: the existing client's (64 bytes: Ed25519 to sign, X25519 to agree; 32: the first alone) and
-- Signal's (33: the type 5 and X25519, which signs by XEdDSA). Prekeys are of the same shape.
SET search_path = sojorn, public, extensions;

CREATE TABLE e2ee_identities (
	user_id          uuid PRIMARY KEY REFERENCES profiles ON DELETE CASCADE,
	identity_key     bytea NOT NULL CHECK (octet_length(identity_key) IN (32, 33, 64)),
	registration_id  integer NOT NULL DEFAULT 1 CHECK (registration_id > 0),
	changed_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN e2ee_identities.changed_at IS 'since when the identity is this one';

CREATE TABLE signed_prekeys (
	user_id     uuid NOT NULL REFERENCES e2ee_identities ON DELETE CASCADE,
	key_id      integer NOT NULL CHECK (key_id >= 0),
	public_key  bytea NOT NULL CHECK (octet_length(public_key) IN (32, 33)),
	signature   bytea NOT NULL CHECK (octet_length(signature) = 64),
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, key_id)
);

-- A key that was handed out stays, so that a client which uploads all of its keys again cannot bring it back.
CREATE TABLE one_time_prekeys (
	user_id     uuid NOT NULL REFERENCES e2ee_identities ON DELETE CASCADE,
	key_id      integer NOT NULL CHECK (key_id >= 0),
	public_key  bytea NOT NULL CHECK (octet_length(public_key) IN (32, 33)),
	created_at  timestamptz NOT NULL DEFAULT now(),
	used_at     timestamptz,
	PRIMARY KEY (user_id, key_id)
) WITH (fillfactor = 80);
CREATE INDEX one_time_prekeys_next ON one_time_prekeys (user_id, created_at, key_id) WHERE used_at IS NULL;

-- ML-KEM-1024, once called Kyber, as libsignal writes it: a byte of type, then the key. The last resort is
-- handed out when no other is left, again and again.
CREATE TABLE kyber_prekeys (
	user_id      uuid NOT NULL REFERENCES e2ee_identities ON DELETE CASCADE,
	key_id       integer NOT NULL CHECK (key_id >= 0),
	public_key   bytea NOT NULL CHECK (octet_length(public_key) = 1569),
	signature    bytea NOT NULL CHECK (octet_length(signature) = 64),
	last_resort  boolean NOT NULL DEFAULT false,
	created_at   timestamptz NOT NULL DEFAULT now(),
	used_at      timestamptz CHECK (used_at IS NULL OR NOT last_resort),
	PRIMARY KEY (user_id, key_id)
) WITH (fillfactor = 80);
CREATE INDEX kyber_prekeys_next ON kyber_prekeys (user_id, created_at, key_id) WHERE used_at IS NULL AND NOT last_resort;
CREATE INDEX kyber_prekeys_last ON kyber_prekeys (user_id, created_at DESC, key_id DESC) WHERE last_resort;

-- Tells somebody that his one-time keys run out: as an event, and once until he refills or archives it as a
-- notification. Nobody has done it, so notify(), which is about what people do to each other, does not fit.
CREATE FUNCTION notify_keys_low(owner uuid, left_over integer) RETURNS void LANGUAGE sql VOLATILE AS $$
	WITH told AS (
		INSERT INTO sojorn.notifications (user_id, type, priority, group_key, metadata)
		VALUES (owner, 'keys_low', 'high', 'keys_low', '{"post_type": "standard"}')
		    ON CONFLICT DO NOTHING
		RETURNING id
	), queued AS (
		INSERT INTO sojorn.outbox (kind, payload, user_id, dedup_key)
		SELECT 'push', jsonb_build_object('notification_id', told.id), owner, told.id::text FROM told
		    ON CONFLICT (kind, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
	)
	SELECT sojorn.emit(owner, 'keys_low', jsonb_build_object('left', left_over)) FROM told
$$;
