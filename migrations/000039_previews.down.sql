SET search_path = sojorn, public, extensions;

DROP TRIGGER posts_preview_changed ON posts;
DROP TRIGGER posts_preview_new ON posts;
DROP FUNCTION posts_preview();
DROP FUNCTION first_link(text);
DROP TABLE link_previews;
