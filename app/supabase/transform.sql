-- From the landing zone to schema sojorn. Each statement may be run again and then changes nothing; the views
-- they read show the source whatever its age (migrations: supabase_move.shape_all). A row that cannot come over
-- stays in the landing zone and has a finding; texts are never cut.
--
-- Parameters are the keys to look at, NULL for everything; a pair is an element of each of two lists. What only
-- makes sense for keys (rows that are gone, rows that must give way first) is in follow.sql.

-- name: move_shape [write]
SELECT supabase_move.shape_all(), supabase_move.shape_auth(), supabase_move.shape_storage(), supabase_move.shape_chat(),
       supabase_move.shape_more()

-- name: move_findings_clear
DELETE FROM supabase_move.findings

-- ---- accounts ----

-- Of several with one address, the one with the newest sign-in may use it.
-- name: move_users     $1 users uuids
WITH source AS (
	SELECT s.*, NULLIF(lower(btrim(s.email)), '') AS address,
	       supabase_move.hash_kind(s.encrypted_password) AS hash
	  FROM supabase_move.auth_users s WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1))
), ranked AS (
	SELECT s.*, s.address IS NOT NULL AND (row_number() OVER (PARTITION BY s.address
		ORDER BY s.deleted_at IS NOT NULL, COALESCE(s.is_sso_user, false), s.last_sign_in_at DESC NULLS LAST,
			s.created_at, s.id) > 1
		OR EXISTS (SELECT FROM users o WHERE lower(o.email) = s.address AND NOT o.duplicate_email
			AND NOT EXISTS (SELECT FROM supabase_move.auth_users x WHERE x.id = o.id))) AS duplicate
	  FROM source s
)
INSERT INTO users AS u (id, email, encrypted_password, status, password_reset_needed, duplicate_email,
	email_verified_at, last_login, suspended_until, created_at, updated_at)
SELECT id, address, CASE WHEN deleted_at IS NULL THEN COALESCE(encrypted_password, '') ELSE '' END,
       CASE WHEN deleted_at IS NOT NULL THEN 'deactivated'
	    WHEN banned_until > supabase_move.as_of() + interval '100 years' THEN 'banned'
	    WHEN banned_until > supabase_move.as_of() THEN 'suspended'
	    WHEN COALESCE(email_confirmed_at, phone_confirmed_at) IS NOT NULL
		OR COALESCE(is_anonymous, false) OR COALESCE(is_sso_user, false) THEN 'active'
	    ELSE 'pending' END,
       hash IN ('encrypted', 'unknown'), duplicate,
       supabase_move.plain_time(email_confirmed_at), supabase_move.plain_time(last_sign_in_at),
       CASE WHEN banned_until > supabase_move.as_of() AND banned_until <= supabase_move.as_of() + interval '100 years'
	    THEN banned_until END,
       COALESCE(supabase_move.plain_time(created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(updated_at), supabase_move.as_of())
  FROM ranked
ON CONFLICT (id) DO UPDATE SET email = excluded.email, encrypted_password = excluded.encrypted_password,
	status = excluded.status, password_reset_needed = excluded.password_reset_needed,
	duplicate_email = excluded.duplicate_email, email_verified_at = excluded.email_verified_at,
	last_login = excluded.last_login, suspended_until = excluded.suspended_until,
	created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE (u.email, u.encrypted_password, u.status, u.password_reset_needed, u.duplicate_email, u.email_verified_at,
	u.last_login, u.suspended_until, u.created_at, u.updated_at) IS DISTINCT FROM
	(excluded.email, excluded.encrypted_password, excluded.status, excluded.password_reset_needed,
	excluded.duplicate_email, excluded.email_verified_at, excluded.last_login, excluded.suspended_until,
	excluded.created_at, excluded.updated_at)

-- Everybody has a profile: what the old sign-up trigger did, and did not for accounts made by hand. Of several
-- with one handle in other letters, the oldest profile keeps it.
-- name: move_profiles     $1 users uuids
WITH source AS (
	SELECT u.id, u.raw_user_meta_data AS meta, p.handle, p.display_name, p.bio, p.avatar_url, p.cover_url,
	       p.location, p.website, p.interests, p.status_text, p.status_updated_at, p.metadata_fields, p.role,
	       COALESCE(p.is_official, false) AS is_official, supabase_move.was_private(p.is_private, v.is_private_profile) AS is_private,
	       COALESCE(supabase_move.audience_near(v.posts_visibility), b.posts_visibility, 'public') AS posts_visibility,
	       COALESCE(p.is_verified, false) AS is_verified, COALESCE(p.beacon_enabled, false) AS beacon_enabled,
	       COALESCE(p.has_completed_onboarding, p.id IS NOT NULL) AS onboarded, p.id IS NOT NULL AS has_profile,
	       COALESCE(supabase_move.plain_time(p.created_at), supabase_move.plain_time(u.created_at),
			supabase_move.as_of()) AS created_at,
	       COALESCE(supabase_move.plain_time(p.updated_at), supabase_move.plain_time(u.updated_at),
			supabase_move.as_of()) AS updated_at
	  FROM supabase_move.auth_users u
	  LEFT JOIN supabase_move.profiles p ON p.id = u.id
	  LEFT JOIN LATERAL (SELECT * FROM supabase_move.old_privacy x WHERE x.user_id = u.id
		ORDER BY x.updated_at DESC NULLS LAST LIMIT 1) v ON true
	  LEFT JOIN profiles b ON b.id = u.id
	 WHERE ($1::uuid[] IS NULL OR u.id = ANY ($1))
), wished AS (
	SELECT s.*, lower(left(COALESCE(NULLIF(btrim(s.handle), ''), NULLIF(btrim(meta ->> 'handle'), ''),
		NULLIF(btrim(meta ->> 'username'), ''), 'user_' || left(replace(s.id::text, '-', ''), 12)), 64)) AS wish
	  FROM source s
), ranked AS (
	SELECT w.*, row_number() OVER (PARTITION BY wish ORDER BY has_profile DESC, created_at, id) AS nth FROM wished w
)
INSERT INTO profiles AS p (id, handle, display_name, bio, avatar_url, cover_url, location, website, is_official,
	is_private, posts_visibility, is_verified, beacon_enabled, interests, has_completed_onboarding, role, status_text,
	status_updated_at, metadata_fields, created_at, updated_at)
SELECT id, CASE WHEN nth = 1 THEN wish ELSE left(wish, 31) || '_' || replace(id::text, '-', '') END,
       left(COALESCE(NULLIF(display_name, ''), NULLIF(meta ->> 'display_name', ''), NULLIF(meta ->> 'full_name', ''),
		wish), 10000),
       bio, supabase_move.new_address(COALESCE(avatar_url, meta ->> 'avatar_url')), supabase_move.new_address(cover_url),
       location, website, is_official, is_private,
       posts_visibility, is_verified, beacon_enabled,
       ARRAY(SELECT i FROM unnest(interests) WITH ORDINALITY AS x (i, n) WHERE i IS NOT NULL ORDER BY n),
       onboarded, supabase_move.text_or(role, '{user,moderator,admin}', 'user'), status_text,
       supabase_move.plain_time(status_updated_at),
       CASE WHEN jsonb_typeof(metadata_fields) = 'array' THEN metadata_fields ELSE '[]' END, created_at, updated_at
  FROM ranked
ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, display_name = excluded.display_name, bio = excluded.bio,
	avatar_url = excluded.avatar_url, cover_url = excluded.cover_url, location = excluded.location,
	website = excluded.website, is_official = excluded.is_official, is_private = excluded.is_private, posts_visibility = excluded.posts_visibility,
	is_verified = excluded.is_verified, beacon_enabled = excluded.beacon_enabled, interests = excluded.interests,
	has_completed_onboarding = excluded.has_completed_onboarding, role = excluded.role,
	status_text = excluded.status_text, status_updated_at = excluded.status_updated_at,
	metadata_fields = excluded.metadata_fields, created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE (p.handle, p.display_name, p.bio, p.avatar_url, p.cover_url, p.location, p.website, p.is_official, p.is_private,
	p.posts_visibility, p.is_verified, p.beacon_enabled, p.interests, p.has_completed_onboarding, p.role, p.status_text,
	p.status_updated_at, p.metadata_fields, p.created_at, p.updated_at) IS DISTINCT FROM
	(excluded.handle, excluded.display_name, excluded.bio, excluded.avatar_url, excluded.cover_url,
	excluded.location, excluded.website, excluded.is_official, excluded.is_private, excluded.posts_visibility,
	excluded.is_verified, excluded.beacon_enabled, excluded.interests, excluded.has_completed_onboarding, excluded.role,
	excluded.status_text, excluded.status_updated_at, excluded.metadata_fields, excluded.created_at,
	excluded.updated_at)

-- name: move_private     $1 users uuids
INSERT INTO profile_private AS v (user_id, birth_month, birth_year, strikes, origin_country)
SELECT u.id, CASE WHEN p.birth_month BETWEEN 1 AND 12 THEN p.birth_month ELSE 0 END,
       GREATEST(COALESCE(p.birth_year, 0), 0), GREATEST(COALESCE(p.strikes, 0), 0), p.origin_country
  FROM supabase_move.auth_users u LEFT JOIN supabase_move.profiles p ON p.id = u.id
 WHERE ($1::uuid[] IS NULL OR u.id = ANY ($1))
ON CONFLICT (user_id) DO UPDATE SET birth_month = excluded.birth_month, birth_year = excluded.birth_year,
	strikes = excluded.strikes, origin_country = excluded.origin_country
WHERE (v.birth_month, v.birth_year, v.strikes, v.origin_country) IS DISTINCT FROM
	(excluded.birth_month, excluded.birth_year, excluded.strikes, excluded.origin_country)

-- name: move_trust     $1 users uuids
INSERT INTO trust_state AS t (user_id, harmony_score, tier, last_post_at, updated_at)
SELECT u.id, LEAST(GREATEST(COALESCE(s.harmony_score, 50), 0), 100),
       supabase_move.text_or(s.tier, '{sprout,trusted,elder,established}', 'new'),
       supabase_move.plain_time(s.last_post_at),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of())
  FROM supabase_move.auth_users u
  LEFT JOIN (SELECT DISTINCT ON (user_id) * FROM supabase_move.trust_state WHERE ($1::uuid[] IS NULL OR user_id = ANY ($1))
	ORDER BY user_id, updated_at DESC NULLS LAST) s ON s.user_id = u.id
 WHERE ($1::uuid[] IS NULL OR u.id = ANY ($1))
ON CONFLICT (user_id) DO UPDATE SET harmony_score = excluded.harmony_score, tier = excluded.tier,
	last_post_at = excluded.last_post_at, updated_at = excluded.updated_at
WHERE (t.harmony_score, t.tier, t.last_post_at, t.updated_at) IS DISTINCT FROM
	(excluded.harmony_score, excluded.tier, excluded.last_post_at, excluded.updated_at)

-- ---- what clients of the old auth server know ----

-- name: move_account_details     $1 users uuids
INSERT INTO account_details AS o (user_id, phone, phone_confirmed_at, is_anonymous, is_sso_user, invited_at,
	app_metadata, user_metadata)
SELECT s.id, NULLIF(s.phone, ''), supabase_move.plain_time(s.phone_confirmed_at), COALESCE(s.is_anonymous, false),
       COALESCE(s.is_sso_user, false), supabase_move.plain_time(s.invited_at), COALESCE(s.raw_app_meta_data, '{}'),
       COALESCE(s.raw_user_meta_data, '{}')
  FROM supabase_move.old_details s JOIN users u ON u.id = s.id
 WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (user_id) DO UPDATE SET phone = excluded.phone, phone_confirmed_at = excluded.phone_confirmed_at,
	is_anonymous = excluded.is_anonymous, is_sso_user = excluded.is_sso_user, invited_at = excluded.invited_at,
	app_metadata = excluded.app_metadata, user_metadata = excluded.user_metadata
WHERE o.* IS DISTINCT FROM excluded.*

-- Before 2023-11 the provider's name of the user was the row's id. Who has a password and no identity gets the
-- one that the old server would have made.
-- name: move_identities     $1 users uuids
WITH source AS (
	SELECT CASE WHEN s.provider_id IS NULL THEN md5(concat('identity ', s.provider, ' ', s.id))::uuid ELSE s.id::uuid END AS id,
	       s.user_id, s.provider, COALESCE(s.provider_id, s.id) AS provider_id, COALESCE(s.identity_data, '{}') AS data,
	       s.last_sign_in_at, s.created_at, s.updated_at
	  FROM supabase_move.old_identities s
	UNION ALL
	SELECT md5(concat('identity of ', u.id))::uuid, u.id, CASE WHEN u.email IS NULL THEN 'phone' ELSE 'email' END, u.id::text,
	       jsonb_strip_nulls(jsonb_build_object('sub', u.id, 'email', u.email, 'phone', u.phone)),
	       u.last_sign_in_at, u.created_at, u.updated_at
	  FROM supabase_move.auth_users u
	 WHERE supabase_move.hash_kind(u.encrypted_password) <> 'none'
	   AND NOT EXISTS (SELECT FROM supabase_move.old_identities i WHERE i.user_id = u.id)
	   AND NOT EXISTS (SELECT FROM supabase_move.old_identities i WHERE COALESCE(i.provider_id, i.id) = u.id::text)
)
INSERT INTO account_identities AS o (id, user_id, provider, provider_id, data, last_sign_in_at, created_at, updated_at)
SELECT s.id, s.user_id, s.provider, s.provider_id, s.data, supabase_move.plain_time(s.last_sign_in_at),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of())
  FROM source s JOIN users u ON u.id = s.user_id
 WHERE ($1::uuid[] IS NULL OR s.user_id = ANY ($1))
ON CONFLICT (provider, provider_id) DO UPDATE SET user_id = excluded.user_id, data = excluded.data,
	last_sign_in_at = excluded.last_sign_in_at, created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE (o.user_id, o.data, o.last_sign_in_at, o.created_at, o.updated_at) IS DISTINCT FROM
	(excluded.user_id, excluded.data, excluded.last_sign_in_at, excluded.created_at, excluded.updated_at)

-- ---- sessions ----

-- What is over is left behind. Tokens from before there were sessions get one each.
-- name: move_sessions     $1 sessions uuids
INSERT INTO sessions AS o (id, user_id, mfa, user_agent, ip, not_after, factor_id, refresh_key, refresh_counter,
	last_used_at, created_at)
SELECT s.id, s.user_id, COALESCE(s.aal, '') = 'aal2', s.user_agent, s.ip, supabase_move.plain_time(s.not_after),
       s.factor_id, s.refresh_token_hmac_key, s.refresh_token_counter,
       COALESCE(supabase_move.plain_time(COALESCE(s.refreshed_at, s.updated_at, s.created_at)), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM supabase_move.old_sessions s JOIN users u ON u.id = s.user_id
 WHERE (s.not_after IS NULL OR s.not_after > supabase_move.as_of()) AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
UNION ALL
SELECT md5('session of ' || t.token)::uuid, u.id, false, NULL, NULL, NULL, NULL, NULL, NULL,
       COALESCE(supabase_move.plain_time(t.updated_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(t.created_at), supabase_move.as_of())
  FROM supabase_move.auth_refresh_tokens t JOIN users u ON u.id::text = t.user_id
 WHERE t.session_id IS NULL AND t.token IS NOT NULL AND NOT COALESCE(t.revoked, false) AND $1::uuid[] IS NULL
ON CONFLICT (id) DO UPDATE SET mfa = excluded.mfa, user_agent = excluded.user_agent, ip = excluded.ip,
	not_after = excluded.not_after, factor_id = excluded.factor_id, refresh_key = excluded.refresh_key,
	refresh_counter = excluded.refresh_counter, last_used_at = excluded.last_used_at, created_at = excluded.created_at
WHERE (o.mfa, o.user_agent, o.ip, o.not_after, o.factor_id, o.refresh_key, o.refresh_counter, o.last_used_at, o.created_at)
	IS DISTINCT FROM (excluded.mfa, excluded.user_agent, excluded.ip, excluded.not_after, excluded.factor_id,
	excluded.refresh_key, excluded.refresh_counter, excluded.last_used_at, excluded.created_at)

-- Live ones had no end of their own there, so they stay for as long as a new one, from the import on. Revoked ones
-- come along while their reuse tells of a thief, or of a client that missed the answer: those of the last week and
-- the parent of each live one. One that was revoked without a successor names itself.
-- name: move_refresh_tokens     $1 sessions uuids
WITH source AS (
	SELECT t.*, COALESCE(t.revoked, false) AS is_revoked, sha256(convert_to(t.token, 'UTF8')) AS hash,
	       COALESCE(supabase_move.plain_time(COALESCE(t.updated_at, t.created_at)), supabase_move.as_of()) AS changed_at
	  FROM supabase_move.auth_refresh_tokens t WHERE t.token IS NOT NULL AND ($1::uuid[] IS NULL OR t.session_id = ANY ($1))
), child AS (
	SELECT DISTINCT ON (session_id, parent) session_id, parent, hash, is_revoked FROM source
	 WHERE parent <> '' ORDER BY session_id, parent, is_revoked, id DESC
)
INSERT INTO refresh_tokens AS o (token_hash, family_id, replaced_by, rotated_at, expires_at, created_at, token)
SELECT t.hash, s.id, CASE WHEN t.is_revoked THEN COALESCE(c.hash, t.hash) END, CASE WHEN t.is_revoked THEN t.changed_at END,
       GREATEST(supabase_move.as_of(), t.changed_at) + CASE WHEN t.is_revoked THEN interval '7 days' ELSE interval '30 days' END,
       COALESCE(supabase_move.plain_time(t.created_at), supabase_move.as_of()), t.token
  FROM source t
  JOIN sessions s ON s.id = COALESCE(t.session_id, md5('session of ' || t.token)::uuid)
  LEFT JOIN child c ON c.session_id = t.session_id AND c.parent = t.token
 WHERE NOT t.is_revoked OR NOT c.is_revoked OR t.changed_at > supabase_move.as_of() - interval '7 days'
ON CONFLICT (token_hash) DO UPDATE SET replaced_by = excluded.replaced_by, rotated_at = excluded.rotated_at,
	expires_at = excluded.expires_at, created_at = excluded.created_at, token = excluded.token
WHERE (o.replaced_by, o.rotated_at, o.expires_at, o.created_at, o.token) IS DISTINCT FROM
	(excluded.replaced_by, excluded.rotated_at, excluded.expires_at, excluded.created_at, excluded.token)

-- name: move_session_methods     $1 sessions uuids
INSERT INTO session_methods AS o (session_id, method, created_at, updated_at)
SELECT DISTINCT ON (m.session_id, m.authentication_method) m.session_id, m.authentication_method,
       COALESCE(supabase_move.plain_time(m.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(m.updated_at), supabase_move.as_of())
  FROM supabase_move.old_methods m JOIN sessions s ON s.id = m.session_id
 WHERE m.authentication_method IS NOT NULL AND ($1::uuid[] IS NULL OR m.session_id = ANY ($1))
 ORDER BY m.session_id, m.authentication_method, m.updated_at DESC
ON CONFLICT (session_id, method) DO UPDATE SET created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE (o.created_at, o.updated_at) <> (excluded.created_at, excluded.updated_at)

-- ---- second factors ----

-- name: move_account_factors     $1 users uuids
INSERT INTO account_factors AS o (id, user_id, friendly_name, factor_type, status, phone, last_challenged_at, created_at,
	updated_at)
SELECT f.id, f.user_id, f.friendly_name, f.factor_type, f.status, f.phone, supabase_move.plain_time(f.last_challenged_at),
       COALESCE(supabase_move.plain_time(f.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(f.updated_at), supabase_move.as_of())
  FROM supabase_move.old_factors f JOIN users u ON u.id = f.user_id
 WHERE f.factor_type IN ('totp', 'phone', 'webauthn') AND f.status IN ('unverified', 'verified') AND ($1::uuid[] IS NULL OR f.user_id = ANY ($1))
ON CONFLICT (id) DO UPDATE SET friendly_name = excluded.friendly_name, status = excluded.status, phone = excluded.phone,
	last_challenged_at = excluded.last_challenged_at, created_at = excluded.created_at, updated_at = excluded.updated_at
WHERE (o.friendly_name, o.status, o.phone, o.last_challenged_at, o.created_at, o.updated_at) IS DISTINCT FROM
	(excluded.friendly_name, excluded.status, excluded.phone, excluded.last_challenged_at, excluded.created_at,
	excluded.updated_at)

-- Those whose secret is not sealed yet.
-- name: move_factors     $1 users uuids
SELECT f.id::text, f.user_id::text, f.secret
  FROM supabase_move.old_factors f JOIN account_factors a ON a.id = f.id
 WHERE f.factor_type = 'totp' AND a.secret IS NULL AND f.secret ~ '^[A-Z2-7]{16,}$'
   AND ($1::uuid[] IS NULL OR f.user_id = ANY ($1))
 ORDER BY f.id

-- name: move_factor_put     $1 factor uuid, $2 secret text
UPDATE account_factors SET secret = convert_to($2, 'UTF8') WHERE id = $1

-- Sign-ins of the app ask for one: the oldest verified one of each that has none here yet.
-- name: move_second_factors     $1 users uuids
WITH chosen AS (
	SELECT DISTINCT ON (f.user_id) f.user_id, f.secret, f.id FROM account_factors f
	 WHERE f.factor_type = 'totp' AND f.status = 'verified' AND f.secret IS NOT NULL
	   AND EXISTS (SELECT FROM supabase_move.old_factors o WHERE o.id = f.id)
	   AND ($1::uuid[] IS NULL OR f.user_id = ANY ($1))
	 ORDER BY f.user_id, f.created_at, f.id
), secret AS (
	INSERT INTO mfa_secrets (user_id, secret, factor_id, created_at, updated_at)
	SELECT user_id, secret, id, supabase_move.as_of(), supabase_move.as_of() FROM chosen
	ON CONFLICT (user_id) DO NOTHING RETURNING user_id
)
UPDATE users u SET mfa_enabled = true FROM secret s WHERE u.id = s.user_id

-- ---- categories ----

-- Those of the source take the place of the seeded ones with the same slug; nothing refers to these yet.
-- name: move_categories_clear
DELETE FROM categories c USING supabase_move.categories s
 WHERE c.slug = lower(btrim(s.slug)) AND c.id <> s.id AND NOT EXISTS (SELECT FROM posts p WHERE p.category_id = c.id)
   AND NOT EXISTS (SELECT FROM supabase_move.categories o WHERE o.id = c.id)

-- name: move_categories
INSERT INTO categories AS c (id, slug, name, description, icon_url, is_sensitive, default_off, is_active,
	official_account_id, created_at)
SELECT DISTINCT ON (lower(btrim(s.slug))) s.id, lower(btrim(s.slug)), COALESCE(s.name, s.slug), s.description, supabase_move.new_address(s.icon_url),
       COALESCE(s.is_sensitive, false), COALESCE(s.default_off, lower(s.slug) <> 'general'), COALESCE(s.is_active, true),
       (SELECT p.id FROM profiles p WHERE p.id = s.official_account_id),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM supabase_move.categories s
 WHERE s.slug IS NOT NULL
   AND NOT EXISTS (SELECT FROM categories o WHERE o.slug = lower(btrim(s.slug)) AND o.id <> s.id)
 ORDER BY lower(btrim(s.slug)), s.created_at, s.id
ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, description = excluded.description,
	icon_url = excluded.icon_url, is_sensitive = excluded.is_sensitive, default_off = excluded.default_off,
	is_active = excluded.is_active, official_account_id = excluded.official_account_id,
	created_at = excluded.created_at
WHERE c.* IS DISTINCT FROM excluded.*

-- name: move_category_settings     $1 users uuids, $2 categories uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.user_category_settings s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.user_category_settings s ON s.user_id = k.a AND s.category_id = k.b
)
INSERT INTO user_category_settings AS o (user_id, category_id, enabled, updated_at)
SELECT DISTINCT ON (s.user_id, s.category_id) s.user_id, s.category_id, COALESCE(s.enabled, true),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of())
  FROM picked s
  JOIN users u ON u.id = s.user_id
  JOIN categories c ON c.id = s.category_id
 ORDER BY s.user_id, s.category_id, s.updated_at DESC
ON CONFLICT (user_id, category_id) DO UPDATE SET enabled = excluded.enabled, updated_at = excluded.updated_at
WHERE o.* IS DISTINCT FROM excluded.*

-- ---- the graph ----

-- name: move_follows     $1 followers uuids, $2 followed uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.follows s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.follows s ON s.follower_id = k.a AND s.following_id = k.b
)
INSERT INTO follows AS f (follower_id, following_id, status, created_at)
SELECT DISTINCT ON (s.follower_id, s.following_id) s.follower_id, s.following_id,
       supabase_move.text_or(s.status, '{pending,accepted}', 'accepted'),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s
  JOIN profiles a ON a.id = s.follower_id
  JOIN profiles b ON b.id = s.following_id
 WHERE s.follower_id <> s.following_id
 ORDER BY s.follower_id, s.following_id, s.created_at
ON CONFLICT (follower_id, following_id) DO UPDATE SET status = excluded.status, created_at = excluded.created_at
WHERE f.* IS DISTINCT FROM excluded.*

-- name: move_blocks     $1 blockers uuids, $2 blocked uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.blocks s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.blocks s ON s.blocker_id = k.a AND s.blocked_id = k.b
)
INSERT INTO blocks AS k (blocker_id, blocked_id, created_at)
SELECT DISTINCT ON (s.blocker_id, s.blocked_id) s.blocker_id, s.blocked_id,
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s
  JOIN profiles a ON a.id = s.blocker_id
  JOIN profiles b ON b.id = s.blocked_id
 WHERE s.blocker_id <> s.blocked_id
 ORDER BY s.blocker_id, s.blocked_id, s.created_at
ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET created_at = excluded.created_at
WHERE k.* IS DISTINCT FROM excluded.*

-- ---- posts ----

-- A post whose parent is gone begins a thread, and so does each of a ring that answers itself, and what answers
-- these. A visibility
-- nobody knows becomes private, a status nobody knows waits for a moderator.
-- name: move_posts     $1 posts uuids
WITH RECURSIVE scope AS (
	SELECT s.id FROM supabase_move.posts s WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1))
	UNION
	SELECT s.id FROM scope o JOIN supabase_move.posts s ON s.chain_parent_id = o.id WHERE $1::uuid[] IS NOT NULL
), source AS (
	SELECT s.* FROM scope o JOIN supabase_move.posts s ON s.id = o.id JOIN profiles a ON a.id = s.author_id
	 WHERE NOT COALESCE(s.is_beacon, false)
), tree AS (
	SELECT s.id, p.id AS parent, COALESCE(p.root_id, p.id) AS root, COALESCE(p.depth + 1, 0) AS depth
	  FROM source s
	  LEFT JOIN posts p ON $1::uuid[] IS NOT NULL AND p.id = s.chain_parent_id AND p.kind = 'post'
		AND NOT (p.depth = 0 AND EXISTS (SELECT FROM supabase_move.posts r
			JOIN posts q ON q.id = r.chain_parent_id AND q.kind = 'post' WHERE r.id = p.id))
	 WHERE NOT EXISTS (SELECT FROM source p WHERE p.id = s.chain_parent_id)
	UNION ALL
	SELECT s.id, t.id, COALESCE(t.root, t.id), t.depth + 1
	  FROM tree t JOIN source s ON s.chain_parent_id = t.id
)
INSERT INTO posts AS p (id, author_id, status, visibility, created_at, expires_at, deleted_at, edited_at, pinned_at,
	category_id, chain_parent_id, root_id, depth, allow_chain, is_nsfw, cis_score, tone_label, duration_ms, body,
	body_format, tags, nsfw_reason, image_url, video_url, thumbnail_url, first_frame_url, background_id,
	overlay_json, audio_overlay_url, link_preview_url, link_preview_title, link_preview_description,
	link_preview_image_url, link_preview_site_name, is_imported)
SELECT s.id, s.author_id,
       CASE WHEN s.status IS NULL THEN 'active' ELSE supabase_move.text_or(s.status,
		'{active,flagged,pending_moderation,removed,jailed,expired}', 'flagged') END,
       CASE WHEN s.visibility IS NULL THEN 'public' ELSE supabase_move.text_or(s.visibility,
		'{public,followers,circle,neighborhood,private}', 'private') END,
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()), supabase_move.plain_time(s.expires_at),
       supabase_move.plain_time(s.deleted_at), supabase_move.plain_time(s.edited_at),
       CASE WHEN s.deleted_at IS NULL AND row_number() OVER (PARTITION BY s.author_id
		ORDER BY s.deleted_at IS NOT NULL, s.pinned_at DESC NULLS LAST, s.id) = 1
	    THEN supabase_move.plain_time(s.pinned_at) END,
       (SELECT c.id FROM categories c WHERE c.id = s.category_id), t.parent, t.root, COALESCE(t.depth, 0),
       COALESCE(s.allow_chain, true), COALESCE(s.is_nsfw, false),
       supabase_move.share(COALESCE(s.cis_score, s.content_integrity_score)),
       supabase_move.text_or(replace(COALESCE(s.tone_label, s.detected_tone), 'hate', 'hostile'),
		'{positive,neutral,mixed,negative,hostile}', NULL),
       GREATEST(COALESCE(s.duration_ms, 0), 0), COALESCE(s.body, ''),
       supabase_move.text_or(s.body_format, '{plain,markdown}', 'plain'),
       ARRAY(SELECT x.tag FROM unnest(s.tags) WITH ORDINALITY AS x (tag, n) WHERE x.tag IS NOT NULL ORDER BY x.n),
       COALESCE(s.nsfw_reason, ''), supabase_move.new_address(s.image_url), supabase_move.new_address(s.video_url),
       supabase_move.new_address(s.thumbnail_url), supabase_move.new_address(s.first_frame_url), s.background_id,
       supabase_move.new_addresses(s.overlay_json), supabase_move.new_address(s.audio_overlay_url), s.link_preview_url,
       s.link_preview_title, s.link_preview_description, supabase_move.new_address(s.link_preview_image_url),
       s.link_preview_site_name, true
  FROM source s LEFT JOIN tree t ON t.id = s.id
ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id, status = excluded.status,
	visibility = excluded.visibility, created_at = excluded.created_at, expires_at = excluded.expires_at,
	deleted_at = excluded.deleted_at, edited_at = excluded.edited_at, pinned_at = excluded.pinned_at,
	category_id = excluded.category_id, chain_parent_id = excluded.chain_parent_id, root_id = excluded.root_id,
	depth = excluded.depth, allow_chain = excluded.allow_chain, is_nsfw = excluded.is_nsfw,
	cis_score = excluded.cis_score, tone_label = excluded.tone_label, duration_ms = excluded.duration_ms,
	body = excluded.body, body_format = excluded.body_format, tags = excluded.tags,
	nsfw_reason = excluded.nsfw_reason, image_url = excluded.image_url, video_url = excluded.video_url,
	thumbnail_url = excluded.thumbnail_url, first_frame_url = excluded.first_frame_url,
	background_id = excluded.background_id, overlay_json = excluded.overlay_json,
	audio_overlay_url = excluded.audio_overlay_url, link_preview_url = excluded.link_preview_url,
	link_preview_title = excluded.link_preview_title,
	link_preview_description = excluded.link_preview_description,
	link_preview_image_url = excluded.link_preview_image_url,
	link_preview_site_name = excluded.link_preview_site_name, is_imported = true
WHERE to_jsonb(p) - 'search' - 'frames_moderated_at' <> to_jsonb(excluded) - 'search' - 'frames_moderated_at'

-- name: move_post_places     $1 posts uuids
INSERT INTO post_places AS o (post_id, location)
SELECT s.id, s.location FROM supabase_move.posts s JOIN posts p ON p.id = s.id WHERE s.location IS NOT NULL
   AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (post_id) DO UPDATE SET location = excluded.location
WHERE o.location::text <> excluded.location::text

-- name: move_comments     $1 comments uuids
WITH RECURSIVE scope AS (
	SELECT s.id FROM supabase_move.comments s WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1))
	UNION
	SELECT s.id FROM scope o JOIN supabase_move.comments s ON s.parent_id = o.id WHERE $1::uuid[] IS NOT NULL
), source AS (
	SELECT s.*, p.depth AS post_depth, COALESCE(p.root_id, p.id) AS root
	  FROM scope o
	  JOIN supabase_move.comments s ON s.id = o.id
	  JOIN posts p ON p.id = s.post_id AND p.kind = 'post'
	  JOIN profiles a ON a.id = s.author_id
), tree AS (
	SELECT s.id, COALESCE(q.id, s.post_id) AS parent, COALESCE(q.depth, s.post_depth) + 1 AS depth
	  FROM source s
	  LEFT JOIN posts q ON $1::uuid[] IS NOT NULL AND q.id = s.parent_id AND q.comment_on_id = s.post_id
		AND NOT (q.chain_parent_id = q.comment_on_id AND EXISTS (SELECT FROM supabase_move.comments r
			JOIN posts x ON x.id = r.parent_id AND x.comment_on_id = r.post_id WHERE r.id = q.id))
	 WHERE NOT EXISTS (SELECT FROM source p WHERE p.id = s.parent_id AND p.post_id = s.post_id)
	UNION ALL
	SELECT s.id, t.id, t.depth + 1
	  FROM tree t JOIN source p ON p.id = t.id JOIN source s ON s.parent_id = t.id AND s.post_id = p.post_id
)
INSERT INTO posts AS p (id, author_id, kind, status, visibility, created_at, deleted_at, chain_parent_id, root_id,
	comment_on_id, depth, cis_score, tone_label, body, is_imported)
SELECT s.id, s.author_id, 'comment',
       CASE WHEN s.status IS NULL THEN 'active' ELSE supabase_move.text_or(s.status,
		'{active,flagged,pending_moderation,removed,jailed,expired}', 'flagged') END,
       'public', COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()),
       supabase_move.plain_time(s.deleted_at), COALESCE(t.parent, s.post_id), s.root, s.post_id,
       COALESCE(t.depth, s.post_depth + 1), supabase_move.share(s.cis_score),
       supabase_move.text_or(replace(s.tone_label, 'hate', 'hostile'), '{positive,neutral,mixed,negative,hostile}', NULL),
       COALESCE(s.body, ''), true
  FROM source s LEFT JOIN tree t ON t.id = s.id
ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id, status = excluded.status,
	created_at = excluded.created_at, deleted_at = excluded.deleted_at, chain_parent_id = excluded.chain_parent_id,
	root_id = excluded.root_id, comment_on_id = excluded.comment_on_id, depth = excluded.depth,
	cis_score = excluded.cis_score, tone_label = excluded.tone_label, body = excluded.body, is_imported = true
WHERE p.kind = 'comment' AND (p.is_imported, p.author_id, p.status, p.created_at, p.deleted_at, p.chain_parent_id, p.root_id,
	p.comment_on_id, p.depth, p.cis_score, p.tone_label, p.body) IS DISTINCT FROM
	(excluded.is_imported, excluded.author_id, excluded.status, excluded.created_at, excluded.deleted_at, excluded.chain_parent_id,
	excluded.root_id, excluded.comment_on_id, excluded.depth, excluded.cis_score, excluded.tone_label, excluded.body)

-- name: move_likes     $1 posts uuids, $2 users uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.post_likes s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.post_likes s ON s.post_id = k.a AND s.user_id = k.b
)
INSERT INTO post_likes (post_id, user_id, created_at)
SELECT s.post_id, s.user_id, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s JOIN posts p ON p.id = s.post_id JOIN profiles u ON u.id = s.user_id
ON CONFLICT (post_id, user_id) DO NOTHING

-- name: move_saves     $1 posts uuids, $2 users uuids
WITH picked AS (
	SELECT s.* FROM supabase_move.post_saves s WHERE $1::uuid[] IS NULL
	UNION ALL
	SELECT s.* FROM unnest($1, $2) AS k (a, b) JOIN supabase_move.post_saves s ON s.post_id = k.a AND s.user_id = k.b
)
INSERT INTO post_saves (post_id, user_id, created_at)
SELECT s.post_id, s.user_id, COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of())
  FROM picked s JOIN posts p ON p.id = s.post_id JOIN profiles u ON u.id = s.user_id
ON CONFLICT (post_id, user_id) DO NOTHING

-- Counted anew; how often a post was seen cannot be.
-- name: move_metrics     $1 posts uuids
INSERT INTO post_metrics AS m (post_id, like_count, save_count, comment_count, view_count, reaction_count, reaction_counts,
	updated_at)
SELECT p.id, (SELECT count(*) FROM post_likes l WHERE l.post_id = p.id),
       (SELECT count(*) FROM post_saves v WHERE v.post_id = p.id),
       (SELECT count(*) FROM posts a WHERE a.chain_parent_id = p.id AND a.deleted_at IS NULL),
       GREATEST(COALESCE(s.view_count, 0), 0), r.n, r.counts, now()
  FROM posts p LEFT JOIN supabase_move.post_metrics s ON s.post_id = p.id
 CROSS JOIN LATERAL (SELECT COALESCE(sum(x.n), 0)::integer AS n, COALESCE(jsonb_object_agg(x.emoji, x.n), '{}') AS counts
	FROM (SELECT emoji, count(*) AS n FROM post_reactions e WHERE e.post_id = p.id GROUP BY emoji) x) r
 WHERE p.is_imported AND ($1::uuid[] IS NULL OR p.id = ANY ($1))
ON CONFLICT (post_id) DO UPDATE SET like_count = excluded.like_count, save_count = excluded.save_count,
	comment_count = excluded.comment_count, view_count = excluded.view_count, reaction_count = excluded.reaction_count,
	reaction_counts = excluded.reaction_counts, updated_at = excluded.updated_at
WHERE (m.like_count, m.save_count, m.comment_count, m.view_count, m.reaction_count, m.reaction_counts) IS DISTINCT FROM
	(excluded.like_count, excluded.save_count, excluded.comment_count, excluded.view_count, excluded.reaction_count,
	excluded.reaction_counts)

-- name: move_profile_counts     $1 users uuids
WITH counted AS (
	SELECT p.id, (SELECT count(*) FROM follows f WHERE f.following_id = p.id AND f.status = 'accepted') AS followers,
	       (SELECT count(*) FROM follows f WHERE f.follower_id = p.id AND f.status = 'accepted') AS following,
	       (SELECT count(*) FROM posts o WHERE o.author_id = p.id AND o.root_id IS NULL AND o.deleted_at IS NULL) AS posts
	  FROM profiles p WHERE ($1::uuid[] IS NULL OR p.id = ANY ($1))
), posting AS (
	UPDATE trust_state t SET posts_count = c.posts FROM counted c WHERE c.id = t.user_id AND t.posts_count <> c.posts
)
UPDATE profiles p SET followers_count = c.followers, following_count = c.following
  FROM counted c
 WHERE c.id = p.id AND (p.followers_count, p.following_count) <> (c.followers, c.following)

-- Those still on the map; the others are over and stay in the landing zone. No author comes along.
-- name: move_beacons     $1 posts uuids
INSERT INTO beacons (id, beacon_type, severity, incident_status, lat, long, created_at, expires_at, body, image_url)
SELECT s.id, CASE s.beacon_type WHEN 'police' THEN 'official_presence' WHEN 'community' THEN 'safety' ELSE s.beacon_type END,
       supabase_move.text_or(s.severity, '{low,medium,high,critical}', 'medium'),
       supabase_move.text_or(s.incident_status, '{active,resolved,false_alarm}', 'active'),
       ST_Y(s.location::geometry)::numeric(4, 2), ST_X(s.location::geometry)::numeric(5, 2), s.created_at,
       LEAST(COALESCE(s.expires_at, s.created_at + interval '4 hours'), s.created_at + interval '4 hours'), s.body,
       supabase_move.new_address(s.image_url)
  FROM supabase_move.posts s
 WHERE s.is_beacon AND s.location IS NOT NULL AND s.deleted_at IS NULL AND COALESCE(s.status, 'active') = 'active'
   AND s.created_at BETWEEN supabase_move.as_of() - interval '4 hours' AND now() + interval '1 hour'
   AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
   AND COALESCE(s.expires_at, s.created_at + interval '4 hours') > supabase_move.as_of()
   AND s.beacon_type IN ('police', 'community', 'suspicious', 'official_presence', 'checkpoint', 'taskForce', 'hazard',
	'fire', 'safety', 'utility_alert', 'package_theft', 'noise_report', 'development')
   AND char_length(s.body) BETWEEN 1 AND 500
ON CONFLICT (id) DO NOTHING

-- ---- what follows from them ----

-- Of several open reports by one person about one thing the first stays open.
-- name: move_reports     $1 reports uuids
WITH source AS (
	SELECT s.*, p.id AS on_post, c.id AS on_comment, COALESCE(p.author_id, c.author_id, u.id) AS about
	  FROM supabase_move.reports s
	  LEFT JOIN posts p ON s.target_type = 'post' AND p.id = s.target_id AND p.kind = 'post'
	  LEFT JOIN posts c ON s.target_type = 'comment' AND c.id = s.target_id AND c.kind = 'comment'
	  LEFT JOIN users u ON s.target_type IN ('user', 'profile') AND u.id = s.target_id
	 WHERE EXISTS (SELECT FROM users r WHERE r.id = s.reporter_id) AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
)
INSERT INTO reports AS r (id, reporter_id, target_user_id, post_id, comment_id, violation_type, description, status, created_at)
SELECT id, reporter_id, NULLIF(about, reporter_id), on_post, on_comment,
       left(COALESCE(NULLIF(reason, ''), 'other'), 64), COALESCE(description, ''),
       CASE WHEN supabase_move.text_or(status, '{reviewed,actioned,dismissed}', 'pending') <> 'pending' THEN status
	    WHEN row_number() OVER (PARTITION BY reporter_id, target_type, target_id, COALESCE(status, 'pending')
		IN ('reviewed', 'actioned', 'dismissed') ORDER BY created_at, id) = 1
		AND NOT EXISTS (SELECT FROM reports o WHERE o.reporter_id = source.reporter_id AND o.id <> source.id
			AND COALESCE(o.comment_id, o.post_id, o.beacon_id, o.target_user_id)
			    = COALESCE(on_comment, on_post, NULLIF(about, source.reporter_id)) AND o.status = 'pending')
	    THEN 'pending' ELSE 'reviewed' END,
       COALESCE(supabase_move.plain_time(created_at), supabase_move.as_of())
  FROM source
 WHERE num_nonnulls(NULLIF(about, reporter_id), on_post, on_comment) > 0
ON CONFLICT (id) DO UPDATE SET status = excluded.status, description = excluded.description
WHERE (r.status, r.description) IS DISTINCT FROM (excluded.status, excluded.description)

-- name: move_notifications     $1 notifications uuids
WITH source AS (
	SELECT s.*, CASE s.type WHEN 'appreciate' THEN 'like' WHEN 'chain' THEN 'reply' ELSE s.type END AS kind
	  FROM supabase_move.notifications s WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1))
)
INSERT INTO notifications (id, user_id, type, actor_id, post_id, comment_id, is_read, metadata, created_at, archived_at)
SELECT s.id, s.user_id, s.kind, s.actor_id, s.post_id, s.comment_id, COALESCE(s.is_read, false),
       CASE WHEN jsonb_typeof(s.metadata) = 'object' THEN s.metadata ELSE '{}' END,
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()), supabase_move.plain_time(s.archived_at)
  FROM source s
  JOIN profiles u ON u.id = s.user_id
 WHERE s.kind IN ('like', 'comment', 'reply', 'mention', 'follow', 'follow_request', 'follow_accepted', 'message', 'save',
	'share', 'beacon_vouch', 'beacon_report', 'quip_reaction', 'nsfw_warning', 'content_removed')
   AND (s.actor_id IS NULL OR EXISTS (SELECT FROM profiles a WHERE a.id = s.actor_id))
   AND (s.post_id IS NULL OR EXISTS (SELECT FROM posts p WHERE p.id = s.post_id))
   AND (s.comment_id IS NULL OR EXISTS (SELECT FROM posts p WHERE p.id = s.comment_id))
 ORDER BY s.created_at DESC, s.id
ON CONFLICT DO NOTHING

-- name: move_devices     $1 tokens texts
INSERT INTO user_fcm_tokens AS o (token, user_id, device_type, created_at, last_updated)
SELECT DISTINCT ON (s.token) s.token, s.user_id, supabase_move.text_or(s.device_type, '{web,android,ios,desktop}', 'android'),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(COALESCE(s.last_updated, s.created_at)), supabase_move.as_of())
  FROM supabase_move.user_fcm_tokens s JOIN users u ON u.id = s.user_id
 WHERE char_length(s.token) BETWEEN 1 AND 4096 AND ($1::text[] IS NULL OR s.token = ANY ($1))
 ORDER BY s.token, COALESCE(s.last_updated, s.created_at) DESC NULLS LAST, s.user_id
ON CONFLICT (token) DO UPDATE SET user_id = excluded.user_id, device_type = excluded.device_type,
	created_at = excluded.created_at, last_updated = excluded.last_updated
WHERE o.* IS DISTINCT FROM excluded.*

-- ---- stored objects ----

-- name: move_buckets     $1 buckets texts
INSERT INTO storage_buckets AS o (id, name, public, file_size_limit, allowed_mime_types, owner_id, created_at, updated_at)
SELECT s.id, s.name, COALESCE(s.public, false), s.file_size_limit, s.allowed_mime_types, COALESCE(s.owner_id, s.owner),
       COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of())
  FROM supabase_move.old_buckets s WHERE s.name IS NOT NULL AND ($1::text[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (id) DO UPDATE SET name = excluded.name, public = excluded.public, file_size_limit = excluded.file_size_limit,
	allowed_mime_types = excluded.allowed_mime_types, owner_id = excluded.owner_id, created_at = excluded.created_at,
	updated_at = excluded.updated_at
WHERE o.* IS DISTINCT FROM excluded.*

-- One that was moved to another name, or made anew under the same, gives way; its bytes come again.
-- name: move_objects_clear     $1 objects uuids
DELETE FROM storage_objects o USING supabase_move.old_objects s
 WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1))
   AND (s.id = o.id AND (s.bucket_id, s.name) <> (o.bucket_id, o.name)
	OR s.bucket_id = o.bucket_id AND s.name = o.name AND s.id <> o.id)

-- Bytes that are here stay as they are until the source tells of others.
-- name: move_objects     $1 objects uuids
INSERT INTO storage_objects AS o (id, bucket_id, name, owner_id, version, size, mime, etag, metadata, user_metadata,
	created_at, updated_at, last_accessed_at)
SELECT s.id, s.bucket_id, s.name, COALESCE(s.owner_id, s.owner), s.version,
       CASE WHEN s.metadata ->> 'size' ~ '^\d{1,18}$' THEN (s.metadata ->> 'size')::bigint END, s.metadata ->> 'mimetype',
       supabase_move.etag(s.metadata), COALESCE(s.metadata, '{}'),
       COALESCE(s.user_metadata, '{}'), COALESCE(supabase_move.plain_time(s.created_at), supabase_move.as_of()),
       COALESCE(supabase_move.plain_time(s.updated_at), supabase_move.as_of()), supabase_move.plain_time(s.last_accessed_at)
  FROM supabase_move.old_objects s JOIN storage_buckets b ON b.id = s.bucket_id
 WHERE s.name IS NOT NULL AND ($1::uuid[] IS NULL OR s.id = ANY ($1))
ON CONFLICT (id) DO UPDATE SET owner_id = excluded.owner_id, version = excluded.version, mime = excluded.mime,
	size = CASE WHEN o.state = 'stored' AND excluded.size IS NULL THEN o.size ELSE excluded.size END,
	etag = excluded.etag, metadata = excluded.metadata, user_metadata = excluded.user_metadata,
	created_at = excluded.created_at, updated_at = excluded.updated_at, last_accessed_at = excluded.last_accessed_at,
	state = CASE WHEN (o.version, o.etag) IS DISTINCT FROM (excluded.version, excluded.etag)
		OR o.size <> excluded.size THEN 'pending' ELSE o.state END
WHERE (o.owner_id, o.version, o.size, o.mime, o.etag, o.metadata, o.user_metadata, o.created_at, o.updated_at,
	o.last_accessed_at) IS DISTINCT FROM (excluded.owner_id, excluded.version, excluded.size, excluded.mime, excluded.etag,
	excluded.metadata, excluded.user_metadata, excluded.created_at, excluded.updated_at, excluded.last_accessed_at)

-- ---- what somebody should know ----

-- name: move_find_users
INSERT INTO supabase_move.findings (code, subject, key, detail)
SELECT 'email_collision', 'auth.users', id::text, 'another account has this address and may use it' FROM users
 WHERE duplicate_email
UNION ALL
SELECT 'password_unverifiable', 'auth.users', id::text, 'the password has to be reset' FROM users WHERE password_reset_needed
UNION ALL
SELECT 'user_deleted', 'auth.users', id::text, 'was deleted softly; kept, hidden and without a password'
  FROM supabase_move.auth_users WHERE deleted_at IS NOT NULL
UNION ALL
SELECT 'profile_missing', 'auth.users', u.id::text, 'had no profile; one was made' FROM supabase_move.auth_users u
 WHERE NOT EXISTS (SELECT FROM supabase_move.profiles p WHERE p.id = u.id)
UNION ALL
SELECT 'profile_without_user', 'public.profiles', p.id::text, 'has no account; not taken over' FROM supabase_move.profiles p
 WHERE NOT EXISTS (SELECT FROM supabase_move.auth_users u WHERE u.id = p.id)
UNION ALL
SELECT 'handle_changed', 'public.profiles', s.id::text, format('%s is %s now', s.handle, p.handle)
  FROM supabase_move.profiles s JOIN profiles p ON p.id = s.id WHERE lower(btrim(s.handle)) <> p.handle
UNION ALL
SELECT 'identity_foreign', 'auth.identities', COALESCE(i.id, '') || ' ' || i.provider, 'no sign-in by that provider here'
  FROM supabase_move.auth_identities i WHERE i.provider NOT IN ('email', 'phone')
UNION ALL
SELECT 'identity_missing', 'auth.users', u.id::text, 'has a password and no identity; one was made'
  FROM supabase_move.auth_users u
 WHERE supabase_move.hash_kind(u.encrypted_password) <> 'none'
   AND NOT EXISTS (SELECT FROM supabase_move.auth_identities i WHERE i.user_id = u.id)
UNION ALL
SELECT 'factor_not_moved', 'auth.mfa_factors', f.id::text, format('%s, %s: set up anew', f.factor_type, f.status)
  FROM supabase_move.auth_mfa_factors f
 WHERE NOT EXISTS (SELECT FROM mfa_secrets m WHERE m.user_id = f.user_id) OR f.factor_type <> 'totp'
ON CONFLICT DO NOTHING

-- Addresses of the old project that are left, where addresses are kept and in texts, which stay as they were written.
-- name: move_find_addresses
INSERT INTO supabase_move.findings (code, subject, key, detail)
SELECT 'old_address', x.subject, x.key, count(*) || ' still name the old project'
  FROM (
	SELECT 'sojorn.profiles' AS subject, c.key, c.value FROM profiles p, LATERAL (VALUES ('avatar_url', p.avatar_url),
		('cover_url', p.cover_url), ('bio', p.bio), ('website', p.website), ('metadata_fields', p.metadata_fields::text))
		AS c (key, value)
	UNION ALL
	SELECT 'sojorn.posts', c.key, c.value FROM posts p, LATERAL (VALUES ('image_url', p.image_url), ('video_url', p.video_url),
		('thumbnail_url', p.thumbnail_url), ('first_frame_url', p.first_frame_url), ('overlay_json', p.overlay_json),
		('audio_overlay_url', p.audio_overlay_url), ('link_preview_image_url', p.link_preview_image_url), ('body', p.body))
		AS c (key, value)
	UNION ALL
	SELECT 'sojorn.categories', 'icon_url', icon_url FROM categories
) x
 WHERE x.value LIKE '%/storage/v1/%'
   AND (x.value LIKE '%.supabase.co/%' OR x.value LIKE '%.supabase.in/%' OR strpos(x.value,
	(SELECT old_url FROM supabase_move.runs ORDER BY id DESC LIMIT 1)) > 0)
 GROUP BY x.subject, x.key

-- name: move_find_posts
INSERT INTO supabase_move.findings (code, subject, key, detail)
SELECT 'body_over_500', 'public.posts', p.id::text, char_length(p.body) || ' characters' FROM posts p
 WHERE p.is_imported AND char_length(p.body) > 500
UNION ALL
SELECT 'beacon_over', 'public.posts', s.id::text, 'stays in the landing zone' FROM supabase_move.posts s
 WHERE COALESCE(s.is_beacon, false) AND NOT EXISTS (SELECT FROM beacons b WHERE b.id = s.id)
UNION ALL
SELECT 'orphan', 'public.posts.author_id', s.id::text, 'its author is gone' FROM supabase_move.posts s
 WHERE NOT COALESCE(s.is_beacon, false) AND NOT EXISTS (SELECT FROM profiles a WHERE a.id = s.author_id)
UNION ALL
SELECT 'thread_broken', 'public.posts.chain_parent_id', s.id::text, 'begins a thread now' FROM supabase_move.posts s
  JOIN posts p ON p.id = s.id WHERE s.chain_parent_id IS NOT NULL AND p.chain_parent_id IS NULL
UNION ALL
SELECT 'value_unknown', 'public.posts.visibility', s.id::text, s.visibility || ' is private now' FROM supabase_move.posts s
 WHERE s.visibility NOT IN ('public', 'followers', 'circle', 'neighborhood', 'private', 'only_me')
UNION ALL
SELECT 'value_unknown', 'public.posts.status', s.id::text, s.status || ' is flagged now' FROM supabase_move.posts s
 WHERE s.status NOT IN ('active', 'flagged', 'pending_moderation', 'removed', 'jailed', 'expired')
UNION ALL
SELECT 'orphan', 'public.comments', s.id::text, 'its post or author is gone' FROM supabase_move.comments s
 WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = s.id)
UNION ALL
SELECT 'orphan', 'public.post_likes', format('%s %s', s.post_id, s.user_id), 'its post or user is gone'
  FROM supabase_move.post_likes s
 WHERE NOT EXISTS (SELECT FROM post_likes l WHERE l.post_id = s.post_id AND l.user_id = s.user_id)
UNION ALL
SELECT 'orphan', 'public.post_saves', format('%s %s', s.post_id, s.user_id), 'its post or user is gone'
  FROM supabase_move.post_saves s
 WHERE NOT EXISTS (SELECT FROM post_saves l WHERE l.post_id = s.post_id AND l.user_id = s.user_id)
UNION ALL
SELECT 'orphan', 'public.follows', format('%s %s', s.follower_id, s.following_id), 'one of them is gone, or both are one'
  FROM supabase_move.follows s
 WHERE NOT EXISTS (SELECT FROM follows f WHERE f.follower_id = s.follower_id AND f.following_id = s.following_id)
UNION ALL
SELECT 'orphan', 'public.blocks', format('%s %s', s.blocker_id, s.blocked_id), 'one of them is gone, or both are one'
  FROM supabase_move.blocks s
 WHERE NOT EXISTS (SELECT FROM blocks f WHERE f.blocker_id = s.blocker_id AND f.blocked_id = s.blocked_id)
UNION ALL
SELECT 'not_moved', 'public.notifications', s.id::text, 'of an unknown kind, about what is gone, or said twice'
  FROM supabase_move.notifications s WHERE NOT EXISTS (SELECT FROM notifications n WHERE n.id = s.id)
UNION ALL
SELECT 'not_moved', 'public.reports', s.id::text, 'its reporter or what it is about is gone'
  FROM supabase_move.reports s WHERE NOT EXISTS (SELECT FROM reports r WHERE r.id = s.id)
UNION ALL
SELECT 'not_moved', 'public.user_fcm_tokens', format('%s %s', s.user_id, left(md5(s.token), 8)), 'its user is gone, or another one has the device now'
  FROM supabase_move.user_fcm_tokens s
 WHERE NOT EXISTS (SELECT FROM user_fcm_tokens t WHERE t.token = s.token AND t.user_id = s.user_id)
UNION ALL
SELECT 'counter_differs', 'public.post_metrics', s.post_id::text,
       format('likes %s, counted %s; saves %s, counted %s', s.like_count, m.like_count, s.save_count, m.save_count)
  FROM supabase_move.post_metrics s JOIN post_metrics m ON m.post_id = s.post_id
 WHERE (COALESCE(s.like_count, 0), COALESCE(s.save_count, 0)) <> (m.like_count, m.save_count)
UNION ALL
SELECT 'orphan', 'storage.objects', s.id::text, 'its bucket is gone, or it has no name' FROM supabase_move.old_objects s
 WHERE NOT EXISTS (SELECT FROM storage_objects o WHERE o.id = s.id)
ON CONFLICT DO NOTHING
