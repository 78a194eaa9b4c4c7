-- The personal feed reads many posts of few authors, so it asks the rules of an author once an author.
SET search_path = sojorn, public, extensions;

-- Whose posts a viewer's personal feed is made of: his own and those of accounts he follows (T-FED-1), with
-- what post_gate would find out for each of their posts.
CREATE FUNCTION feed_sources(viewer uuid) RETURNS TABLE (author_id uuid, own boolean, in_circle boolean)
LANGUAGE sql STABLE ROWS 50 AS $$
	SELECT a.id, false, EXISTS (SELECT FROM sojorn.is_in_circle(viewer, a.id))
	  FROM sojorn.follows f JOIN sojorn.profiles a ON a.id = f.following_id
	 WHERE f.follower_id = viewer AND f.status = 'accepted'
	   AND a.is_live AND a.posts_visibility <> 'private'
	   AND (a.posts_visibility <> 'circle' OR EXISTS (SELECT FROM sojorn.is_in_circle(viewer, a.id)))
	   AND NOT EXISTS (SELECT FROM sojorn.has_block_between(viewer, a.id))
	UNION ALL
	SELECT viewer, true, true
$$;

-- The root posts of one of those authors that post_gate, the category and the hides let through. Everything
-- it asks of a post is in the index posts_author_roots.
CREATE FUNCTION source_posts(author uuid, own boolean, in_circle boolean, viewer uuid)
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
