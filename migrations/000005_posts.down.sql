SET search_path = sojorn, public, extensions;

DROP TABLE safe_domains, media_objects, post_mentions, hashtag_follows, post_hashtags, hashtags, post_views,
	post_hides, post_reactions, post_saves, post_likes, post_metrics, posts, user_category_settings, categories;
DROP FUNCTION reaction_counts_add(jsonb, text, integer);
