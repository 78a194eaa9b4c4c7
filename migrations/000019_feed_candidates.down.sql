SET search_path = sojorn, public, extensions;

CREATE OR REPLACE FUNCTION source_posts(author uuid, own boolean, in_circle boolean, viewer uuid)
RETURNS TABLE (id uuid, created_at timestamptz) LANGUAGE sql STABLE ROWS 20 AS $$
	SELECT p.id, p.created_at
	  FROM sojorn.posts p
	 WHERE p.author_id = author AND p.deleted_at IS NULL AND p.root_id IS NULL
	   AND (own OR (p.status = 'active' AND (p.expires_at IS NULL OR p.expires_at > now())
		AND (p.visibility IN ('public', 'followers') OR (p.visibility = 'circle' AND in_circle))
		AND (NOT p.is_nsfw OR (SELECT s.nsfw_enabled FROM sojorn.user_settings s WHERE s.user_id = viewer))))
	   AND (p.category_id IS NULL OR p.category_id IN (SELECT c FROM sojorn.enabled_categories(viewer) c))
	   AND NOT EXISTS (SELECT FROM sojorn.post_hides h WHERE h.user_id = viewer AND h.post_id = p.id)
$$;
DROP FUNCTION source_gate(uuid, boolean, boolean, uuid, text, text, timestamptz, boolean, uuid);
DROP FUNCTION ranked_posts(uuid);
DROP FUNCTION enabled_category(uuid, text);
DROP INDEX posts_author_chains, posts_author_videos, posts_category_videos;
DROP INDEX post_feed_scores_category, post_feed_scores_best;
ALTER TABLE post_feed_scores DROP COLUMN author_id, DROP COLUMN category_id;
CREATE INDEX post_feed_scores_best ON post_feed_scores (score DESC, post_id);
