-- Addresses of stored files name the old project; here they name this server, which answers under the same paths.
SET search_path = sojorn, public, extensions;

ALTER TABLE supabase_move.runs
	ADD COLUMN old_url text,
	ADD COLUMN new_url text,
	ADD CHECK (num_nulls(old_url, new_url) <> 1);
COMMENT ON COLUMN supabase_move.runs.old_url IS 'of the project, without a slash at the end; NULL: addresses stay as they are';

-- An address as it is here. A signed one loses its signature, which nobody could check for long anyway.
CREATE FUNCTION supabase_move.new_address(address text) RETURNS text LANGUAGE sql STABLE RETURN
	CASE WHEN address LIKE '%/storage/v1/%' THEN COALESCE((
		SELECT CASE WHEN starts_with(address, r.old_url || '/storage/v1/object/sign/')
			THEN r.new_url || '/storage/v1/object/authenticated/'
				|| split_part(substr(address, length(r.old_url || '/storage/v1/object/sign/') + 1), '?', 1)
			WHEN starts_with(address, r.old_url || '/storage/v1/') THEN r.new_url || substr(address, length(r.old_url) + 1) END
		  FROM (SELECT old_url, new_url FROM supabase_move.runs ORDER BY id DESC LIMIT 1) r), address)
	ELSE address END;

-- The same for all public ones in a text.
CREATE FUNCTION supabase_move.new_addresses(body text) RETURNS text LANGUAGE sql STABLE RETURN
	CASE WHEN body LIKE '%/storage/v1/%' THEN COALESCE((
		SELECT replace(body, r.old_url || '/storage/v1/object/public/', r.new_url || '/storage/v1/object/public/')
		  FROM (SELECT old_url, new_url FROM supabase_move.runs ORDER BY id DESC LIMIT 1) r), body)
	ELSE body END;

-- The way back, for what the old project is told.
CREATE FUNCTION supabase_move.old_address(address text) RETURNS text LANGUAGE sql STABLE RETURN
	CASE WHEN address LIKE '%/storage/v1/%' THEN COALESCE((
		SELECT CASE WHEN starts_with(address, r.new_url || '/storage/v1/') THEN r.old_url || substr(address, length(r.new_url) + 1) END
		  FROM (SELECT old_url, new_url FROM supabase_move.runs ORDER BY id DESC LIMIT 1) r), address)
	ELSE address END;
