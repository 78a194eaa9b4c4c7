SET search_path = sojorn, public, extensions;

DROP FUNCTION write_post(uuid, uuid, text, uuid, uuid, text, integer, boolean, boolean, text, text, text, text, text,
	integer, text, text, text, text, double precision, text[], text[], text[]);

DROP FUNCTION new_words(tsvector);
CREATE FUNCTION lexicon_words(body text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
	SELECT w FROM unnest(tsvector_to_array(to_tsvector('simple'::regconfig, body))) AS w
	 WHERE w ~ '^[[:alpha:]]{3,32}$'
$$;

ALTER TABLE profiles ADD COLUMN posts_count integer NOT NULL DEFAULT 0 CHECK (posts_count >= 0);
COMMENT ON COLUMN profiles.posts_count IS 'own root posts that are not deleted';
UPDATE profiles p SET posts_count = t.posts_count FROM trust_state t WHERE t.user_id = p.id AND t.posts_count > 0;
DO $$ BEGIN
	EXECUTE replace(pg_get_functiondef('sojorn.profile_cards(uuid)'::regprocedure), 't.posts_count', 'a.posts_count');
END $$;
ALTER TABLE trust_state DROP CONSTRAINT trust_state_counts, DROP COLUMN posts_count,
	ADD CONSTRAINT trust_state_posts_today_check CHECK (posts_today >= 0);

CREATE OR REPLACE FUNCTION search_windows(at timestamptz) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
	ARRAY[            (extract(epoch FROM at)::bigint >> 10)::integer,
	      (1 << 26) + (extract(epoch FROM at)::bigint >> 12)::integer,
	      (2 << 26) + (extract(epoch FROM at)::bigint >> 14)::integer,
	      (3 << 26) + (extract(epoch FROM at)::bigint >> 16)::integer,
	      (4 << 26) + (extract(epoch FROM at)::bigint >> 18)::integer,
	      (5 << 26) + (extract(epoch FROM at)::bigint >> 20)::integer,
	      (6 << 26) + (extract(epoch FROM at)::bigint >> 22)::integer,
	      (7 << 26) + (extract(epoch FROM at)::bigint >> 24)::integer];

DROP TRIGGER posts_preview_new ON posts;
DROP FUNCTION posts_preview_new();
CREATE TRIGGER posts_preview_new AFTER INSERT ON posts FOR EACH ROW
	WHEN (NEW.body ~* 'https?://' AND NEW.link_preview_url IS NULL AND NOT NEW.is_imported AND NEW.deleted_at IS NULL)
	EXECUTE FUNCTION posts_preview();

DROP TRIGGER posts_first_frame ON posts;
CREATE OR REPLACE FUNCTION posts_first_frame() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM sojorn.media_objects
		    WHERE stem = sojorn.media_stem_of_url(NEW.video_url) AND thumbnail_key IS NOT NULL) THEN
		NEW.first_frame_url := regexp_replace(NEW.video_url, '\.[^./]*$', '.thumb.jpg');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER posts_first_frame BEFORE INSERT ON posts FOR EACH ROW
	WHEN (NEW.video_url LIKE '%uploads/%' AND NEW.first_frame_url IS NULL)
	EXECUTE FUNCTION posts_first_frame();

DROP TRIGGER posts_tell_new ON posts;
CREATE FUNCTION tell_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sojorn.live_events (kind, topic)
	SELECT DISTINCT 'thread', n.root_id FROM changed n WHERE n.root_id IS NOT NULL;
	RETURN NULL;
END $$;
CREATE TRIGGER posts_tell_new AFTER INSERT ON posts REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION tell_thread();

ALTER TABLE post_metrics DROP CONSTRAINT post_metrics_counts,
	ADD CONSTRAINT post_metrics_like_count_check CHECK (like_count >= 0),
	ADD CONSTRAINT post_metrics_save_count_check CHECK (save_count >= 0),
	ADD CONSTRAINT post_metrics_view_count_check CHECK (view_count >= 0),
	ADD CONSTRAINT post_metrics_comment_count_check CHECK (comment_count >= 0),
	ADD CONSTRAINT post_metrics_repost_count_check CHECK (repost_count >= 0),
	ADD CONSTRAINT post_metrics_reaction_count_check CHECK (reaction_count >= 0);
ALTER TABLE posts DROP CONSTRAINT posts_sound,
	ADD CONSTRAINT posts_kind_check CHECK (kind IN ('post', 'comment')),
	ADD CONSTRAINT posts_status_check CHECK (status IN
		('active', 'flagged', 'pending_moderation', 'removed', 'jailed', 'expired')),
	ADD CONSTRAINT posts_visibility_check CHECK (visibility IN
		('public', 'followers', 'circle', 'neighborhood', 'private')),
	ADD CONSTRAINT posts_depth_check CHECK (depth >= 0),
	ADD CONSTRAINT posts_cis_score_check CHECK (cis_score BETWEEN 0 AND 1),
	ADD CONSTRAINT posts_tone_label_check CHECK (tone_label IN ('positive', 'neutral', 'mixed', 'negative', 'hostile')),
	ADD CONSTRAINT posts_duration_ms_check CHECK (duration_ms >= 0),
	ADD CONSTRAINT posts_body_format_check CHECK (body_format IN ('plain', 'markdown')),
	ADD CONSTRAINT posts_thread CHECK ((root_id IS NULL) = (depth = 0) AND (chain_parent_id IS NULL OR depth > 0)),
	ADD CONSTRAINT posts_comment CHECK ((kind = 'comment') = (comment_on_id IS NOT NULL)
		AND (kind = 'post' OR root_id IS NOT NULL)),
	ADD CONSTRAINT posts_pin CHECK (pinned_at IS NULL OR kind = 'post');
DROP FUNCTION post_is_sound(text, text, text, integer, boolean, boolean, boolean, boolean, text, double precision, integer,
	text);
