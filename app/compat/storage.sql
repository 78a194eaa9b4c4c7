-- Objects of the old platform's storage. Their bytes are in the store under storage_key(id).

-- No row: there is no such bucket.
-- name: storage_find     $1 bucket text, $2 name text
SELECT b.public AS is_public, o.id, storage_key(o.id) AS key, o.owner_id, o.size, o.mime, o.etag,
       COALESCE(o.metadata ->> 'cacheControl', 'no-cache') AS cache, o.metadata, o.user_metadata, o.state = 'stored' AS is_stored,
       o.created_at, o.updated_at, o.last_accessed_at, b.file_size_limit AS size_limit, b.allowed_mime_types AS mimes
  FROM storage_buckets b LEFT JOIN storage_objects o ON o.bucket_id = b.id AND o.name = $2
 WHERE b.id = $1;

-- No row: somebody has put one there meanwhile.
-- name: storage_add     $1 id uuid, $2 bucket text, $3 name text, $4 owner text, $5 size bigint, $6 mime text,
--	$7 etag text, $8 metadata json, $9 user_metadata json
INSERT INTO storage_objects (id, bucket_id, name, owner_id, size, mime, etag, metadata, user_metadata, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, COALESCE($9, '{}'), 'stored')
ON CONFLICT (bucket_id, name) DO NOTHING RETURNING id;

-- name: storage_replace     $1 id uuid, $2 size bigint, $3 mime text, $4 etag text, $5 metadata json,
--	$6 user_metadata json
UPDATE storage_objects
   SET size = $2, mime = $3, etag = $4, metadata = $5, user_metadata = COALESCE($6, user_metadata), state = 'stored', problem = '', updated_at = now()
 WHERE id = $1;

-- Those that are the owner's; NULL: whoever's they are.
-- name: storage_remove     $1 bucket text, $2 names texts, $3 owner text
DELETE FROM storage_objects
 WHERE bucket_id = $1 AND name = ANY ($2) AND ($3 IS NULL OR owner_id = $3)
RETURNING id, name, storage_key(id) AS key, metadata, created_at, updated_at, last_accessed_at;

-- One level below a prefix: files, and folders without an id. Of a bucket that is not public only the owner's.
-- name: storage_list     $1 bucket text, $2 prefix text, $3 search text, $4 owner text, $5 limit int, $6 offset int,
--	$7 column text, $8 descending bool [slow]
WITH below AS (
	SELECT split_part(substr(o.name, char_length($2) + 1), '/', 1) COLLATE "C" AS entry,
	       strpos(substr(o.name, char_length($2) + 1), '/') > 0 AS is_folder, o.*
	  FROM storage_objects o JOIN storage_buckets b ON b.id = o.bucket_id
	 WHERE o.bucket_id = $1 AND o.name >= $2 AND o.name < $2 || U&'\+10FFFF'
	   AND ($4 IS NULL OR b.public OR o.owner_id = $4)
), entries AS (
	SELECT DISTINCT ON (entry, is_folder) *, CASE WHEN NOT is_folder THEN CASE $7 WHEN 'created_at' THEN created_at
			WHEN 'updated_at' THEN updated_at WHEN 'last_accessed_at' THEN last_accessed_at END END AS moment
	  FROM below
	 WHERE entry <> '' AND strpos(lower(entry), lower(COALESCE($3, ''))) > 0 OR (entry <> '' AND $3 IS NULL)
	 ORDER BY entry, is_folder
)
SELECT entry AS name, CASE WHEN NOT is_folder THEN id END AS id,
       CASE WHEN NOT is_folder THEN updated_at END AS updated_at, CASE WHEN NOT is_folder THEN created_at END AS created_at,
       CASE WHEN NOT is_folder THEN last_accessed_at END AS last_accessed_at, CASE WHEN NOT is_folder THEN metadata END AS metadata
  FROM entries
 ORDER BY CASE WHEN NOT COALESCE($8, false) THEN moment END NULLS FIRST, CASE WHEN $8 THEN moment END DESC NULLS LAST,
	CASE WHEN NOT COALESCE($8, false) THEN entry END, CASE WHEN $8 THEN entry END DESC, is_folder
 LIMIT $5 OFFSET $6;

-- The bytes stay where they are, under the id.
-- name: storage_move     $1 id uuid, $2 bucket text, $3 name text
UPDATE storage_objects SET bucket_id = $2, name = $3, updated_at = now() WHERE id = $1;

-- ---- buckets ----

-- name: storage_buckets     $1 search text, $2 limit int, $3 offset int
SELECT id, name, owner_id AS owner, public, file_size_limit, allowed_mime_types, created_at, updated_at
  FROM storage_buckets
 WHERE $1 IS NULL OR strpos(lower(name), lower($1)) > 0
 ORDER BY id LIMIT $2 OFFSET $3;

-- name: storage_bucket     $1 bucket text
SELECT id, name, owner_id AS owner, public, file_size_limit, allowed_mime_types, created_at, updated_at
  FROM storage_buckets WHERE id = $1;

-- No row: there is one of that name.
-- name: storage_bucket_add     $1 id text, $2 name text, $3 public bool, $4 size_limit bigint, $5 mimes texts
INSERT INTO storage_buckets (id, name, public, file_size_limit, allowed_mime_types)
VALUES ($1, $2, $3, NULLIF($4, 0), $5) ON CONFLICT DO NOTHING RETURNING id;

-- What was not said stays.
-- name: storage_bucket_set     $1 id text, $2 has_public bool, $3 public bool, $4 has_limit bool, $5 size_limit bigint,
--	$6 has_mimes bool, $7 mimes texts
UPDATE storage_buckets
   SET public = CASE WHEN $2 THEN $3 ELSE public END,
       file_size_limit = CASE WHEN $4 THEN NULLIF($5, 0) ELSE file_size_limit END,
       allowed_mime_types = CASE WHEN $6 THEN $7 ELSE allowed_mime_types END, updated_at = now()
 WHERE id = $1;

-- No row: it has objects.
-- name: storage_bucket_remove     $1 id text
DELETE FROM storage_buckets b
 WHERE b.id = $1 AND NOT EXISTS (SELECT FROM storage_objects o WHERE o.bucket_id = b.id) RETURNING b.id;

-- name: storage_bucket_empty     $1 id text [slow]
WITH gone AS (
	DELETE FROM storage_objects WHERE bucket_id = $1 RETURNING id
)
INSERT INTO outbox (kind, payload) SELECT 'object_delete', jsonb_build_object('key', storage_key(id)) FROM gone;
