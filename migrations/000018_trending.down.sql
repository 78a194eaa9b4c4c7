SET search_path = sojorn, public, extensions;

DROP INDEX post_feed_scores_trending;
ALTER TABLE post_feed_scores DROP COLUMN trending;
