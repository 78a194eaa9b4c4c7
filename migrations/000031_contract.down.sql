SET search_path = sojorn, public, extensions;

CREATE OR REPLACE FUNCTION badge(who uuid) RETURNS TABLE (notification_count integer, message_count integer)
LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT (SELECT count(*)::integer FROM (SELECT FROM sojorn.notifications n
			 WHERE n.user_id = who AND NOT n.is_read AND n.archived_at IS NULL AND n.type <> 'message'
			 LIMIT 1000) u),
	       (SELECT count(*)::integer FROM (SELECT FROM sojorn.secure_messages m
			  JOIN sojorn.my_conversations(who) c ON c.id = m.conversation_id
			 WHERE m.receiver_id = who AND m.read_at IS NULL AND m.message_type <> 2
			   AND (m.expires_at IS NULL OR m.expires_at > now())
			 LIMIT 1000) u)
$$;
DROP FUNCTION unread_notifications(uuid);

CREATE OR REPLACE FUNCTION accept_waiting(owner uuid) RETURNS integer LANGUAGE sql VOLATILE AS $$
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

CREATE INDEX circle_members_member ON circle_members (member_id);
ALTER TABLE circle_members
	DROP CONSTRAINT circle_members_followed,
	ADD CONSTRAINT circle_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES profiles ON DELETE CASCADE,
	ADD CONSTRAINT circle_members_member_id_fkey FOREIGN KEY (member_id) REFERENCES profiles ON DELETE CASCADE;
