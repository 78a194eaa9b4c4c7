SET search_path = sojorn, public, extensions;

CREATE OR REPLACE FUNCTION media_stem_of_url(url text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT sojorn.media_stem(substring(url FROM '^(?:https?://[^/]+/)?(uploads/[^?#]+)'))
$$;
