SET search_path = sojorn, public, extensions;

DROP TABLE trending_overrides, algorithm_config, feed_sessions, post_feed_scores;
