-- Objects of the old platform's storage. Their bytes are in the store under storage_key(id).

-- No row: there is no such bucket.
-- name: storage_find     $1 bucket text, $2 name text
SELECT b.public AS is_public, o.id, storage_key(o.id) AS key, o.owner_id, o.size, o.mime, o.etag,
       COALESCE(o.metadata ->> 'cacheControl', 'no-cache') AS cache, o.metadata, o.state = 'stored' AS is_stored,
       o.created_at, o.updated_at, o.last_accessed_at, b.file_size_limit AS size_limit, b.allowed_mime_types AS mimes
  FROM storage_buckets b LEFT JOIN storage_objects o ON o.bucket_id = b.id AND o.name = $2
 WHERE b.id = $1;

-- No row: somebody has put one there meanwhile.
-- name: storage_add     $1 id uuid, $2 bucket text, $3 name text, $4 owner text, $5 size bigint, $6 mime text,
--	$7 etag text, $8 metadata json
INSERT INTO storage_objects (id, bucket_id, name, owner_id, size, mime, etag, metadata, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'stored')
ON CONFLICT (bucket_id, name) DO NOTHING RETURNING id;

-- name: storage_replace     $1 id uuid, $2 size bigint, $3 mime text, $4 etag text, $5 metadata json
UPDATE storage_objects
   SET size = $2, mime = $3, etag = $4, metadata = $5, state = 'stored', problem = '', updated_at = now()
 WHERE id = $1;

-- Those that are the owner's; NULL: whoever's they are.
-- name: storage_remove     $1 bucket text, $2 names texts, $3 owner text
DELETE FROM storage_objects
 WHERE bucket_id = $1 AND name = ANY ($2) AND ($3 IS NULL OR owner_id = $3)
RETURNING id, name, storage_key(id) AS key, metadata, created_at, updated_at, last_accessed_at;

-- One level below a prefix: files, and folders without an id. Of a bucket that is not public only the owner's.
-- name: storage_list     $1 bucket text, $2 prefix text, $3 search text, $4 owner text, $5 limit int, $6 offset int,
--	$7 descending bool [slow]
WITH below AS (
	SELECT split_part(substr(o.name, char_length($2) + 1), '/', 1) COLLATE "C" AS entry,
	       strpos(substr(o.name, char_length($2) + 1), '/') > 0 AS is_folder, o.*
	  FROM storage_objects o JOIN storage_buckets b ON b.id = o.bucket_id
	 WHERE o.bucket_id = $1 AND o.name >= $2 AND o.name < $2 || U&'\+10FFFF'
	   AND ($4 IS NULL OR b.public OR o.owner_id = $4)
), entries AS (
	SELECT DISTINCT ON (entry, is_folder) * FROM below
	 WHERE entry <> '' AND strpos(lower(entry), lower(COALESCE($3, ''))) > 0 OR (entry <> '' AND $3 IS NULL)
	 ORDER BY entry, is_folder
)
SELECT entry AS name, CASE WHEN NOT is_folder THEN id END AS id,
       CASE WHEN NOT is_folder THEN updated_at END AS updated_at, CASE WHEN NOT is_folder THEN created_at END AS created_at,
       CASE WHEN NOT is_folder THEN last_accessed_at END AS last_accessed_at, CASE WHEN NOT is_folder THEN metadata END AS metadata
  FROM entries
 ORDER BY CASE WHEN NOT COALESCE($7, false) THEN entry END, CASE WHEN $7 THEN entry END DESC, is_folder
 LIMIT $5 OFFSET $6;
