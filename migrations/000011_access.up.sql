-- Who sees what: each rule of domain-rules §§1-5 once, as SQL that every statement shares.
--
-- Two shapes. A *predicate* returns one row when it holds and none when it does not:
--
--	WHERE NOT EXISTS (SELECT FROM has_block_between($1, p.author_id))
--
-- A *table seen by somebody* takes the viewer and stands where the table would:
--
--	SELECT p.body FROM visible_posts($2) p WHERE p.id = $1
--
-- They return sets because the planner inlines such functions completely, whereas a scalar function with
-- a sub-select inside is a call for every row. So: LANGUAGE sql, STABLE, not STRICT, one SELECT, no SET,
-- names qualified, no sub-select in the arguments of a call. An unknown viewer is NULL: nothing is his
-- own, he follows nobody, and sees what everybody sees.
SET search_path = sojorn, public, extensions;

-- T-BLK-1..5, T-BLK-9: either side blocked the other. One look into blocks_pair.
CREATE FUNCTION has_block_between(a uuid, b uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.blocks x
	 WHERE LEAST(x.blocker_id, x.blocked_id) = LEAST(a, b)
	   AND GREATEST(x.blocker_id, x.blocked_id) = GREATEST(a, b)
$$;

-- T-FOL-4, T-CMT-3: a pending request is no follow.
CREATE FUNCTION is_accepted_follow(follower uuid, followed uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.follows f
	 WHERE f.follower_id = follower AND f.following_id = followed AND f.status = 'accepted'
$$;

-- T-CMT-2: one direction is not enough.
CREATE FUNCTION is_mutual(a uuid, b uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.follows f
	  JOIN sojorn.follows g ON g.follower_id = f.following_id AND g.following_id = f.follower_id
	 WHERE f.follower_id = a AND f.following_id = b AND f.status = 'accepted' AND g.status = 'accepted'
$$;

-- T-PST-2: the owner trusts the viewer.
CREATE FUNCTION is_in_circle(viewer uuid, owner uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.circle_members c WHERE c.user_id = owner AND c.member_id = viewer
$$;

-- A setting that names an audience: who_can_comment, who_can_message, profile_visibility. "private" and
-- "nobody" reach the owner alone.
CREATE FUNCTION in_audience(viewer uuid, owner uuid, audience text) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true
	 WHERE viewer = owner
	    OR audience IN ('public', 'everyone')
	    OR (audience IN ('followers', 'mutuals')
		AND EXISTS (SELECT FROM sojorn.is_accepted_follow(viewer, owner))
		AND (audience = 'followers' OR EXISTS (SELECT FROM sojorn.is_accepted_follow(owner, viewer))))
	    OR (audience = 'circle' AND EXISTS (SELECT FROM sojorn.is_in_circle(viewer, owner)))
$$;

-- T-BLK-1: profiles whose card the viewer may read. T-FOL-1: a private one is among them.
CREATE FUNCTION visible_profiles(viewer uuid) RETURNS SETOF profiles LANGUAGE sql STABLE AS $$
	SELECT a.* FROM sojorn.profiles a
	 WHERE (a.is_live OR a.id = viewer)
	   AND (a.id = viewer OR NOT EXISTS (SELECT FROM sojorn.has_block_between(viewer, a.id)))
$$;

-- T-FOL-2, T-FOL-3: what is behind the card of a private account, its posts and its lists of people.
CREATE FUNCTION can_see_inside(viewer uuid, owner uuid, is_private boolean) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true
	 WHERE NOT is_private OR viewer = owner OR EXISTS (SELECT FROM sojorn.is_accepted_follow(viewer, owner))
$$;

-- §2 profile_visibility: biography, location, website, interests, metadata fields and counts.
CREATE FUNCTION can_see_details(viewer uuid, owner uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.profiles a
	  LEFT JOIN sojorn.user_settings s ON s.user_id = a.id
	 CROSS JOIN sojorn.in_audience(viewer, a.id, COALESCE(s.profile_visibility, 'public'))
	 WHERE a.id = owner
$$;

-- T-FOL-5: profiles a search by the viewer may find; the exact handle finds any visible one.
CREATE FUNCTION searchable_profiles(viewer uuid) RETURNS SETOF profiles LANGUAGE sql STABLE AS $$
	SELECT a.* FROM sojorn.visible_profiles(viewer) a
	  LEFT JOIN sojorn.user_settings s ON s.user_id = a.id
	 CROSS JOIN sojorn.can_see_inside(viewer, a.id, a.is_private)
	 WHERE COALESCE(s.show_in_search, true) OR a.id = viewer
$$;

-- §4.3 points 2, 3, 4 and 6 for one post and its author, in the plain values the rules depend on, so that
-- an index that carries them is enough. T-PST-1..5; the author's own posts pass whatever their state.
-- One condition a rule, each with "or it is his own", instead of one big OR: so each is checked once, on
-- the table that has the values.
CREATE FUNCTION post_gate(viewer uuid, author uuid, author_is_live boolean, author_is_private boolean,
		author_ceiling text, status text, visibility text, expires_at timestamptz, is_nsfw boolean)
	RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true
	 WHERE (author = viewer OR (status = 'active' AND (expires_at IS NULL OR expires_at > now())))
	   AND (author = viewer OR author_is_live)
	   AND (author = viewer OR visibility NOT IN ('neighborhood', 'private'))
	   AND (author = viewer OR author_ceiling <> 'private')
	   AND (author = viewer OR (visibility <> 'followers' AND author_ceiling <> 'followers' AND NOT author_is_private)
		OR EXISTS (SELECT FROM sojorn.is_accepted_follow(viewer, author)))
	   AND (author = viewer OR (visibility <> 'circle' AND author_ceiling <> 'circle')
		OR EXISTS (SELECT FROM sojorn.is_in_circle(viewer, author)))
	   AND (author = viewer OR NOT is_nsfw
		OR (SELECT s.nsfw_enabled FROM sojorn.user_settings s WHERE s.user_id = viewer))
	   AND (author = viewer OR NOT EXISTS (SELECT FROM sojorn.has_block_between(viewer, author)))
$$;

-- §4.3 points 1-4 and 6 for posts, root or chained; comments are not among them (T-RNK-3).
CREATE FUNCTION visible_posts(viewer uuid) RETURNS SETOF posts LANGUAGE sql STABLE AS $$
	SELECT p.* FROM sojorn.posts p
	  JOIN sojorn.profiles a ON a.id = p.author_id
	 CROSS JOIN sojorn.post_gate(viewer, p.author_id, a.is_live, a.is_private, a.posts_visibility,
			p.status, p.visibility, p.expires_at, p.is_nsfw)
	 WHERE p.deleted_at IS NULL AND p.comment_on_id IS NULL
$$;

-- T-CMT-1, T-CMT-4: may write comments under the author's posts.
CREATE FUNCTION can_comment(viewer uuid, author uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.profiles a
	  LEFT JOIN sojorn.user_settings s ON s.user_id = a.id
	 CROSS JOIN sojorn.in_audience(viewer, a.id, COALESCE(s.who_can_comment, 'mutuals'))
	 WHERE a.id = author
$$;

-- T-CMT-5: may read what others have commented there; "nobody" stops writing, mutuals still read.
CREATE FUNCTION can_read_comments(viewer uuid, author uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.profiles a
	  LEFT JOIN sojorn.user_settings s ON s.user_id = a.id
	 CROSS JOIN sojorn.in_audience(viewer, a.id, COALESCE(NULLIF(s.who_can_comment, 'nobody'), 'mutuals'))
	 WHERE a.id = author
$$;

-- T-CMT-5, T-CMT-8: a comment is never more visible than the post it is on, and one's own stays readable.
CREATE FUNCTION can_read_comment(viewer uuid, commenter uuid, comment_on uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.visible_posts(viewer) p
	 WHERE p.id = comment_on
	   AND (commenter = viewer OR EXISTS (SELECT FROM sojorn.can_read_comments(viewer, p.author_id)))
$$;

-- Everything that has an address under /posts. What is not here answers 404 to every verb (T-PST-4,
-- T-PST-6, T-BLK-2, T-CMT-6). A comment takes its audience from the post it is on.
CREATE FUNCTION visible_posts_and_comments(viewer uuid) RETURNS SETOF posts LANGUAGE sql STABLE AS $$
	SELECT p.* FROM sojorn.posts p
	  JOIN sojorn.profiles a ON a.id = p.author_id
	 CROSS JOIN sojorn.post_gate(viewer, p.author_id, a.is_live,
			a.is_private AND p.comment_on_id IS NULL,
			CASE WHEN p.comment_on_id IS NULL THEN a.posts_visibility ELSE 'public' END,
			p.status, CASE WHEN p.comment_on_id IS NULL THEN p.visibility ELSE 'public' END,
			p.expires_at, p.is_nsfw)
	 WHERE p.deleted_at IS NULL
	   AND (p.comment_on_id IS NULL
		OR EXISTS (SELECT FROM sojorn.can_read_comment(viewer, p.author_id, p.comment_on_id)))
$$;

-- §5: an explicit choice wins, else the category's default. T-CAT-1, T-CAT-2.
CREATE FUNCTION enabled_categories(viewer uuid) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 12 AS $$
	SELECT c.id FROM sojorn.categories c
	  LEFT JOIN sojorn.user_category_settings s ON s.user_id = viewer AND s.category_id = c.id
	 WHERE c.is_active AND COALESCE(s.enabled, NOT c.default_off)
$$;

-- §4.3 point 5.
CREATE FUNCTION category_gate(viewer uuid, category_id uuid) RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true
	 WHERE category_id IS NULL OR category_id IN (SELECT c FROM sojorn.enabled_categories(viewer) c)
$$;

-- What feeds ask on top of the right to read: the category, NSFW only from oneself and followed accounts,
-- and nothing the viewer has hidden (T-CAT-3, T-FED-4).
CREATE FUNCTION feed_gate(viewer uuid, post uuid, author uuid, category_id uuid, is_nsfw boolean)
	RETURNS SETOF boolean LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT true FROM sojorn.category_gate(viewer, category_id)
	 WHERE (NOT is_nsfw OR author = viewer OR EXISTS (SELECT FROM sojorn.is_accepted_follow(viewer, author)))
	   AND NOT EXISTS (SELECT FROM sojorn.post_hides h WHERE h.user_id = viewer AND h.post_id = post)
$$;

-- Posts that search, trending and discovery may show the viewer.
CREATE FUNCTION listed_posts(viewer uuid) RETURNS SETOF posts LANGUAGE sql STABLE AS $$
	SELECT p.* FROM sojorn.visible_posts(viewer) p CROSS JOIN sojorn.category_gate(viewer, p.category_id)
$$;

-- Posts that feeds may show the viewer. Root posts are the caller's condition: root_id IS NULL.
CREATE FUNCTION feed_posts(viewer uuid) RETURNS SETOF posts LANGUAGE sql STABLE AS $$
	SELECT p.* FROM sojorn.visible_posts(viewer) p
	 CROSS JOIN sojorn.feed_gate(viewer, p.id, p.author_id, p.category_id, p.is_nsfw)
$$;
