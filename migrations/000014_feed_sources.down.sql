SET search_path = sojorn, public, extensions;

DROP FUNCTION source_posts(uuid, boolean, boolean, uuid);
DROP FUNCTION feed_sources(uuid);
