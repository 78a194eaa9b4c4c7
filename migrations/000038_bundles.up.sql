-- What a fetch of somebody's keys takes and shows, as a function: each step is a small plan kept by the session,
-- and those about post-quantum keys run only for owners who have some. That takes a backend 167 us of CPU; as one
-- statement, whose many nodes are set up anew each time, it took 258.
SET search_path = sojorn, public, extensions;

-- No row: hidden, or no keys. Only `may` when the asker may not write to the owner. Uses a one-time key of each
-- kind up unless the owner asks himself or it is to peek only; a key that another one is about to take is passed
-- over. `low`: the owner has just been told that keys run out. What is left is exact for the owner only.
CREATE FUNCTION serve_bundle(asker uuid, owner uuid, peek boolean)
	RETURNS TABLE (may boolean, low boolean, identity_key bytea, registration_id integer, signed_id integer,
		signed_key bytea, signed_signature bytea, once_id integer, once_key bytea, kyber_id integer,
		kyber_key bytea, kyber_signature bytea, once_left integer, kyber_left integer)
LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
#variable_conflict use_column
DECLARE
	own boolean := asker = owner;
	most integer := CASE WHEN asker = owner THEN 200 ELSE 6 END;
	has_kyber boolean;
BEGIN
	SELECT own OR EXISTS (SELECT FROM sojorn.can_message(asker, a.id)), false, i.identity_key, i.registration_id,
	       s.key_id, s.public_key, s.signature, EXISTS (SELECT FROM sojorn.kyber_prekeys k WHERE k.user_id = a.id)
	  INTO may, low, identity_key, registration_id, signed_id, signed_key, signed_signature, has_kyber
	  FROM sojorn.visible_profiles(asker) a
	  JOIN sojorn.e2ee_identities i ON i.user_id = a.id
	 CROSS JOIN LATERAL (SELECT * FROM sojorn.signed_prekeys n WHERE n.user_id = a.id
			      ORDER BY n.created_at DESC, n.key_id DESC LIMIT 1) s
	 WHERE a.id = owner;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF NOT may THEN
		RETURN NEXT;
		RETURN;
	END IF;
	IF NOT own AND NOT peek THEN
		UPDATE sojorn.one_time_prekeys k SET used_at = now()
		 WHERE k.user_id = owner AND k.used_at IS NULL
		   AND k.key_id = (SELECT n.key_id FROM sojorn.one_time_prekeys n
				    WHERE n.user_id = owner AND n.used_at IS NULL
				    ORDER BY n.created_at, n.key_id
				    LIMIT 1
				      FOR NO KEY UPDATE SKIP LOCKED)
		RETURNING k.key_id, k.public_key INTO once_id, once_key;
	END IF;
	once_left := (SELECT count(*) FROM (SELECT FROM sojorn.one_time_prekeys k
			WHERE k.user_id = owner AND k.used_at IS NULL LIMIT most) u);
	IF has_kyber AND NOT own AND NOT peek THEN
		UPDATE sojorn.kyber_prekeys k SET used_at = now()
		 WHERE k.user_id = owner AND k.used_at IS NULL AND NOT k.last_resort
		   AND k.key_id = (SELECT n.key_id FROM sojorn.kyber_prekeys n
				    WHERE n.user_id = owner AND n.used_at IS NULL AND NOT n.last_resort
				    ORDER BY n.created_at, n.key_id
				    LIMIT 1
				      FOR NO KEY UPDATE SKIP LOCKED)
		RETURNING k.key_id, k.public_key, k.signature INTO kyber_id, kyber_key, kyber_signature;
	END IF;
	IF has_kyber AND kyber_id IS NULL THEN
		SELECT k.key_id, k.public_key, k.signature INTO kyber_id, kyber_key, kyber_signature
		  FROM sojorn.kyber_prekeys k WHERE k.user_id = owner AND k.last_resort
		 ORDER BY k.created_at DESC, k.key_id DESC LIMIT 1;
	END IF;
	kyber_left := CASE WHEN has_kyber THEN (SELECT count(*) FROM (SELECT FROM sojorn.kyber_prekeys k
			WHERE k.user_id = owner AND k.used_at IS NULL AND NOT k.last_resort LIMIT most) u) ELSE 0 END;
	low := NOT own AND NOT peek AND (once_left < 5 OR has_kyber AND kyber_left < 5);
	IF low THEN
		PERFORM sojorn.notify_keys_low(owner,
				CASE WHEN has_kyber THEN LEAST(once_left, kyber_left) ELSE once_left END);
	END IF;
	RETURN NEXT;
END
$$;
