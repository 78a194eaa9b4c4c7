-- Safe domains and link previews.

-- name: safe_domains_list
SELECT domain, category, is_approved FROM safe_domains ORDER BY domain LIMIT 5000;

-- The host itself or a domain above it: of a.b.example.org also b.example.org and example.org.
-- name: safe_domains_find     $1 host text
SELECT domain, category, is_approved
  FROM safe_domains
 WHERE domain IN (SELECT substr('.' || $1, p + 1)
		    FROM generate_series(1, length($1)) p
		   WHERE substr('.' || $1, p, 1) = '.'
		   LIMIT 20)
 ORDER BY length(domain) DESC
 LIMIT 1;

-- name: preview_known     $1 url text
SELECT url, title, description, image_url, site_name
  FROM link_previews
 WHERE url = $1 AND fetched_at > now() - interval '1 day';

-- name: preview_keep     $1 post uuid, $2 url text, $3 title text, $4 description text, $5 image text, $6 site text
WITH kept AS (
	INSERT INTO link_previews (url, title, description, image_url, site_name)
	VALUES ($2, $3, $4, $5, $6)
	    ON CONFLICT (url) DO UPDATE
	   SET title = excluded.title, description = excluded.description, image_url = excluded.image_url,
	       site_name = excluded.site_name, fetched_at = now()
)
UPDATE posts
   SET link_preview_url = $2, link_preview_title = $3, link_preview_description = $4,
       link_preview_image_url = $5, link_preview_site_name = $6
 WHERE id = $1 AND $3 IS NOT NULL AND first_link(body) = $2;

-- name: previews_trim
DELETE FROM link_previews WHERE url IN (
	SELECT url FROM link_previews WHERE fetched_at < now() - interval '7 days' ORDER BY fetched_at LIMIT 10000);
