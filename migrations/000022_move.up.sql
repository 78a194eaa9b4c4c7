-- Leaving Supabase: what the move remembers, and how its SQL sees a source whose tables and columns depend on
-- the age of the project. The source's own tables arrive unchanged in schemas of their own names.
SET search_path = sojorn, public, extensions;

-- Rows of the old app that no form of this one would let in, and that are kept as they are all the same.
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
COMMENT ON COLUMN users.email IS 'NULL: signed up elsewhere with a phone, a foreign account or nothing';
ALTER TABLE posts ADD COLUMN is_imported boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN posts.is_imported IS 'came from the old app, where bodies had no limit';
ALTER TABLE posts DROP CONSTRAINT posts_body_check;
ALTER TABLE posts ADD CONSTRAINT posts_body_check CHECK (is_imported OR char_length(body) <= 500);
ALTER TABLE profiles DROP CONSTRAINT profiles_display_name_check;
ALTER TABLE profiles ADD CONSTRAINT profiles_display_name_check CHECK (char_length(display_name) <= 10000);
ALTER TABLE reports DROP CONSTRAINT reports_description_check;
ALTER TABLE reports ADD CONSTRAINT reports_description_check CHECK (char_length(description) <= 100000);

CREATE TABLE post_places (
	post_id   uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
	location  geography NOT NULL
);
COMMENT ON TABLE post_places IS 'where an imported post was written; shown to nobody';

CREATE SCHEMA supabase_move;

-- A run takes one source over; the newest is the one in force. as_of is its "now", so that doing a part of
-- it again gives the same.
CREATE TABLE supabase_move.runs (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	phase       text NOT NULL DEFAULT 'landing' CHECK (phase IN ('landing', 'landed', 'transformed')),
	as_of       timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE supabase_move.files (
	run_id       bigint NOT NULL REFERENCES supabase_move.runs ON DELETE CASCADE,
	n            integer NOT NULL,
	name         text NOT NULL,
	size         bigint NOT NULL,
	fingerprint  text NOT NULL,
	done_to      bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (run_id, n)
);
COMMENT ON COLUMN supabase_move.files.done_to IS 'everything before this byte has an entry in the ledger';

-- Every statement of every file. An entry is written in the transaction of what it tells of.
CREATE TABLE supabase_move.ledger (
	run_id   bigint NOT NULL REFERENCES supabase_move.runs ON DELETE CASCADE,
	file     integer NOT NULL,
	at       bigint NOT NULL,
	kind     text NOT NULL,
	object   text NOT NULL DEFAULT '',
	outcome  text NOT NULL CHECK (outcome IN ('done', 'partial', 'skipped', 'failed')),
	reason   text NOT NULL DEFAULT '',
	n        bigint NOT NULL DEFAULT 0,
	done_to  bigint NOT NULL DEFAULT 0,
	text     text NOT NULL DEFAULT '',
	PRIMARY KEY (run_id, file, at)
);
COMMENT ON COLUMN supabase_move.ledger.n IS 'rows of the source in it';
COMMENT ON COLUMN supabase_move.ledger.done_to IS 'of a partial one: where its remaining rows begin';
COMMENT ON COLUMN supabase_move.ledger.text IS 'the statement, if it was skipped, has failed or is a setting';

-- What somebody should know about or decide; written by the transform, each time anew.
CREATE TABLE supabase_move.findings (
	code     text NOT NULL,
	subject  text NOT NULL,
	key      text NOT NULL,
	detail   text NOT NULL DEFAULT '',
	PRIMARY KEY (code, subject, key)
);

CREATE TABLE supabase_move.landed (name text PRIMARY KEY, n bigint NOT NULL);
COMMENT ON TABLE supabase_move.landed IS 'rows of each table of the landing zone when a report last looked';

CREATE FUNCTION supabase_move.as_of() RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT as_of FROM supabase_move.runs ORDER BY id DESC LIMIT 1
$$;

-- A time that clients can be told: neither infinite nor outside of four-digit years.
CREATE FUNCTION supabase_move.plain_time(t timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN t IS NOT NULL
	     THEN LEAST(GREATEST(t, timestamptz '0001-01-01 00:00:00+00'), timestamptz '9999-12-31 23:59:59+00') END;

-- A share between 0 and 1; NULL stays NULL, which LEAST and GREATEST would not do.
CREATE FUNCTION supabase_move.share(n double precision) RETURNS double precision LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN n IS NOT NULL THEN LEAST(GREATEST(n, 0), 1) END;

-- In the order in which the old server tells them apart. "unknown" and "encrypted": nobody can check them.
CREATE FUNCTION supabase_move.hash_kind(hash text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN COALESCE(hash, '') = '' THEN 'none'
	     WHEN hash LIKE '{%' THEN 'encrypted'
	     WHEN hash ~ '^\$argon2id?\$v=19\$m=\d+,t=\d+,p=\d+\$' THEN 'argon2'
	     WHEN hash ~ '^\$fbscrypt\$v=1,' THEN 'fbscrypt'
	     WHEN hash ~ '^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$' THEN 'bcrypt'
	     ELSE 'unknown' END;

CREATE FUNCTION supabase_move.text_or(value text, allowed text[], other text) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN value = ANY (allowed) THEN value ELSE other END;

-- A view of a source table with exactly these columns ("name type"), NULL where the source has none of that
-- name, empty where it has no such table.
CREATE FUNCTION supabase_move.shape(view text, source text, columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	origin regclass := to_regclass(source);
	list text := '';
	wanted text;
	name text;
	type regtype;
	found record;
BEGIN
	FOREACH wanted IN ARRAY columns LOOP
		name := split_part(wanted, ' ', 1);
		type := substr(wanted, length(name) + 2)::regtype;
		SELECT a.atttypid::regtype AS type, a.atttypmod AS modifier INTO found FROM pg_attribute a
		 WHERE a.attrelid = origin AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped;
		list := list || CASE
			WHEN found.type IS NULL THEN format(', NULL::%s AS %I', type, name)
			WHEN found.type = type AND found.modifier = -1 THEN format(', s.%I', name)
			ELSE format(', s.%I::text::%s AS %I', name, type, name) END;
	END LOOP;
	EXECUTE format('CREATE OR REPLACE VIEW supabase_move.%I AS SELECT %s %s', view, substr(list, 3),
		CASE WHEN origin IS NULL THEN 'WHERE false' ELSE format('FROM %s s', origin) END);
END $$;

CREATE FUNCTION supabase_move.shape_all() RETURNS void LANGUAGE plpgsql
	SET search_path = sojorn, public, extensions AS $$
BEGIN
	PERFORM supabase_move.shape('auth_users', 'auth.users', ARRAY['id uuid', 'email text', 'phone text',
		'encrypted_password text', 'email_confirmed_at timestamptz', 'phone_confirmed_at timestamptz',
		'last_sign_in_at timestamptz', 'raw_user_meta_data jsonb', 'banned_until timestamptz',
		'is_sso_user boolean', 'deleted_at timestamptz', 'is_anonymous boolean', 'created_at timestamptz',
		'updated_at timestamptz']);
	PERFORM supabase_move.shape('auth_identities', 'auth.identities', ARRAY['id text', 'provider_id text',
		'provider text', 'user_id uuid']);
	PERFORM supabase_move.shape('auth_sessions', 'auth.sessions', ARRAY['id uuid', 'user_id uuid', 'aal text',
		'not_after timestamptz', 'refreshed_at timestamptz', 'user_agent text', 'ip inet',
		'refresh_token_hmac_key text', 'refresh_token_counter bigint', 'created_at timestamptz',
		'updated_at timestamptz']);
	PERFORM supabase_move.shape('auth_refresh_tokens', 'auth.refresh_tokens', ARRAY['id bigint', 'token text',
		'user_id text', 'session_id uuid', 'parent text', 'revoked boolean', 'created_at timestamptz',
		'updated_at timestamptz']);
	PERFORM supabase_move.shape('auth_mfa_factors', 'auth.mfa_factors', ARRAY['id uuid', 'user_id uuid',
		'factor_type text', 'status text', 'secret text', 'created_at timestamptz']);
	PERFORM supabase_move.shape('profiles', 'public.profiles', ARRAY['id uuid', 'handle text',
		'display_name text', 'bio text', 'avatar_url text', 'cover_url text', 'location text',
		'website text', 'origin_country text', 'is_official boolean', 'is_private boolean',
		'is_verified boolean', 'beacon_enabled boolean', 'interests text[]', 'strikes integer',
		'has_completed_onboarding boolean', 'role text', 'birth_month integer', 'birth_year integer',
		'status_text text', 'status_updated_at timestamptz', 'metadata_fields jsonb',
		'created_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('categories', 'public.categories', ARRAY['id uuid', 'slug text', 'name text',
		'description text', 'icon_url text', 'is_sensitive boolean', 'default_off boolean',
		'is_active boolean', 'official_account_id uuid', 'created_at timestamptz']);
	PERFORM supabase_move.shape('user_category_settings', 'public.user_category_settings', ARRAY['user_id uuid',
		'category_id uuid', 'enabled boolean', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('follows', 'public.follows', ARRAY['follower_id uuid', 'following_id uuid',
		'status text', 'created_at timestamptz']);
	PERFORM supabase_move.shape('blocks', 'public.blocks', ARRAY['blocker_id uuid', 'blocked_id uuid',
		'created_at timestamptz']);
	PERFORM supabase_move.shape('posts', 'public.posts', ARRAY['id uuid', 'author_id uuid', 'category_id uuid',
		'body text', 'status text', 'tone_label text', 'detected_tone text', 'cis_score double precision',
		'content_integrity_score double precision', 'image_url text', 'video_url text',
		'thumbnail_url text', 'first_frame_url text', 'duration_ms integer', 'body_format text',
		'background_id text', 'overlay_json text', 'audio_overlay_url text', 'tags text[]',
		'is_beacon boolean', 'beacon_type text', 'location geography', 'severity text',
		'incident_status text', 'radius integer', 'allow_chain boolean', 'chain_parent_id uuid',
		'visibility text', 'is_nsfw boolean', 'nsfw_reason text', 'link_preview_url text',
		'link_preview_title text', 'link_preview_description text', 'link_preview_image_url text',
		'link_preview_site_name text', 'pinned_at timestamptz', 'expires_at timestamptz',
		'edited_at timestamptz', 'deleted_at timestamptz', 'created_at timestamptz']);
	PERFORM supabase_move.shape('post_metrics', 'public.post_metrics', ARRAY['post_id uuid',
		'like_count integer', 'save_count integer', 'view_count integer', 'comment_count integer']);
	PERFORM supabase_move.shape('post_likes', 'public.post_likes', ARRAY['post_id uuid', 'user_id uuid',
		'created_at timestamptz']);
	PERFORM supabase_move.shape('post_saves', 'public.post_saves', ARRAY['post_id uuid', 'user_id uuid',
		'created_at timestamptz']);
	PERFORM supabase_move.shape('comments', 'public.comments', ARRAY['id uuid', 'post_id uuid', 'author_id uuid',
		'parent_id uuid', 'body text', 'status text', 'tone_label text', 'cis_score double precision',
		'created_at timestamptz', 'deleted_at timestamptz']);
	PERFORM supabase_move.shape('reports', 'public.reports', ARRAY['id uuid', 'reporter_id uuid',
		'target_type text', 'target_id uuid', 'reason text', 'description text', 'status text',
		'created_at timestamptz']);
	PERFORM supabase_move.shape('trust_state', 'public.trust_state', ARRAY['user_id uuid',
		'harmony_score integer', 'tier text', 'last_post_at timestamptz', 'updated_at timestamptz']);
	PERFORM supabase_move.shape('notifications', 'public.notifications', ARRAY['id uuid', 'user_id uuid',
		'type text', 'actor_id uuid', 'post_id uuid', 'comment_id uuid', 'is_read boolean',
		'metadata jsonb', 'created_at timestamptz', 'archived_at timestamptz']);
	PERFORM supabase_move.shape('user_fcm_tokens', 'public.user_fcm_tokens', ARRAY['user_id uuid', 'token text',
		'device_type text', 'created_at timestamptz', 'last_updated timestamptz']);
END $$;

SELECT supabase_move.shape_all();
