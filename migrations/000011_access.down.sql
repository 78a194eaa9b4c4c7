SET search_path = sojorn, public, extensions;

DROP FUNCTION feed_posts(uuid), listed_posts(uuid), feed_gate(uuid, uuid, uuid, uuid, boolean),
	category_gate(uuid, uuid), enabled_categories(uuid),
	visible_posts_and_comments(uuid), can_read_comment(uuid, uuid, uuid), can_read_comments(uuid, uuid), can_comment(uuid, uuid),
	visible_posts(uuid),
	post_gate(uuid, uuid, boolean, boolean, text, text, text, timestamptz, boolean),
	searchable_profiles(uuid), can_see_details(uuid, uuid), can_see_inside(uuid, uuid, boolean),
	visible_profiles(uuid), in_audience(uuid, uuid, text), is_in_circle(uuid, uuid), is_mutual(uuid, uuid),
	is_accepted_follow(uuid, uuid), has_block_between(uuid, uuid);
