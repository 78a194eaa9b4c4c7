-- Objects of the old storage: which bytes are still to come, and what became of them.

-- Some of those left, in the order of their ids; name is for people, path for requests.
-- name: move_objects_left     $1 after uuid, $2 most int
SELECT id::text, bucket_id, name, version, size::text, CASE WHEN etag ~ '^[0-9a-f]{32}$' THEN etag END AS md5,
       COALESCE(mime, 'application/octet-stream') AS mime, storage_key(id) AS key, state
  FROM storage_objects
 WHERE state <> 'stored' AND ($1::uuid IS NULL OR id > $1)
 ORDER BY id LIMIT $2

-- All of them, in the same columns.
-- name: move_objects_all     $1 after uuid, $2 most int
SELECT id::text, bucket_id, name, version, size::text, CASE WHEN etag ~ '^[0-9a-f]{32}$' THEN etag END AS md5,
       COALESCE(mime, 'application/octet-stream') AS mime, storage_key(id) AS key, state
  FROM storage_objects
 WHERE $1::uuid IS NULL OR id > $1
 ORDER BY id LIMIT $2

-- name: move_object_done     $1 id uuid, $2 state text, $3 problem text, $4 size bigint
UPDATE storage_objects SET state = $2, problem = $3, size = CASE WHEN $2 = 'stored' THEN $4 ELSE size END WHERE id = $1

-- name: move_objects_buckets
SELECT id FROM storage_buckets ORDER BY id

-- name: move_objects_count
SELECT state, count(*)::text, COALESCE(sum(size), 0)::text FROM storage_objects GROUP BY state ORDER BY state

-- One of the three lists.
-- name: move_objects_list     $1 state text
SELECT bucket_id || '/' || name, problem FROM storage_objects WHERE state = $1 ORDER BY bucket_id, name

-- Of these files below a folder, those that no object is about.
-- name: move_objects_extra     $1 paths json
SELECT p.path FROM jsonb_array_elements_text($1) AS p (path)
 WHERE NOT EXISTS (SELECT FROM storage_objects o WHERE o.bucket_id || '/' || o.name = p.path)
   AND NOT EXISTS (SELECT FROM storage_objects o WHERE o.bucket_id || '/' || o.name || '/' || o.version = p.path)
 ORDER BY p.path
