-- Uploaded media; migrations/*_media says when an object counts as used.

-- The row comes before the file: what a crash or a full store leaves between the two is a row that nothing uses,
-- which the sweep finds. An object that is being deleted is left alone.
-- name: media_add     $1 key text, $2 bucket text, $3 owner uuid, $4 mime text, $5 size bigint, $6 width int,
--	$7 height int, $8 sha256 bytes, $9 thumbnail text
INSERT INTO media_objects (key, bucket, owner_id, mime, size, width, height, sha256, thumbnail_key)
VALUES ($1, $2, $3, $4, $5, NULLIF($6, 0), NULLIF($7, 0), $8, $9)
    ON CONFLICT (key) DO UPDATE
   SET unused_since = CASE WHEN media_objects.unused_since IS NULL THEN NULL ELSE now() END
 WHERE NOT media_objects.deleting
RETURNING key;

-- Deleting is a job of its own for each, so that a store that fails holds up nothing else.
-- name: media_mark     [slow]
WITH due AS (
	SELECT o.key FROM media_objects o
	 WHERE o.unused_since < now() - interval '24 hours' AND NOT o.deleting
	   AND NOT EXISTS (SELECT FROM media_uses u WHERE u.stem = o.stem)
	 ORDER BY o.unused_since
	 LIMIT 500
	   FOR UPDATE SKIP LOCKED
), marked AS (
	UPDATE media_objects o SET deleting = true FROM due WHERE o.key = due.key RETURNING o.key
)
INSERT INTO outbox (kind, payload, dedup_key)
SELECT 'media_delete', jsonb_build_object('key', marked.key), marked.key FROM marked
    ON CONFLICT DO NOTHING;

-- name: media_marked     $1 key text
SELECT thumbnail_key FROM media_objects WHERE key = $1 AND deleting;

-- name: media_forget     $1 key text
DELETE FROM media_objects WHERE key = $1 AND deleting;

-- name: media_want_frame     $1 key text
INSERT INTO outbox (kind, payload, dedup_key) VALUES ('media_frame', jsonb_build_object('key', $1), $1)
    ON CONFLICT DO NOTHING;

-- Posts that were written before the frame was there get it now; later ones by a trigger. It lies beside the
-- film, so its address differs in the ending alone.
-- name: media_framed     $1 key text, $2 frame text
WITH film AS (
	UPDATE media_objects SET thumbnail_key = $2 WHERE key = $1 AND NOT deleting RETURNING stem
)
UPDATE posts p
   SET first_frame_url = regexp_replace(p.video_url, '\.[^./]*$', '.thumb.jpg')
  FROM film JOIN media_uses u ON u.stem = film.stem
 WHERE p.id = u.used_by AND p.first_frame_url IS NULL AND media_stem_of_url(p.video_url) = film.stem;
