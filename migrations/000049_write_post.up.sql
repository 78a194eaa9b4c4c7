-- What a new post writes, as a function: each step is a small plan kept by the session, and what most posts do
-- not have (an answered post, a category, tags, mentions) costs them nothing. As one statement of twenty parts,
-- all of them set up anew each time, a plain post took a backend three times as long.
SET search_path = sojorn, public, extensions;

-- ---- what every statement on posts pays for ----

-- PostgreSQL reads the text of each check, and of each condition of a trigger, anew for every statement. Twelve checks
-- were a fifth of an insertion; in a function they are read once a session.
CREATE FUNCTION post_is_sound(kind text, status text, visibility text, depth integer, is_root boolean, is_answer boolean,
		is_comment boolean, is_pinned boolean, tone_label text, cis_score double precision,
		duration_ms integer, body_format text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN kind IN ('post', 'comment')
	   AND status IN ('active', 'flagged', 'pending_moderation', 'removed', 'jailed', 'expired')
	   AND visibility IN ('public', 'followers', 'circle', 'neighborhood', 'private')
	   AND depth >= 0 AND is_root = (depth = 0) AND (NOT is_answer OR depth > 0)
	   AND is_comment = (kind = 'comment') AND NOT (is_comment AND is_root)
	   AND NOT (is_pinned AND is_comment)
	   AND COALESCE(tone_label, 'neutral') IN ('positive', 'neutral', 'mixed', 'negative', 'hostile')
	   AND COALESCE(cis_score, 0) BETWEEN 0 AND 1
	   AND duration_ms >= 0 AND body_format IN ('plain', 'markdown');
END $$;
ALTER TABLE posts DROP CONSTRAINT posts_kind_check, DROP CONSTRAINT posts_status_check,
	DROP CONSTRAINT posts_visibility_check, DROP CONSTRAINT posts_depth_check, DROP CONSTRAINT posts_cis_score_check,
	DROP CONSTRAINT posts_tone_label_check, DROP CONSTRAINT posts_duration_ms_check,
	DROP CONSTRAINT posts_body_format_check, DROP CONSTRAINT posts_thread, DROP CONSTRAINT posts_comment,
	DROP CONSTRAINT posts_pin,
	ADD CONSTRAINT posts_sound CHECK (post_is_sound(kind, status, visibility, depth, root_id IS NULL,
		chain_parent_id IS NOT NULL, comment_on_id IS NOT NULL, pinned_at IS NOT NULL, tone_label, cis_score,
		duration_ms, body_format));
ALTER TABLE post_metrics DROP CONSTRAINT post_metrics_like_count_check, DROP CONSTRAINT post_metrics_save_count_check,
	DROP CONSTRAINT post_metrics_view_count_check, DROP CONSTRAINT post_metrics_comment_count_check,
	DROP CONSTRAINT post_metrics_repost_count_check, DROP CONSTRAINT post_metrics_reaction_count_check,
	ADD CONSTRAINT post_metrics_counts CHECK (LEAST(like_count, save_count, view_count, comment_count, repost_count,
		reaction_count) >= 0);

-- A new post tells a thread only when it is in one; the trigger of the statement gathered all rows first.
DROP TRIGGER posts_tell_new ON posts;
DROP FUNCTION tell_thread();
CREATE TRIGGER posts_tell_new AFTER INSERT ON posts FOR EACH ROW
	WHEN (NEW.root_id IS NOT NULL) EXECUTE FUNCTION tell_thread_of_post();

CREATE OR REPLACE FUNCTION posts_first_frame() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.first_frame_url IS NULL AND EXISTS (SELECT FROM sojorn.media_objects
		    WHERE stem = sojorn.media_stem_of_url(NEW.video_url) AND thumbnail_key IS NOT NULL) THEN
		NEW.first_frame_url := regexp_replace(NEW.video_url, '\.[^./]*$', '.thumb.jpg');
	END IF;
	RETURN NEW;
END
$$;
DROP TRIGGER posts_first_frame ON posts;
CREATE TRIGGER posts_first_frame BEFORE INSERT ON posts FOR EACH ROW
	WHEN (NEW.video_url IS NOT NULL) EXECUTE FUNCTION posts_first_frame();

CREATE FUNCTION posts_preview_new() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	link text := sojorn.first_link(NEW.body);
BEGIN
	IF link IS NOT NULL AND NEW.link_preview_url IS NULL AND NOT NEW.is_imported AND NEW.deleted_at IS NULL THEN
		INSERT INTO sojorn.outbox (kind, payload)
		VALUES ('link_preview', jsonb_build_object('post', NEW.id, 'url', link));
	END IF;
	RETURN NULL;
END
$$;
DROP TRIGGER posts_preview_new ON posts;
CREATE TRIGGER posts_preview_new AFTER INSERT ON posts FOR EACH ROW
	WHEN (strpos(NEW.body, '://') > 0) EXECUTE FUNCTION posts_preview_new();

-- As before, but run as it is: a function in SQL whose text is not taken into the index's expression is set up anew
-- for each row.
CREATE OR REPLACE FUNCTION search_windows(at timestamptz) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	seconds bigint := extract(epoch FROM at);
BEGIN
	RETURN ARRAY[seconds >> 10, (1 << 26) + (seconds >> 12), (2 << 26) + (seconds >> 14), (3 << 26) + (seconds >> 16),
		     (4 << 26) + (seconds >> 18), (5 << 26) + (seconds >> 20), (6 << 26) + (seconds >> 22),
		     (7 << 26) + (seconds >> 24)]::integer[];
END $$;

-- ---- counting what somebody posts ----

-- Beside the other counters of posting, which every post changes anyway: a profile's row is wide.
ALTER TABLE trust_state ADD COLUMN posts_count integer NOT NULL DEFAULT 0;
UPDATE trust_state t SET posts_count = p.posts_count FROM profiles p WHERE p.id = t.user_id AND p.posts_count > 0;
ALTER TABLE trust_state DROP CONSTRAINT trust_state_posts_today_check,
	ADD CONSTRAINT trust_state_counts CHECK (LEAST(posts_today, posts_count) >= 0);
COMMENT ON COLUMN trust_state.posts_count IS 'own root posts that are not deleted';
ALTER TABLE profiles DROP COLUMN posts_count;
DO $$ BEGIN
	EXECUTE replace(pg_get_functiondef('sojorn.profile_cards(uuid)'::regprocedure), 'a.posts_count', 't.posts_count');
END $$;

-- ---- words ----

-- What a post adds to the lexicon: not too short to mistype, no numbers or addresses, and new. Most are known, so
-- the pattern is asked last; lengths in it cost four times as much.
CREATE FUNCTION new_words(words tsvector) RETURNS SETOF text LANGUAGE sql STABLE AS $$
	SELECT w
	  FROM (SELECT w FROM unnest(tsvector_to_array(words)) AS w
		 WHERE length(w) BETWEEN 3 AND 32 AND NOT EXISTS (SELECT FROM sojorn.lexicon l WHERE l.word = w)
		OFFSET 0) unknown
	 WHERE w ~ '^[[:alpha:]]+$'
	 ORDER BY w
$$;
DROP FUNCTION lexicon_words(text);

-- ---- the post ----

-- The post and everything that goes with it, or nothing: `problem` says why not, and the "limit" of a day when it
-- starts anew. The daily limit is taken from trust_state by an UPDATE, so that two posts at once cannot share the
-- last place. People come before the post, the post before its tags, tags and words in their alphabet's order: so
-- no two posts wait for each other. No row: there is no such author.
CREATE FUNCTION write_post(post uuid, author uuid, content text, category uuid, parent uuid, audience text,
		hours integer, chains boolean, nsfw boolean, why_nsfw text, format text, image text, video text,
		thumbnail text, length_ms integer, layers text, audio text, background text, tone text,
		cis double precision, tag_names text[], tags_as_typed text[], mentions text[])
	RETURNS TABLE (problem text, "limit" integer, resets_at timestamptz, created_at timestamptz, visibility text,
		expires_at timestamptz, handle text, display_name text, avatar_url text, tier text)
LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
#variable_conflict use_column
DECLARE
	today          date := (now() AT TIME ZONE 'UTC')::date;
	parent_author  uuid;
	root           uuid;
	level          integer := 0;
	is_open        boolean;
	ttl            integer;
	words          tsvector;
	kind           text := CASE WHEN video IS NULL THEN 'standard' ELSE 'quip' END;
BEGIN
	IF parent IS NOT NULL THEN
		SELECT v.author_id, COALESCE(v.root_id, v.id), v.depth + 1,
		       v.kind = 'post' AND v.allow_chain AND (s.allow_chains OR v.author_id = author)
		  INTO parent_author, root, level, is_open
		  FROM sojorn.visible_posts(author) v JOIN sojorn.user_settings s ON s.user_id = v.author_id
		 WHERE v.id = parent;
		problem := CASE WHEN parent_author IS NULL THEN 'parent_not_found' WHEN NOT is_open THEN 'chain_not_allowed' END;
	END IF;
	IF problem IS NULL AND category IS NOT NULL THEN
		problem := CASE WHEN NOT EXISTS (SELECT FROM sojorn.categories c WHERE c.id = category AND c.is_active)
				THEN 'category_not_found'
				WHEN NOT EXISTS (SELECT FROM sojorn.category_gate(author, category))
				THEN 'category_disabled' END;
	END IF;
	IF problem IS NOT NULL THEN
		RETURN NEXT;
		RETURN;
	END IF;

	UPDATE sojorn.trust_state t
	   SET posts_today = CASE WHEN t.posts_day = today THEN t.posts_today + 1 ELSE 1 END,
	       posts_day = today, last_post_at = now(), updated_at = now(),
	       posts_count = t.posts_count + (parent IS NULL)::integer
	  FROM sojorn.profiles a JOIN sojorn.user_settings s ON s.user_id = a.id
	 WHERE t.user_id = author AND a.id = author
	   AND (t.posts_day IS DISTINCT FROM today OR t.posts_today < sojorn.tier_daily_posts(t.tier))
	RETURNING t.tier, a.handle, a.display_name, COALESCE(a.avatar_url, ''),
		COALESCE(audience, s.default_post_visibility), COALESCE(hours, s.default_post_ttl)
	     INTO tier, handle, display_name, avatar_url, audience, ttl;
	IF tier IS NULL THEN
		RETURN QUERY
		SELECT 'daily_limit', sojorn.tier_daily_posts(t.tier), (today + 1)::timestamp AT TIME ZONE 'UTC',
		       NULL::timestamptz, NULL, NULL::timestamptz, NULL, NULL, NULL, NULL
		  FROM sojorn.trust_state t WHERE t.user_id = author;
		RETURN;
	END IF;

	INSERT INTO sojorn.posts (id, author_id, body, category_id, chain_parent_id, root_id, depth, visibility,
			expires_at, allow_chain, is_nsfw, nsfw_reason, body_format, image_url, video_url,
			thumbnail_url, duration_ms, overlay_json, audio_overlay_url, background_id, tone_label,
			cis_score, tags)
	VALUES (post, author, content, category, parent, root, level, audience, now() + make_interval(hours => ttl), chains,
		nsfw, why_nsfw, format, image, video, thumbnail, length_ms, layers, audio, background, tone, cis, tag_names)
	RETURNING created_at, visibility, expires_at, search INTO created_at, visibility, expires_at, words;
	INSERT INTO sojorn.post_metrics (post_id) VALUES (post);
	IF parent IS NOT NULL THEN
		UPDATE sojorn.post_metrics m SET comment_count = m.comment_count + 1, updated_at = now()
		 WHERE m.post_id = parent;
	END IF;

	IF tag_names <> '{}' THEN
		WITH tagged AS (
			INSERT INTO sojorn.hashtags (name, display_name, use_count)
			SELECT t.name, t.typed, (audience = 'public')::integer
			  FROM unnest(tag_names, tags_as_typed) AS t (name, typed)
			 ORDER BY t.name
			    ON CONFLICT (name) DO UPDATE
			   SET use_count = hashtags.use_count + excluded.use_count, updated_at = now()
			RETURNING id
		)
		INSERT INTO sojorn.post_hashtags (post_id, hashtag_id, created_at)
		SELECT post, tagged.id, now() FROM tagged;
	END IF;
	IF audience <> 'private' THEN
		INSERT INTO sojorn.lexicon (word) SELECT w FROM sojorn.new_words(words) w ORDER BY w ON CONFLICT DO NOTHING;
	END IF;

	IF mentions <> '{}' THEN
		INSERT INTO sojorn.post_mentions (post_id, mentioned_user_id)
		SELECT post, r.id FROM sojorn.profiles r
		 WHERE lower(r.handle) = ANY (mentions) AND r.id <> author AND r.is_live
		   AND EXISTS (SELECT FROM sojorn.visible_posts(r.id) v WHERE v.id = post);
		PERFORM sojorn.notify(m.mentioned_user_id, author, 'mention', post, NULL, 'high', NULL,
				jsonb_build_object('post_type', kind))
		   FROM sojorn.post_mentions m WHERE m.post_id = post;
	END IF;
	IF parent IS NOT NULL THEN
		PERFORM sojorn.notify(parent_author, author, 'reply', parent, post, 'normal', NULL,
				jsonb_build_object('post_type', 'standard'))
		  WHERE EXISTS (SELECT FROM sojorn.visible_posts(parent_author) v WHERE v.id = post);
	END IF;
	RETURN NEXT;
END
$$;
