SET search_path = sojorn, public, extensions;

DROP FUNCTION can_see_activity(uuid, uuid);
DROP TRIGGER sessions_tell_end ON sessions;
DROP TRIGGER users_tell_status ON users;
DROP TRIGGER beacons_tell_change ON beacons;
DROP TRIGGER beacons_tell_new ON beacons;
DROP TRIGGER notifications_tell_change ON notifications;
DROP TRIGGER notifications_tell_new ON notifications;
DROP TRIGGER posts_tell_change ON posts;
DROP TRIGGER posts_tell_new ON posts;
DROP FUNCTION tell_session();
DROP FUNCTION tell_account();
DROP FUNCTION tell_beacon();
DROP FUNCTION tell_badge();
DROP FUNCTION tell_thread_of_post();
DROP FUNCTION tell_thread();
DROP TABLE live_events;
