-- Going public is one act, whether the profile or the privacy settings are the way to it.
SET search_path = sojorn, public, extensions;

-- Accepts everybody who waits for an account that is about to become public (§2) and counts on their side;
-- returns how many, for the account's own counter, which its caller changes along with the rest. Does
-- nothing for an account that is public already: there the requests wait for follow_request_policy. The
-- row's lock lets a follow that is being written be seen, and the next one wait for what it is up to.
CREATE FUNCTION accept_waiting(owner uuid) RETURNS integer LANGUAGE sql VOLATILE AS $$
	SELECT FROM sojorn.profiles WHERE id = owner FOR NO KEY UPDATE;
	WITH opened AS (
		UPDATE sojorn.follows SET status = 'accepted', created_at = now()
		 WHERE following_id = owner AND status = 'pending'
		   AND (SELECT is_private FROM sojorn.profiles WHERE id = owner)
		RETURNING follower_id
	), counted AS (
		UPDATE sojorn.profiles p SET following_count = p.following_count + 1
		  FROM opened o WHERE p.id = o.follower_id
	)
	SELECT count(*)::integer FROM opened
$$;
