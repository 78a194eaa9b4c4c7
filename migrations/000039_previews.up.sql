-- Previews of links: fetched once for all who share a link, and put on posts whose first link it is.
SET search_path = sojorn, public, extensions;

CREATE TABLE link_previews (
	url          text PRIMARY KEY CHECK (length(url) <= 2048),
	title        text,
	description  text,
	image_url    text,
	site_name    text,
	fetched_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX link_previews_fetched ON link_previews (fetched_at);
COMMENT ON COLUMN link_previews.title IS 'NULL: there is no preview, which is worth remembering, too';

-- The first http(s) address of a text, without what ends a sentence rather than an address.
CREATE FUNCTION first_link(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT link
	  FROM rtrim(substring(body FROM '(?i)\mhttps?://[^\s<>"]+'), '.,;:!?)]}''»') link
	 WHERE length(link) BETWEEN 10 AND 2000
$$;

-- Imported posts bring what previews they had; a new first link takes an old preview away.
CREATE FUNCTION posts_preview() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	link text := sojorn.first_link(NEW.body);
BEGIN
	IF TG_OP = 'UPDATE' AND link IS NOT DISTINCT FROM sojorn.first_link(OLD.body) THEN
		RETURN NULL;
	END IF;
	IF NEW.link_preview_url IS NOT NULL AND NEW.link_preview_url IS DISTINCT FROM link THEN
		UPDATE sojorn.posts
		   SET link_preview_url = NULL, link_preview_title = NULL, link_preview_description = NULL,
		       link_preview_image_url = NULL, link_preview_site_name = NULL
		 WHERE id = NEW.id;
	END IF;
	IF link IS NOT NULL THEN
		INSERT INTO sojorn.outbox (kind, payload) VALUES ('link_preview',
			jsonb_build_object('post', NEW.id, 'url', link));
	END IF;
	RETURN NULL;
END
$$;

CREATE TRIGGER posts_preview_new AFTER INSERT ON posts FOR EACH ROW
	WHEN (NEW.body ~* 'https?://' AND NEW.link_preview_url IS NULL AND NOT NEW.is_imported AND NEW.deleted_at IS NULL)
	EXECUTE FUNCTION posts_preview();
CREATE TRIGGER posts_preview_changed AFTER UPDATE OF body ON posts FOR EACH ROW
	WHEN (OLD.body IS DISTINCT FROM NEW.body AND (OLD.body ~* 'https?://' OR NEW.body ~* 'https?://')
		AND NOT NEW.is_imported)
	EXECUTE FUNCTION posts_preview();
