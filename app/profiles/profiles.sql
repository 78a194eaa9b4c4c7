-- name: profile_get     $1 id uuid, $2 viewer uuid
SELECT c.* FROM profile_cards($2) c WHERE c."profile.id" = $1;

-- name: profile_get_by_handle     $1 handle text, $2 viewer uuid
SELECT c.* FROM profile_cards($2) c WHERE lower(c."profile.handle") = lower($1);

-- Absent (NULL) leaves a member as it is, an empty text clears it. Going public accepts everybody who
-- waits; a CTE, because what UPDATE computes it may compute again. No row: the handle is reserved.
-- name: profile_update     $1 me uuid, $2 handle text, $3 display_name text, $4 bio text, $5 avatar_url text,
--	$6 cover_url text, $7 location text, $8 website text, $9 interests texts, $10 is_private bool,
--	$11 status_text text, $12 metadata_fields json, $13 beacon_enabled bool
WITH opened AS MATERIALIZED (
	SELECT accept_waiting($1) AS n
	 WHERE $10 = false AND NOT EXISTS (SELECT FROM reserved_usernames WHERE username = lower($2))
)
UPDATE profiles
   SET handle = COALESCE($2, handle),
       display_name = COALESCE($3, display_name),
       bio = CASE WHEN $4 IS NULL THEN bio ELSE NULLIF($4, '') END,
       avatar_url = CASE WHEN $5 IS NULL THEN avatar_url ELSE NULLIF($5, '') END,
       cover_url = CASE WHEN $6 IS NULL THEN cover_url ELSE NULLIF($6, '') END,
       location = CASE WHEN $7 IS NULL THEN location ELSE NULLIF($7, '') END,
       website = CASE WHEN $8 IS NULL THEN website ELSE NULLIF($8, '') END,
       interests = COALESCE($9, interests),
       is_private = COALESCE($10, is_private),
       status_text = CASE WHEN $11 IS NULL THEN status_text ELSE NULLIF($11, '') END,
       status_updated_at = CASE WHEN $11 IS NULL THEN status_updated_at ELSE now() END,
       metadata_fields = COALESCE($12, metadata_fields),
       beacon_enabled = COALESCE($13, beacon_enabled),
       followers_count = followers_count + COALESCE((SELECT n FROM opened), 0),
       updated_at = now()
 WHERE id = $1
   AND NOT EXISTS (SELECT FROM reserved_usernames WHERE username = lower($2))
RETURNING id;

-- name: trust_get     $1 me uuid
SELECT user_id, harmony_score, tier,
       CASE WHEN posts_day = (now() AT TIME ZONE 'UTC')::date THEN posts_today ELSE 0 END AS posts_today,
       last_post_at, last_harmony_calc_at, updated_at
  FROM trust_state WHERE user_id = $1;
