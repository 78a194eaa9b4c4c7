-- What clients encrypt with a passphrase and leave here, and the devices of an account: domain-rules §15.
-- The server has no key to any of it and never sees a passphrase.
SET search_path = sojorn, public, extensions;

-- The keys of an account, one a kind of lock. base64 as the client sent it.
CREATE TABLE key_vaults (
	user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	backup_type  text NOT NULL CHECK (backup_type IN ('passphrase', 'recovery_key')),
	salt         text NOT NULL,
	iv           text NOT NULL,
	payload      text NOT NULL,
	pub          text NOT NULL,
	version      integer NOT NULL DEFAULT 1 CHECK (version > 0),
	created_at   timestamptz NOT NULL DEFAULT now(),
	updated_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, backup_type)
);
COMMENT ON COLUMN key_vaults.version IS 'rises by one with each store';

CREATE TABLE cloud_backups (
	id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	encrypted_blob  bytea NOT NULL CHECK (octet_length(encrypted_blob) <= 10485760),
	salt            bytea NOT NULL,
	nonce           bytea NOT NULL,
	mac             bytea NOT NULL,
	version         integer NOT NULL DEFAULT 1,
	device_name     text NOT NULL DEFAULT '',
	size_bytes      integer GENERATED ALWAYS AS (octet_length(encrypted_blob)) STORED,
	created_at      timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE cloud_backups ALTER encrypted_blob SET STORAGE EXTERNAL;
CREATE INDEX cloud_backups_list ON cloud_backups (user_id, created_at DESC, id DESC);

CREATE TABLE backup_preferences (
	user_id                 uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	cloud_backup_enabled    boolean NOT NULL DEFAULT false,
	auto_backup_enabled     boolean NOT NULL DEFAULT false,
	backup_frequency_hours  integer NOT NULL DEFAULT 24 CHECK (backup_frequency_hours BETWEEN 1 AND 8760),
	created_at              timestamptz NOT NULL DEFAULT now(),
	updated_at              timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE user_devices (
	id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id             uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	device_fingerprint  text NOT NULL CHECK (char_length(device_fingerprint) BETWEEN 1 AND 200),
	device_name         text NOT NULL DEFAULT '',
	device_type         text NOT NULL DEFAULT 'android' CHECK (device_type IN ('android', 'ios', 'web', 'desktop')),
	last_seen_at        timestamptz DEFAULT now(),
	is_active           boolean NOT NULL DEFAULT true,
	created_at          timestamptz NOT NULL DEFAULT now(),
	UNIQUE (user_id, device_fingerprint)
);
