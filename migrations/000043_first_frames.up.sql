-- A post that shows a film whose first frame is there already says so at once.
SET search_path = sojorn, public, extensions;

CREATE FUNCTION posts_first_frame() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM sojorn.media_objects
		    WHERE stem = sojorn.media_stem_of_url(NEW.video_url) AND thumbnail_key IS NOT NULL) THEN
		NEW.first_frame_url := regexp_replace(NEW.video_url, '\.[^./]*$', '.thumb.jpg');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER posts_first_frame BEFORE INSERT ON posts FOR EACH ROW
	WHEN (NEW.video_url LIKE '%uploads/%' AND NEW.first_frame_url IS NULL)
	EXECUTE FUNCTION posts_first_frame();
