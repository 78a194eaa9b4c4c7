-- name: categories_list
SELECT id, name, slug, COALESCE(description, '') AS description, COALESCE(icon_url, '') AS emoji,
       default_off, is_sensitive, official_account_id, created_at
  FROM categories
 WHERE is_active
 ORDER BY default_off, name
 LIMIT 200;

-- Every category with its effective state, so that a client need not know the defaults.
-- name: category_settings_list     $1 me uuid
SELECT c.id AS category_id, COALESCE(s.enabled, NOT c.default_off) AS enabled
  FROM categories c
  LEFT JOIN user_category_settings s ON s.user_id = $1 AND s.category_id = c.id
 WHERE c.is_active
 ORDER BY c.default_off, c.name
 LIMIT 200;

-- Enabling a category follows its official account, if it has one, as if by hand but without a word.
-- Ids of no category are not stored; the number of those that are comes back.
-- name: category_settings_put     $1 me uuid, $2 choices json
WITH wanted AS (
	SELECT c.id, c.official_account_id, w.enabled
	  FROM jsonb_to_recordset($2) AS w (category_id uuid, enabled boolean)
	  JOIN categories c ON c.id = w.category_id
), put AS (
	INSERT INTO user_category_settings (user_id, category_id, enabled)
	SELECT DISTINCT ON (id) $1, id, enabled FROM wanted ORDER BY id
	    ON CONFLICT (user_id, category_id) DO UPDATE SET enabled = excluded.enabled, updated_at = now()
	RETURNING category_id
), followed AS (
	INSERT INTO follows (follower_id, following_id)
	SELECT DISTINCT $1, a.id FROM wanted w JOIN visible_profiles($1) a ON a.id = w.official_account_id
	 WHERE w.enabled AND a.id <> $1
	    ON CONFLICT DO NOTHING
	RETURNING following_id
), counted AS (
	UPDATE profiles p
	   SET following_count = p.following_count + CASE WHEN p.id = $1 THEN (SELECT count(*) FROM followed)::integer ELSE 0 END,
	       followers_count = p.followers_count + (p.id <> $1)::integer
	 WHERE p.id IN (SELECT following_id FROM followed UNION ALL SELECT $1 FROM followed)
)
SELECT category_id AS id FROM put;
