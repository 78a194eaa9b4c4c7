-- What an account shows of itself, and what it has chosen. A profile row holds what lists and access
-- rules need of an author; what nobody else may ever see is in tables of its own.
SET search_path = sojorn, public, extensions;

CREATE TABLE profiles (
	id                        uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	handle                    text COLLATE "C" NOT NULL CHECK (handle <> '' AND char_length(handle) <= 64),
	display_name              text NOT NULL CHECK (char_length(display_name) <= 100),
	is_live                   boolean NOT NULL DEFAULT false,
	is_private                boolean NOT NULL DEFAULT false,
	posts_visibility          text NOT NULL DEFAULT 'public' CHECK (posts_visibility IN
		('public', 'followers', 'circle', 'private')),
	is_official               boolean NOT NULL DEFAULT false,
	is_verified               boolean NOT NULL DEFAULT false,
	role                      text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'moderator', 'admin')),
	has_completed_onboarding  boolean NOT NULL DEFAULT false,
	beacon_enabled            boolean NOT NULL DEFAULT false,
	followers_count           integer NOT NULL DEFAULT 0 CHECK (followers_count >= 0),
	following_count           integer NOT NULL DEFAULT 0 CHECK (following_count >= 0),
	posts_count               integer NOT NULL DEFAULT 0 CHECK (posts_count >= 0),
	avatar_url                text,
	cover_url                 text,
	bio                       text,
	location                  text,
	website                   text,
	interests                 text[] NOT NULL DEFAULT '{}',
	status_text               text,
	status_updated_at         timestamptz,
	metadata_fields           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(metadata_fields) = 'array'),
	created_at                timestamptz NOT NULL DEFAULT now(),
	updated_at                timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

COMMENT ON COLUMN profiles.is_live IS 'users.status = ''active'', kept by triggers; never written by hand';
COMMENT ON COLUMN profiles.is_private IS 'the one private flag; answered as is_private and is_private_profile';
COMMENT ON COLUMN profiles.posts_visibility IS 'ceiling on the visibility of each of the account''s posts';
COMMENT ON COLUMN profiles.posts_count IS 'own root posts that are not deleted';

-- byte order (COLLATE "C") lets it serve "begins with" too
CREATE UNIQUE INDEX profiles_handle_key ON profiles (lower(handle));
CREATE INDEX profiles_newest ON profiles (created_at DESC, id DESC) WHERE is_live;

-- Accounts change their status in many places: verification, sign-in, deactivation, strikes, lapse of a
-- suspension, the operator, the importer. So the flag follows by trigger, whichever row comes first, and
-- also in sessions that replicate or load in bulk (ENABLE ALWAYS).
CREATE FUNCTION profiles_take_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.is_live := EXISTS (SELECT FROM sojorn.users u WHERE u.id = NEW.id AND u.status = 'active');
	RETURN NEW;
END $$;
CREATE TRIGGER profiles_take_status BEFORE INSERT ON profiles
	FOR EACH ROW EXECUTE FUNCTION profiles_take_status();
ALTER TABLE profiles ENABLE ALWAYS TRIGGER profiles_take_status;

CREATE FUNCTION users_pass_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sojorn.profiles p SET is_live = (NEW.status = 'active')
	 WHERE p.id = NEW.id AND p.is_live <> (NEW.status = 'active');
	RETURN NULL;
END $$;
CREATE TRIGGER users_pass_status AFTER INSERT OR UPDATE OF status ON users
	FOR EACH ROW EXECUTE FUNCTION users_pass_status();
ALTER TABLE users ENABLE ALWAYS TRIGGER users_pass_status;

-- For the owner and the server only.
CREATE TABLE profile_private (
	user_id         uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	birth_month     integer NOT NULL DEFAULT 0 CHECK (birth_month BETWEEN 0 AND 12),
	birth_year      integer NOT NULL DEFAULT 0 CHECK (birth_year >= 0),
	strikes         integer NOT NULL DEFAULT 0 CHECK (strikes >= 0),
	origin_country  text
);

-- Settings and privacy. The two values that decide about every post in every list, is_private and
-- posts_visibility, are on the profile row, which those queries read anyway.
CREATE TABLE user_settings (
	user_id                  uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	theme                    text NOT NULL DEFAULT 'system',
	language                 text NOT NULL DEFAULT 'en',
	timezone                 text NOT NULL DEFAULT 'UTC',
	notifications_enabled    boolean NOT NULL DEFAULT true,
	email_notifications      boolean NOT NULL DEFAULT true,
	push_notifications       boolean NOT NULL DEFAULT true,
	content_filter_level     text NOT NULL DEFAULT 'medium',
	auto_play_videos         boolean NOT NULL DEFAULT true,
	data_saver_mode          boolean NOT NULL DEFAULT false,
	default_post_ttl         integer CHECK (default_post_ttl BETWEEN 1 AND 8760),
	nsfw_enabled             boolean NOT NULL DEFAULT false,
	nsfw_blur_enabled        boolean NOT NULL DEFAULT true,
	profile_visibility       text NOT NULL DEFAULT 'public' CHECK (profile_visibility IN
		('public', 'followers', 'circle', 'private')),
	saved_visibility         text NOT NULL DEFAULT 'private' CHECK (saved_visibility IN
		('public', 'followers', 'circle', 'private')),
	default_post_visibility  text NOT NULL DEFAULT 'public' CHECK (default_post_visibility IN
		('public', 'followers', 'circle', 'neighborhood', 'private')),
	follow_request_policy    text NOT NULL DEFAULT 'everyone' CHECK (follow_request_policy IN
		('everyone', 'manual')),
	who_can_comment          text NOT NULL DEFAULT 'mutuals' CHECK (who_can_comment IN
		('everyone', 'followers', 'mutuals', 'nobody')),
	who_can_message          text NOT NULL DEFAULT 'mutuals' CHECK (who_can_message IN
		('everyone', 'followers', 'mutuals', 'nobody')),
	allow_chains             boolean NOT NULL DEFAULT true,
	show_activity_status     boolean NOT NULL DEFAULT true,
	show_in_search           boolean NOT NULL DEFAULT true,
	show_in_suggestions      boolean NOT NULL DEFAULT true,
	show_location            boolean NOT NULL DEFAULT true,
	show_interests           boolean NOT NULL DEFAULT true,
	updated_at               timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN user_settings.default_post_ttl IS 'hours; NULL: posts stay';

-- Harmony shapes reach and the daily number of posts; only the tier is public.
CREATE TABLE trust_state (
	user_id               uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	harmony_score         integer NOT NULL DEFAULT 50 CHECK (harmony_score BETWEEN 0 AND 100),
	tier                  text NOT NULL DEFAULT 'new' CHECK (tier IN
		('new', 'sprout', 'trusted', 'elder', 'established')),
	posts_today           integer NOT NULL DEFAULT 0 CHECK (posts_today >= 0),
	posts_day             date,
	last_post_at          timestamptz,
	last_harmony_calc_at  timestamptz,
	updated_at            timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
COMMENT ON COLUMN trust_state.tier IS 'stays new until the first calculation, whatever the score';
COMMENT ON COLUMN trust_state.posts_day IS 'the UTC day posts_today counts';

-- T-TRS-3: the tier changes exactly at 20, 40, 65, 85.
CREATE FUNCTION tier_of_score(score integer) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN score >= 85 THEN 'established'
	     WHEN score >= 65 THEN 'elder'
	     WHEN score >= 40 THEN 'trusted'
	     WHEN score >= 20 THEN 'sprout'
	     ELSE 'new' END;

-- T-TRS-1: posts a UTC day.
CREATE FUNCTION tier_daily_posts(tier text) RETURNS integer LANGUAGE sql IMMUTABLE RETURN
	CASE tier WHEN 'established' THEN 50 WHEN 'elder' THEN 25 WHEN 'trusted' THEN 15 WHEN 'sprout' THEN 5
		  ELSE 2 END;
