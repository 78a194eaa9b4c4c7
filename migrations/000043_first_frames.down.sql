SET search_path = sojorn, public, extensions;

DROP TRIGGER posts_first_frame ON posts;
DROP FUNCTION posts_first_frame();
