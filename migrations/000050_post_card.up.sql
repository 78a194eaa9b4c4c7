-- A post as the client knows it, from a row that is at hand: who has found a post need not read it again to show it.
SET search_path = sojorn, public, extensions;

CREATE TYPE post_card AS (
	id uuid, author_id uuid, body text, created_at timestamptz, status text, category_id uuid,
	tone_label text, cis_score double precision, image_url text, video_url text, thumbnail_url text,
	first_frame_url text, duration_ms integer, body_format text, background_id text, overlay_json text,
	audio_overlay_url text, tags text[], allow_chain boolean, chain_parent_id uuid, visibility text,
	is_nsfw boolean, nsfw_reason text, expires_at timestamptz, edited_at timestamptz, is_edited boolean,
	pinned_at timestamptz, link_preview_url text, link_preview_title text, link_preview_description text,
	link_preview_image_url text, link_preview_site_name text,
	like_count integer, comment_count integer, save_count integer, view_count integer, reactions jsonb,
	is_liked boolean, is_saved boolean, my_reactions text[],
	"author.id" uuid, "author.handle" text, "author.display_name" text, "author.avatar_url" text,
	"author.trust_tier" text);

-- As a set of one, which the planner puts into the query. Access is decided before (visible_posts and its kin).
-- Columns with a dot are members of the nested author. An image address that is a film counts as the video, too, as
-- old rows have it (contract §3.5).
CREATE FUNCTION post_card_of(viewer uuid, p posts) RETURNS SETOF post_card LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT p.id, p.author_id, p.body, p.created_at, p.status, p.category_id, p.tone_label, p.cis_score,
	       p.image_url,
	       COALESCE(p.video_url, CASE WHEN p.image_url LIKE '%.mp4' THEN p.image_url END),
	       COALESCE(p.thumbnail_url, p.image_url), p.first_frame_url, p.duration_ms, p.body_format,
	       p.background_id, p.overlay_json, p.audio_overlay_url, p.tags, p.allow_chain, p.chain_parent_id,
	       p.visibility, p.is_nsfw, p.nsfw_reason, p.expires_at, p.edited_at, p.edited_at IS NOT NULL,
	       p.pinned_at, p.link_preview_url, p.link_preview_title, p.link_preview_description,
	       p.link_preview_image_url, p.link_preview_site_name,
	       m.like_count, m.comment_count, m.save_count, m.view_count, m.reaction_counts,
	       EXISTS (SELECT FROM sojorn.post_likes l WHERE l.post_id = p.id AND l.user_id = viewer),
	       EXISTS (SELECT FROM sojorn.post_saves s WHERE s.post_id = p.id AND s.user_id = viewer),
	       ARRAY(SELECT r.emoji FROM sojorn.post_reactions r WHERE r.post_id = p.id AND r.user_id = viewer),
	       a.id, a.handle, a.display_name, COALESCE(a.avatar_url, ''), t.tier
	  FROM sojorn.post_metrics m, sojorn.profiles a JOIN sojorn.trust_state t ON t.user_id = a.id
	 WHERE m.post_id = p.id AND a.id = p.author_id
$$;

-- The same for the ids of a page:
--
--	SELECT c.* FROM page JOIN post_cards($1) c ON c.id = page.id ORDER BY …
--
DROP FUNCTION post_cards(uuid);
CREATE FUNCTION post_cards(viewer uuid) RETURNS SETOF post_card LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT c.* FROM sojorn.posts p CROSS JOIN LATERAL sojorn.post_card_of(viewer, p) c
$$;
