-- Feeds look at many posts for few: what decides about a post is where it is looked for.
SET search_path = sojorn, public, extensions;

-- A candidate's author and category are asked before its post is read, and one category's best are a range.
-- The refresh fills the table anew within seconds of a start.
TRUNCATE post_feed_scores;
ALTER TABLE post_feed_scores
	ADD COLUMN author_id uuid NOT NULL,
	ADD COLUMN category_id uuid;
DROP INDEX post_feed_scores_best;
CREATE INDEX post_feed_scores_best ON post_feed_scores (score DESC, post_id) INCLUDE (author_id, category_id);
CREATE INDEX post_feed_scores_category ON post_feed_scores (category_id, score DESC, post_id) INCLUDE (author_id)
	WHERE category_id IS NOT NULL;

-- one category's videos, one author's videos and chained posts, newest first
CREATE INDEX posts_category_videos ON posts (category_id, created_at DESC, id DESC)
	WHERE deleted_at IS NULL AND root_id IS NULL AND video_url IS NOT NULL AND category_id IS NOT NULL;
CREATE INDEX posts_author_videos ON posts (author_id, created_at DESC, id DESC)
	WHERE deleted_at IS NULL AND root_id IS NULL AND video_url IS NOT NULL;
CREATE INDEX posts_author_chains ON posts (author_id, created_at DESC, id DESC)
	WHERE deleted_at IS NULL AND root_id IS NOT NULL AND comment_on_id IS NULL;

-- Categories whose posts the viewer is shown and that have this slug: one, or none when it is switched off.
CREATE FUNCTION enabled_category(viewer uuid, slug text) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT c.id FROM sojorn.categories c
	  LEFT JOIN sojorn.user_category_settings s ON s.user_id = viewer AND s.category_id = c.id
	 WHERE c.slug = enabled_category.slug AND c.is_active AND COALESCE(s.enabled, NOT c.default_off)
$$;

-- Posts the ranked feed may show the viewer: others' root posts; two hides of one author take the author
-- out (T-RNK-5).
CREATE FUNCTION ranked_posts(viewer uuid) RETURNS SETOF posts LANGUAGE sql STABLE AS $$
	SELECT p.* FROM sojorn.feed_posts(viewer) p
	 WHERE p.root_id IS NULL AND p.author_id <> viewer
	   AND p.author_id NOT IN (SELECT h.author_id FROM sojorn.post_hides h
				    WHERE h.user_id = viewer GROUP BY h.author_id HAVING count(*) >= 2)
$$;

-- post_gate and feed_gate for a post of one of feed_sources, which has answered what depends on the author.
CREATE FUNCTION source_gate(viewer uuid, own boolean, in_circle boolean, post uuid, status text, visibility text,
		expires_at timestamptz, is_nsfw boolean, category_id uuid)
	RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true
	 WHERE (own OR (status = 'active' AND (expires_at IS NULL OR expires_at > now())
		AND (visibility IN ('public', 'followers') OR (visibility = 'circle' AND in_circle))
		AND (NOT is_nsfw OR (SELECT s.nsfw_enabled FROM sojorn.user_settings s WHERE s.user_id = viewer))))
	   AND (category_id IS NULL OR category_id IN (SELECT c FROM sojorn.enabled_categories(viewer) c))
	   AND NOT EXISTS (SELECT FROM sojorn.post_hides h WHERE h.user_id = viewer AND h.post_id = post)
$$;

CREATE OR REPLACE FUNCTION source_posts(author uuid, own boolean, in_circle boolean, viewer uuid)
RETURNS TABLE (id uuid, created_at timestamptz) LANGUAGE sql STABLE ROWS 20 AS $$
	SELECT p.id, p.created_at
	  FROM sojorn.posts p
	 CROSS JOIN sojorn.source_gate(viewer, own, in_circle, p.id, p.status, p.visibility, p.expires_at, p.is_nsfw,
			p.category_id)
	 WHERE p.author_id = author AND p.deleted_at IS NULL AND p.root_id IS NULL
$$;
