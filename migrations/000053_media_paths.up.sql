-- Uploads are in use by their address, also where the operator's media lie below a path (R2_PUBLIC_BASE_URL).
SET search_path = sojorn, public, extensions;

CREATE OR REPLACE FUNCTION media_stem_of_url(url text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT sojorn.media_stem(COALESCE(substring(url FROM '^(?:https?://[^/]+/)?(uploads/[^?#]+)'),
		substring(url FROM '^https?://[^?#]+/(uploads/[^/?#]+/[^/?#]+)')))
$$;
