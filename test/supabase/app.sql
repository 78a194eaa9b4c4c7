-- The old app's tables in schema public, with policies, triggers and a webhook, as its project had them.
SET client_min_messages = warning;
SET search_path = public, extensions;

CREATE TYPE post_status AS ENUM ('active', 'flagged', 'removed');
CREATE TYPE trust_tier AS ENUM ('new', 'trusted', 'established');
CREATE DOMAIN handle_text AS text CHECK (VALUE <> '');

CREATE TABLE profiles (
	id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
	handle handle_text NOT NULL UNIQUE,
	display_name text,
	bio text,
	avatar_url text,
	cover_url text,
	location text,
	website text,
	interests text[] DEFAULT '{}',
	is_official boolean DEFAULT false,
	is_private boolean DEFAULT false,
	beacon_enabled boolean DEFAULT false,
	role text NOT NULL DEFAULT 'user',
	birth_month integer NOT NULL DEFAULT 0,
	birth_year integer NOT NULL DEFAULT 0,
	strikes integer DEFAULT 0,
	has_completed_onboarding boolean NOT NULL DEFAULT false,
	identity_key text,
	registration_id integer,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE trust_state (
	user_id uuid PRIMARY KEY REFERENCES profiles ON DELETE CASCADE,
	harmony_score integer NOT NULL DEFAULT 50,
	tier trust_tier NOT NULL DEFAULT 'new',
	last_post_at timestamptz,
	updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE categories (
	id uuid PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
	slug text NOT NULL UNIQUE,
	name text NOT NULL,
	description text,
	icon_url text,
	is_sensitive boolean NOT NULL DEFAULT false,
	default_off boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE user_category_settings (
	user_id uuid REFERENCES profiles ON DELETE CASCADE,
	category_id uuid REFERENCES categories ON DELETE CASCADE,
	enabled boolean NOT NULL DEFAULT true,
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, category_id)
);
CREATE TABLE follows (
	follower_id uuid REFERENCES profiles ON DELETE CASCADE,
	following_id uuid REFERENCES profiles ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (follower_id, following_id)
);
CREATE TABLE blocks (
	blocker_id uuid,
	blocked_id uuid,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (blocker_id, blocked_id)
);
CREATE TABLE posts (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	author_id uuid REFERENCES profiles ON DELETE CASCADE,
	category_id uuid REFERENCES categories ON DELETE SET NULL,
	body text NOT NULL,
	status post_status NOT NULL DEFAULT 'active',
	detected_tone text DEFAULT 'neutral',
	content_integrity_score double precision DEFAULT 1.0,
	image_url text,
	video_url text,
	body_format text NOT NULL DEFAULT 'plain',
	tags text[] DEFAULT '{}',
	location extensions.geography(Point, 4326),
	is_beacon boolean NOT NULL DEFAULT false,
	beacon_type text,
	allow_chain boolean NOT NULL DEFAULT true,
	chain_parent_id uuid REFERENCES posts ON DELETE SET NULL,
	visibility text NOT NULL DEFAULT 'public',
	is_nsfw boolean NOT NULL DEFAULT false,
	pinned_at timestamptz,
	expires_at timestamptz,
	edited_at timestamptz,
	deleted_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	body_length integer GENERATED ALWAYS AS (char_length(body)) STORED
);
CREATE INDEX posts_author ON posts (author_id);
CREATE INDEX posts_location ON posts USING gist (location);
CREATE INDEX posts_body_trgm ON posts USING gin (body extensions.gin_trgm_ops);
CREATE TABLE post_metrics (
	post_id uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
	like_count integer DEFAULT 0,
	save_count integer DEFAULT 0,
	view_count integer DEFAULT 0,
	comment_count integer DEFAULT 0,
	updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE post_likes (
	post_id uuid REFERENCES posts ON DELETE CASCADE,
	user_id uuid REFERENCES profiles ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
CREATE TABLE post_saves (
	post_id uuid,
	user_id uuid,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
CREATE TABLE comments (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	author_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	parent_id uuid REFERENCES comments ON DELETE SET NULL,
	body text NOT NULL,
	status post_status NOT NULL DEFAULT 'active',
	tone_label text,
	cis_score double precision,
	created_at timestamptz NOT NULL DEFAULT now(),
	deleted_at timestamptz
);
CREATE TABLE reports (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	reporter_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	target_type text NOT NULL,
	target_id uuid NOT NULL,
	reason text NOT NULL,
	description text,
	status text NOT NULL DEFAULT 'pending',
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE notifications (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id uuid NOT NULL,
	type text NOT NULL,
	actor_id uuid,
	post_id uuid,
	comment_id uuid,
	is_read boolean NOT NULL DEFAULT false,
	metadata jsonb DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE user_fcm_tokens (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	user_id uuid NOT NULL,
	token text NOT NULL,
	device_type text,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (user_id, token)
);
CREATE TABLE audit_log (
	id bigserial PRIMARY KEY,
	actor_id uuid,
	action text NOT NULL,
	payload jsonb,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE signed_prekeys (
	user_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	key_id integer NOT NULL,
	public_key text NOT NULL,
	signature text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, key_id)
);
CREATE TABLE one_time_prekeys (
	user_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	key_id integer NOT NULL,
	public_key text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, key_id)
);
CREATE TABLE encrypted_conversations (
	id uuid PRIMARY KEY,
	participant_a uuid NOT NULL,
	participant_b uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	last_message_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (participant_a, participant_b)
);
CREATE TABLE secure_messages (
	id uuid PRIMARY KEY,
	conversation_id uuid NOT NULL REFERENCES encrypted_conversations ON DELETE CASCADE,
	sender_id uuid NOT NULL,
	receiver_id uuid NOT NULL,
	ciphertext text NOT NULL,
	message_header text NOT NULL DEFAULT '',
	iv text NOT NULL DEFAULT '',
	key_version text NOT NULL DEFAULT 'x3dh',
	message_type integer NOT NULL DEFAULT 1,
	reply_to_id uuid REFERENCES secure_messages ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	delivered_at timestamptz,
	read_at timestamptz,
	expires_at timestamptz
);
CREATE TABLE message_reactions (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	message_id uuid NOT NULL REFERENCES secure_messages ON DELETE CASCADE,
	user_id uuid NOT NULL,
	emoji varchar(10) NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (message_id, user_id, emoji)
);
CREATE TABLE encrypted_messages (
	id uuid PRIMARY KEY,
	conversation_id uuid NOT NULL,
	sender_id uuid NOT NULL,
	ciphertext text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE user_settings (
	user_id uuid PRIMARY KEY REFERENCES profiles ON DELETE CASCADE,
	theme text DEFAULT 'system',
	language text DEFAULT 'en',
	notifications_enabled boolean DEFAULT true,
	email_notifications boolean DEFAULT true,
	push_notifications boolean DEFAULT true,
	content_filter_level text DEFAULT 'medium',
	auto_play_videos boolean DEFAULT true,
	data_saver_mode boolean DEFAULT false,
	default_post_ttl integer,
	nsfw_enabled boolean DEFAULT false,
	nsfw_blur_enabled boolean DEFAULT true,
	updated_at timestamptz DEFAULT now()
);
CREATE TABLE profile_privacy_settings (
	user_id uuid PRIMARY KEY REFERENCES profiles ON DELETE CASCADE,
	profile_visibility text DEFAULT 'public',
	posts_visibility text DEFAULT 'public',
	saved_visibility text DEFAULT 'private',
	follow_request_policy text DEFAULT 'everyone',
	default_post_visibility text DEFAULT 'public',
	is_private_profile boolean DEFAULT false,
	who_can_comment text,
	who_can_message text,
	updated_at timestamptz DEFAULT now()
);
CREATE TABLE notification_preferences (
	user_id uuid PRIMARY KEY REFERENCES profiles ON DELETE CASCADE,
	push_enabled boolean NOT NULL DEFAULT true,
	push_likes boolean NOT NULL DEFAULT true,
	push_messages boolean NOT NULL DEFAULT true,
	email_digest_frequency text DEFAULT 'never',
	quiet_hours_enabled boolean NOT NULL DEFAULT false,
	quiet_hours_start time,
	quiet_hours_end time,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE circle_members (
	user_id uuid,
	member_id uuid,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, member_id)
);
CREATE TABLE post_reactions (
	post_id uuid,
	user_id uuid,
	emoji text,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id, emoji)
);
CREATE TABLE post_hides (
	user_id uuid,
	post_id uuid,
	author_id uuid,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, post_id)
);
CREATE TABLE trending_overrides (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	post_id uuid,
	category_id uuid,
	reason text,
	expires_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE comment_votes (
	comment_id uuid,
	user_id uuid,
	vote integer NOT NULL,
	PRIMARY KEY (comment_id, user_id)
);
-- Everything a column can hold, and a table without a key.
CREATE TABLE oddities (
	n integer,
	at timestamptz,
	local timestamp,
	day date,
	clock timetz,
	span interval,
	ratio double precision,
	amount numeric,
	doc json,
	docb jsonb,
	raw bytea,
	list integer[],
	names extensions.citext[],
	price money,
	text text
);
CREATE SCHEMA "Private Things";
CREATE TABLE "Private Things"."Odd ""Name""" (id integer PRIMARY KEY, "select" text);

CREATE FUNCTION is_mutual_follow(a uuid, b uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
	AS $$ SELECT EXISTS (SELECT 1 FROM public.follows f WHERE f.follower_id = a AND f.following_id = b); -- ; ' $$;
CREATE FUNCTION has_block_between(a uuid, b uuid) RETURNS boolean LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT CASE WHEN EXISTS (SELECT 1 FROM blocks k WHERE k.blocker_id = a AND k.blocked_id = b) THEN true ELSE false END;
	END;
CREATE FUNCTION handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
	INSERT INTO public.profiles (id, handle, display_name)
	VALUES (NEW.id, NEW.raw_user_meta_data ->> 'handle', NEW.raw_user_meta_data ->> 'display_name');
	RETURN NEW;
END $body$;
CREATE FUNCTION count_like() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE public.post_metrics SET like_count = like_count + 1 WHERE post_id = NEW.post_id;
	RETURN NEW;
END $$;
CREATE VIEW public_posts AS SELECT p.id, p.body, a.handle FROM posts p JOIN profiles a ON a.id = p.author_id
	WHERE p.visibility = 'public';

DO $$
DECLARE t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['profiles', 'trust_state', 'categories', 'user_category_settings', 'follows', 'blocks',
		'posts', 'post_metrics', 'post_likes', 'post_saves', 'comments', 'reports', 'notifications', 'user_settings',
		'profile_privacy_settings'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('GRANT ALL ON %I TO anon, authenticated, service_role', t);
	END LOOP;
END $$;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY "Posts of mutuals; and one's own" ON posts FOR SELECT TO authenticated
	USING (author_id = auth.uid() OR is_mutual_follow(auth.uid(), author_id));
CREATE POLICY profiles_are_public ON profiles FOR SELECT TO anon, authenticated USING (true);
ALTER PUBLICATION supabase_realtime ADD TABLE notifications;
