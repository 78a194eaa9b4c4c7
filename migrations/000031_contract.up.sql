-- What is true of one row must be true of all that depend on it, also when two requests come at once.
SET search_path = sojorn, public, extensions;

-- A circle is made of people one follows: whoever is no longer followed leaves it, whichever way the follow ends
-- and whoever adds him at that moment. A reference knows that better than each statement.
DELETE FROM circle_members c
 WHERE NOT EXISTS (SELECT FROM follows f WHERE f.follower_id = c.user_id AND f.following_id = c.member_id);
ALTER TABLE circle_members
	DROP CONSTRAINT circle_members_user_id_fkey,
	DROP CONSTRAINT circle_members_member_id_fkey,
	ADD CONSTRAINT circle_members_followed FOREIGN KEY (user_id, member_id)
		REFERENCES follows (follower_id, following_id) ON DELETE CASCADE;
DROP INDEX circle_members_member;

-- As before, but each statement sees what was committed while the one before it waited, which those of a function
-- in SQL do not; and everybody whose counter will change is taken in the order of ids, as follows and blocks do, so
-- that none of them waits for another. Once the owner is held nobody can begin to wait for him, but somebody may have
-- before; then all are let go and taken anew.
CREATE OR REPLACE FUNCTION accept_waiting(owner uuid) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	held uuid[];
	n integer;
BEGIN
	LOOP
		BEGIN
			SELECT array_agg(p.id) INTO held FROM (
				SELECT id FROM sojorn.profiles
				 WHERE id = owner OR id IN (SELECT follower_id FROM sojorn.follows
							     WHERE following_id = owner AND status = 'pending')
				 ORDER BY id
				   FOR NO KEY UPDATE) p;
			EXIT WHEN NOT EXISTS (SELECT FROM sojorn.follows
				WHERE following_id = owner AND status = 'pending' AND follower_id <> ALL (held));
			RAISE EXCEPTION USING ERRCODE = 'SJ001';
		EXCEPTION WHEN SQLSTATE 'SJ001' THEN NULL;
		END;
	END LOOP;
	WITH opened AS (
		UPDATE sojorn.follows SET status = 'accepted', created_at = now()
		 WHERE following_id = owner AND status = 'pending'
		   AND (SELECT is_private FROM sojorn.profiles WHERE id = owner)
		RETURNING follower_id
	), counted AS (
		UPDATE sojorn.profiles p SET following_count = p.following_count + 1
		  FROM opened o WHERE p.id = o.follower_id
	)
	SELECT count(*) INTO n FROM opened;
	RETURN n;
END
$$;

-- What a receiver has not read of what his list shows him: nothing by people who are hidden from him by now.
CREATE FUNCTION unread_notifications(receiver uuid) RETURNS SETOF notifications LANGUAGE sql STABLE AS $$
	SELECT n.* FROM sojorn.notifications n
	 WHERE n.user_id = receiver AND NOT n.is_read AND n.archived_at IS NULL AND n.type <> 'message'
	   AND (n.actor_id IS NULL OR n.actor_id = receiver
		OR EXISTS (SELECT FROM sojorn.visible_profiles(receiver) a WHERE a.id = n.actor_id))
$$;

CREATE OR REPLACE FUNCTION badge(who uuid) RETURNS TABLE (notification_count integer, message_count integer)
LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT (SELECT count(*)::integer FROM (SELECT FROM sojorn.unread_notifications(who) LIMIT 1000) u),
	       (SELECT count(*)::integer FROM (SELECT FROM sojorn.secure_messages m
			  JOIN sojorn.my_conversations(who) c ON c.id = m.conversation_id
			 WHERE m.receiver_id = who AND m.read_at IS NULL AND m.message_type <> 2
			   AND (m.expires_at IS NULL OR m.expires_at > now())
			 LIMIT 1000) u)
$$;
