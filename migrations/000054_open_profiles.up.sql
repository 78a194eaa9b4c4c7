-- T-FOL-2, T-FOL-3: profiles behind whose card the viewer may look.
SET search_path = sojorn, public, extensions;

CREATE FUNCTION open_profiles(viewer uuid) RETURNS SETOF profiles LANGUAGE sql STABLE AS $$
	SELECT a.* FROM sojorn.visible_profiles(viewer) a CROSS JOIN sojorn.can_see_inside(viewer, a.id, a.is_private)
$$;
