-- The objects of the old project's storage: what is known of them, and how far their bytes have come. The bytes are
-- in the store under keys of ours, so no name of theirs can be one that a disk does not take.
SET search_path = sojorn, public, extensions;

CREATE TABLE storage_buckets (
	id                  text PRIMARY KEY,
	name                text NOT NULL UNIQUE,
	public              boolean NOT NULL DEFAULT false,
	file_size_limit     bigint,
	allowed_mime_types  text[],
	owner_id            text,
	created_at          timestamptz NOT NULL DEFAULT now(),
	updated_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE storage_objects (
	id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	bucket_id         text NOT NULL REFERENCES storage_buckets,
	name              text COLLATE "C" NOT NULL,
	owner_id          text,
	version           text,
	size              bigint,
	mime              text,
	etag              text,
	metadata          jsonb NOT NULL DEFAULT '{}',
	user_metadata     jsonb NOT NULL DEFAULT '{}',
	state             text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'stored', 'missing', 'different')),
	problem           text NOT NULL DEFAULT '',
	created_at        timestamptz NOT NULL DEFAULT now(),
	updated_at        timestamptz NOT NULL DEFAULT now(),
	last_accessed_at  timestamptz,
	UNIQUE (bucket_id, name)
);
COMMENT ON COLUMN storage_objects.owner_id IS 'whoever that was: no reference, and not always a uuid';
COMMENT ON COLUMN storage_objects.etag IS 'MD5 in hexadecimal; with "-N" behind it that of N parts, which tells nothing about the whole';
COMMENT ON COLUMN storage_objects.state IS 'stored: its bytes are in the store under storage_key(id)';
CREATE INDEX storage_objects_left ON storage_objects (id) WHERE state <> 'stored';

CREATE FUNCTION storage_key(id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
	'storage/' || left(id::text, 2) || '/' || id::text;

CREATE FUNCTION supabase_move.shape_storage() RETURNS void LANGUAGE plpgsql
	SET search_path = sojorn, public, extensions AS $$
BEGIN
	PERFORM supabase_move.shape('old_buckets', 'storage.buckets', ARRAY['id text', 'name text', 'public boolean',
		'file_size_limit bigint', 'allowed_mime_types text[]', 'owner text', 'owner_id text',
		'created_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('old_objects', 'storage.objects', ARRAY['id uuid', 'bucket_id text', 'name text',
		'owner text', 'owner_id text', 'version text', 'metadata jsonb', 'user_metadata jsonb',
		'created_at timestamptz', 'updated_at timestamptz', 'last_accessed_at timestamptz']);
END $$;

INSERT INTO supabase_move.captures VALUES ('changed', 'storage', 'objects', 'object', 'id', NULL, NULL),
	('changed', 'storage', 'buckets', 'bucket', NULL, NULL, 'id');

SELECT supabase_move.shape_storage();
