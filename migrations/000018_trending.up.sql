-- What is trending (§8.3): refreshed every five minutes for the posts of the last seven days.
SET search_path = sojorn, public, extensions;

ALTER TABLE post_feed_scores ADD COLUMN trending double precision NOT NULL DEFAULT 0;
CREATE INDEX post_feed_scores_trending ON post_feed_scores (trending DESC, post_id) WHERE trending > 0;
