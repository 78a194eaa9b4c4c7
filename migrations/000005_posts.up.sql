-- Posts and comments, what people do with them, and the categories and hashtags they are filed under.
SET search_path = sojorn, public, extensions;

CREATE TABLE categories (
	id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	slug                 text NOT NULL UNIQUE CHECK (slug = lower(slug)),
	name                 text NOT NULL,
	description          text,
	icon_url             text,
	is_sensitive         boolean NOT NULL DEFAULT false,
	default_off          boolean NOT NULL DEFAULT true,
	is_active            boolean NOT NULL DEFAULT true,
	official_account_id  uuid REFERENCES profiles ON DELETE SET NULL,
	created_at           timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN categories.icon_url IS 'answered as "emoji"';
COMMENT ON COLUMN categories.default_off IS 'not shown to anybody who has not enabled it';
CREATE INDEX categories_official_account ON categories (official_account_id) WHERE official_account_id IS NOT NULL;

INSERT INTO categories (id, slug, name, description, icon_url, is_sensitive, default_off, created_at)
SELECT v.*, timestamptz '2026-01-01 00:00:00+00' FROM (VALUES
	('5070a000-0000-4000-8000-000000000001'::uuid, 'general', 'General', 'Anything and everything', '💬', false, false),
	('5070a000-0000-4000-8000-000000000002', 'politics', 'Politics', 'Policy, elections and public life', '🏛️', true, true),
	('5070a000-0000-4000-8000-000000000003', 'tech', 'Tech', 'Software, hardware and the people behind them', '💻', false, true),
	('5070a000-0000-4000-8000-000000000004', 'art', 'Art', 'Made by hand, lens, voice or machine', '🎨', false, true),
	('5070a000-0000-4000-8000-000000000005', 'gratitude', 'Gratitude', 'What went well, and who helped', '🙏', false, true),
	('5070a000-0000-4000-8000-000000000006', 'grief', 'Grief', 'Loss, and living with it', '🕯️', true, true),
	('5070a000-0000-4000-8000-000000000007', 'struggle', 'Struggle', 'Hard days, said out loud', '🌧️', true, true),
	('5070a000-0000-4000-8000-000000000008', 'world-events', 'World events', 'What is happening, near and far', '🌍', true, true),
	('5070a000-0000-4000-8000-000000000009', 'health', 'Health', 'Body and mind', '🌿', false, true),
	('5070a000-0000-4000-8000-00000000000a', 'nature', 'Nature', 'Animals, plants, weather and places', '🌲', false, true),
	('5070a000-0000-4000-8000-00000000000b', 'learning', 'Learning', 'Books, study and questions', '📚', false, true),
	('5070a000-0000-4000-8000-00000000000c', 'humor', 'Humor', 'To be taken lightly', '😄', false, true)
) AS v;

CREATE TABLE user_category_settings (
	user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	category_id  uuid NOT NULL REFERENCES categories ON DELETE CASCADE,
	enabled      boolean NOT NULL DEFAULT true,
	updated_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, category_id)
);
CREATE INDEX user_category_settings_category ON user_category_settings (category_id);

-- Three kinds of row: a root post (root_id is NULL), a chained post that answers another, and a comment.
-- root_id is the key of a thread, not a reference: when the first post is purged, what others have
-- answered stays together and does not turn into root posts. comment_on_id is the post (never a comment)
-- whose author decides who reads the comment; chain_parent_id is what the row answers directly.
CREATE TABLE posts (
	id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	author_id                uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	kind                     text NOT NULL DEFAULT 'post' CHECK (kind IN ('post', 'comment')),
	status                   text NOT NULL DEFAULT 'active' CHECK (status IN
		('active', 'flagged', 'pending_moderation', 'removed', 'jailed', 'expired')),
	visibility               text NOT NULL DEFAULT 'public' CHECK (visibility IN
		('public', 'followers', 'circle', 'neighborhood', 'private')),
	created_at               timestamptz NOT NULL DEFAULT now(),
	expires_at               timestamptz,
	deleted_at               timestamptz,
	edited_at                timestamptz,
	pinned_at                timestamptz,
	category_id              uuid REFERENCES categories ON DELETE SET NULL,
	chain_parent_id          uuid REFERENCES posts ON DELETE SET NULL,
	root_id                  uuid,
	comment_on_id            uuid REFERENCES posts ON DELETE CASCADE,
	depth                    integer NOT NULL DEFAULT 0 CHECK (depth >= 0),
	allow_chain              boolean NOT NULL DEFAULT true,
	is_nsfw                  boolean NOT NULL DEFAULT false,
	cis_score                double precision CHECK (cis_score BETWEEN 0 AND 1),
	tone_label               text CHECK (tone_label IN ('positive', 'neutral', 'mixed', 'negative', 'hostile')),
	duration_ms              integer NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
	body                     text NOT NULL DEFAULT '' CHECK (char_length(body) <= 500),
	body_format              text NOT NULL DEFAULT 'plain' CHECK (body_format IN ('plain', 'markdown')),
	tags                     text[] NOT NULL DEFAULT '{}',
	nsfw_reason              text NOT NULL DEFAULT '',
	image_url                text,
	video_url                text,
	thumbnail_url            text,
	first_frame_url          text,
	background_id            text,
	overlay_json             text,
	audio_overlay_url        text,
	link_preview_url         text,
	link_preview_title       text,
	link_preview_description text,
	link_preview_image_url   text,
	link_preview_site_name   text,
	frames_moderated_at      timestamptz,
	search                   tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, body)) STORED,

	CONSTRAINT posts_thread CHECK ((root_id IS NULL) = (depth = 0) AND (chain_parent_id IS NULL OR depth > 0)),
	CONSTRAINT posts_comment CHECK ((kind = 'comment') = (comment_on_id IS NOT NULL)
		AND (kind = 'post' OR root_id IS NOT NULL)),
	CONSTRAINT posts_pin CHECK (pinned_at IS NULL OR kind = 'post')
);
COMMENT ON COLUMN posts.visibility IS 'private: only its author; comments are as visible as what they are on';

-- profile list and personal feed: everything the access rules ask of the post itself is in the index
CREATE INDEX posts_author_roots ON posts (author_id, created_at DESC, id DESC)
	INCLUDE (status, visibility, expires_at, is_nsfw, category_id, comment_on_id)
	WHERE deleted_at IS NULL AND root_id IS NULL;
-- replies of an author, activity, export, daily limits, purge
CREATE INDEX posts_author ON posts (author_id, created_at DESC, id DESC);
-- one pinned post a profile
CREATE UNIQUE INDEX posts_pinned ON posts (author_id) WHERE pinned_at IS NOT NULL AND deleted_at IS NULL;
-- newest root posts of anybody: fallback of the ranked feed, candidates of a refresh
CREATE INDEX posts_recent ON posts (created_at DESC, id DESC) WHERE deleted_at IS NULL AND root_id IS NULL;
-- newest videos
CREATE INDEX posts_videos ON posts (created_at DESC, id DESC)
	WHERE deleted_at IS NULL AND root_id IS NULL AND video_url IS NOT NULL;
CREATE INDEX posts_category ON posts (category_id, created_at DESC, id DESC) WHERE category_id IS NOT NULL;
-- a whole thread in reading order, in one range
CREATE INDEX posts_thread ON posts (root_id, depth, created_at, id) WHERE root_id IS NOT NULL;
CREATE INDEX posts_replies ON posts (chain_parent_id, created_at, id) WHERE chain_parent_id IS NOT NULL;
CREATE INDEX posts_comments ON posts (comment_on_id, created_at, id) WHERE comment_on_id IS NOT NULL;
CREATE INDEX posts_expiring ON posts (expires_at) WHERE expires_at IS NOT NULL AND status = 'active';

-- One row a post, made with it. Counters change in the statement that changes the rows they count.
CREATE TABLE post_metrics (
	post_id          uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
	like_count       integer NOT NULL DEFAULT 0 CHECK (like_count >= 0),
	save_count       integer NOT NULL DEFAULT 0 CHECK (save_count >= 0),
	view_count       integer NOT NULL DEFAULT 0 CHECK (view_count >= 0),
	comment_count    integer NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
	repost_count     integer NOT NULL DEFAULT 0 CHECK (repost_count >= 0),
	reaction_count   integer NOT NULL DEFAULT 0 CHECK (reaction_count >= 0),
	reaction_counts  jsonb NOT NULL DEFAULT '{}',
	updated_at       timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
COMMENT ON COLUMN post_metrics.comment_count IS 'direct answers that are not deleted: comments and chained posts';
COMMENT ON COLUMN post_metrics.reaction_counts IS 'emoji -> number, as answered; none at zero';

-- The map of reactions with one emoji counted up or down; an emoji nobody uses any more leaves it.
CREATE FUNCTION reaction_counts_add(counts jsonb, emoji text, n integer) RETURNS jsonb
	LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN emoji IS NULL OR n = 0 THEN counts
	     WHEN COALESCE((counts ->> emoji)::integer, 0) + n > 0
	     THEN counts || jsonb_build_object(emoji, COALESCE((counts ->> emoji)::integer, 0) + n)
	     ELSE counts - emoji END;

CREATE TABLE post_likes (
	post_id     uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
CREATE INDEX post_likes_user ON post_likes (user_id, created_at DESC, post_id);

CREATE TABLE post_saves (
	post_id     uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
CREATE INDEX post_saves_user ON post_saves (user_id, created_at DESC, post_id);

-- One a user and post; an emoji, or the address of a picture from one of the client's sets.
CREATE TABLE post_reactions (
	post_id     uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	emoji       text NOT NULL CHECK (octet_length(emoji) BETWEEN 1 AND 512),
	prior       text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
COMMENT ON COLUMN post_reactions.prior IS
	'the emoji before its last change; ON CONFLICT DO UPDATE returns it, so one statement counts the difference';
CREATE INDEX post_reactions_user ON post_reactions (user_id, created_at DESC, post_id);

CREATE TABLE post_hides (
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	post_id     uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	author_id   uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, post_id)
);
CREATE INDEX post_hides_user_author ON post_hides (user_id, author_id);
CREATE INDEX post_hides_post ON post_hides (post_id);
CREATE INDEX post_hides_author ON post_hides (author_id);

-- Kept 30 days. created_at never changes, so that watching again updates the row in place.
CREATE TABLE post_views (
	post_id            uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	user_id            uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	view_count         integer NOT NULL DEFAULT 1 CHECK (view_count >= 0),
	total_duration_ms  bigint NOT NULL DEFAULT 0 CHECK (total_duration_ms >= 0),
	last_watch_pct     integer NOT NULL DEFAULT 0 CHECK (last_watch_pct BETWEEN 0 AND 100),
	viewed_at          timestamptz NOT NULL DEFAULT now(),
	counted_at         timestamptz NOT NULL DEFAULT now(),
	created_at         timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
) WITH (fillfactor = 85);
COMMENT ON COLUMN post_views.counted_at IS 'last time it raised post_metrics.view_count';
CREATE INDEX post_views_user ON post_views (user_id);
CREATE INDEX post_views_age ON post_views (created_at);

-- Byte order (COLLATE "C") lets the unique index serve "begins with" too.
CREATE TABLE hashtags (
	id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name            text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 64),
	display_name    text NOT NULL,
	category        text,
	use_count       integer NOT NULL DEFAULT 0 CHECK (use_count >= 0),
	trending_score  double precision NOT NULL DEFAULT 0,
	is_trending     boolean NOT NULL DEFAULT false,
	is_featured     boolean NOT NULL DEFAULT false,
	created_at      timestamptz NOT NULL DEFAULT now(),
	updated_at      timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
COMMENT ON COLUMN hashtags.name IS 'lower case, without #';
COMMENT ON COLUMN hashtags.use_count IS 'public posts that are not deleted';
CREATE INDEX hashtags_trending ON hashtags (trending_score DESC, use_count DESC) WHERE is_trending;
CREATE INDEX hashtags_featured ON hashtags (use_count DESC) WHERE is_featured;
CREATE INDEX hashtags_used ON hashtags (use_count DESC, name);

-- created_at is the post's, so that a tag's page is one range.
CREATE TABLE post_hashtags (
	post_id     uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	hashtag_id  uuid NOT NULL REFERENCES hashtags ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, hashtag_id)
);
CREATE INDEX post_hashtags_page ON post_hashtags (hashtag_id, created_at DESC, post_id DESC);
CREATE INDEX post_hashtags_recent ON post_hashtags (created_at);

CREATE TABLE hashtag_follows (
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	hashtag_id  uuid NOT NULL REFERENCES hashtags ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, hashtag_id)
);
CREATE INDEX hashtag_follows_hashtag ON hashtag_follows (hashtag_id);

CREATE TABLE post_mentions (
	post_id            uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	mentioned_user_id  uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at         timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, mentioned_user_id)
);
CREATE INDEX post_mentions_user ON post_mentions (mentioned_user_id);

-- Stored files. The row outlives its owner until the file itself is gone: the sweep takes what has no
-- owner, or has been referenced by nothing for a day.
CREATE TABLE media_objects (
	key          text PRIMARY KEY,
	bucket       text NOT NULL,
	owner_id     uuid REFERENCES users ON DELETE SET NULL,
	mime         text NOT NULL,
	size         bigint NOT NULL CHECK (size >= 0),
	width        integer,
	height       integer,
	sha256       bytea CHECK (octet_length(sha256) = 32),
	attached_at  timestamptz,
	created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX media_objects_owner ON media_objects (owner_id, created_at DESC) WHERE owner_id IS NOT NULL;
CREATE INDEX media_objects_sweep ON media_objects (created_at) WHERE attached_at IS NULL OR owner_id IS NULL;

CREATE TABLE safe_domains (
	id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	domain       text NOT NULL UNIQUE CHECK (domain = lower(domain)),
	category     text NOT NULL DEFAULT 'general',
	is_approved  boolean NOT NULL DEFAULT true,
	notes        text,
	created_at   timestamptz NOT NULL DEFAULT now(),
	updated_at   timestamptz NOT NULL DEFAULT now()
);
