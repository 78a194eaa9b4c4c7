-- What is told to people, where their phones are, and the work that waits for a worker.
SET search_path = sojorn, public, extensions;

CREATE TABLE notifications (
	id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id      uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	type         text NOT NULL CHECK (type IN
		('like', 'comment', 'reply', 'mention', 'follow', 'follow_request', 'follow_accepted', 'message',
		 'save', 'share', 'beacon_vouch', 'beacon_report', 'quip_reaction', 'nsfw_warning',
		 'content_removed', 'keys_low')),
	actor_id     uuid REFERENCES profiles ON DELETE CASCADE,
	post_id      uuid REFERENCES posts ON DELETE CASCADE,
	comment_id   uuid REFERENCES posts ON DELETE CASCADE,
	is_read      boolean NOT NULL DEFAULT false,
	priority     text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
	group_key    text,
	metadata     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
	created_at   timestamptz NOT NULL DEFAULT now(),
	archived_at  timestamptz
) WITH (fillfactor = 85);
COMMENT ON COLUMN notifications.actor_id IS 'NULL: the system';

-- At most one a receiver, actor, type and object until it is archived (T-NOT-4): INSERT … ON CONFLICT DO NOTHING.
CREATE UNIQUE INDEX notifications_once ON notifications (user_id, type, actor_id, post_id, comment_id, archived_at)
	NULLS NOT DISTINCT;
CREATE INDEX notifications_list ON notifications (user_id, created_at DESC, id DESC) WHERE archived_at IS NULL;
CREATE INDEX notifications_archive ON notifications (user_id, created_at DESC, id DESC) WHERE archived_at IS NOT NULL;
CREATE INDEX notifications_unread ON notifications (user_id)
	WHERE NOT is_read AND archived_at IS NULL AND type <> 'message';
CREATE INDEX notifications_actor ON notifications (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX notifications_post ON notifications (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX notifications_comment ON notifications (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX notifications_age ON notifications (created_at);

CREATE TABLE notification_preferences (
	user_id                 uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	push_enabled            boolean NOT NULL DEFAULT true,
	push_likes              boolean NOT NULL DEFAULT true,
	push_comments           boolean NOT NULL DEFAULT true,
	push_replies            boolean NOT NULL DEFAULT true,
	push_mentions           boolean NOT NULL DEFAULT true,
	push_follows            boolean NOT NULL DEFAULT true,
	push_follow_requests    boolean NOT NULL DEFAULT true,
	push_messages           boolean NOT NULL DEFAULT true,
	push_saves              boolean NOT NULL DEFAULT true,
	push_beacons            boolean NOT NULL DEFAULT true,
	email_enabled           boolean NOT NULL DEFAULT false,
	email_digest_frequency  text NOT NULL DEFAULT 'never',
	quiet_hours_enabled     boolean NOT NULL DEFAULT false,
	quiet_hours_start       time,
	quiet_hours_end         time,
	timezone                text NOT NULL DEFAULT 'UTC',
	show_badge_count        boolean NOT NULL DEFAULT true,
	created_at              timestamptz NOT NULL DEFAULT now(),
	updated_at              timestamptz NOT NULL DEFAULT now()
);

-- A token belongs to one user: registering it moves it.
CREATE TABLE user_fcm_tokens (
	token         text PRIMARY KEY CHECK (char_length(token) BETWEEN 1 AND 4096),
	user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	device_type   text NOT NULL DEFAULT 'android' CHECK (device_type IN ('web', 'android', 'ios', 'desktop')),
	created_at    timestamptz NOT NULL DEFAULT now(),
	last_updated  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX user_fcm_tokens_user ON user_fcm_tokens (user_id);

-- Mails, pushes, fan-out, deletion of files: written in the transaction that causes them, taken with
-- FOR UPDATE SKIP LOCKED in the order of next_try_at, deleted with their effect. A row about a user goes
-- with the user. Taken and deleted all the time, so it is vacuumed by number and not by share.
CREATE TABLE outbox (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind         text NOT NULL,
	payload      jsonb NOT NULL DEFAULT '{}',
	user_id      uuid REFERENCES users ON DELETE CASCADE,
	dedup_key    text,
	attempts     integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	next_try_at  timestamptz NOT NULL DEFAULT now(),
	last_error   text,
	created_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN outbox.next_try_at IS 'infinity: given up, kept for the operator';
COMMENT ON COLUMN outbox.dedup_key IS 'one waiting row a kind and key: INSERT … ON CONFLICT DO NOTHING';
CREATE INDEX outbox_due ON outbox (next_try_at, id);
CREATE UNIQUE INDEX outbox_dedup ON outbox (kind, dedup_key) WHERE dedup_key IS NOT NULL;
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
