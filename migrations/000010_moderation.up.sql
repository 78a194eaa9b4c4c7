-- Reports, strikes and the trail of what was done about them.
SET search_path = sojorn, public, extensions;

CREATE TABLE reports (
	id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	reporter_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	target_user_id  uuid REFERENCES users ON DELETE CASCADE,
	post_id         uuid REFERENCES posts ON DELETE CASCADE,
	comment_id      uuid REFERENCES posts ON DELETE CASCADE,
	beacon_id       uuid REFERENCES beacons ON DELETE CASCADE,
	violation_type  text NOT NULL CHECK (violation_type <> '' AND char_length(violation_type) <= 64),
	description     text NOT NULL DEFAULT '' CHECK (char_length(description) <= 1000),
	status          text NOT NULL DEFAULT 'pending' CHECK (status IN
		('pending', 'reviewed', 'actioned', 'dismissed')),
	reviewed_by     uuid REFERENCES users ON DELETE SET NULL,
	reviewed_at     timestamptz,
	created_at      timestamptz NOT NULL DEFAULT now(),

	CHECK (num_nonnulls(target_user_id, post_id, comment_id, beacon_id) >= 1),
	CHECK (reporter_id <> target_user_id)
);
-- one open report a reporter and object
CREATE UNIQUE INDEX reports_open ON reports (reporter_id, COALESCE(comment_id, post_id, beacon_id, target_user_id))
	WHERE status = 'pending';
CREATE INDEX reports_mine ON reports (reporter_id, created_at DESC, id DESC);
CREATE INDEX reports_target ON reports (target_user_id, status, created_at) WHERE target_user_id IS NOT NULL;
CREATE INDEX reports_post ON reports (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX reports_comment ON reports (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX reports_beacon ON reports (beacon_id) WHERE beacon_id IS NOT NULL;
CREATE INDEX reports_reviewed_by ON reports (reviewed_by) WHERE reviewed_by IS NOT NULL;
CREATE INDEX reports_queue ON reports (created_at, id) WHERE status = 'pending';

-- A trail of blocks; a block is not an upheld report.
CREATE TABLE abuse_logs (
	id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	actor_id        uuid REFERENCES users ON DELETE CASCADE,
	blocked_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	blocked_handle  text NOT NULL,
	actor_ip        inet,
	created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX abuse_logs_actor ON abuse_logs (actor_id, created_at);
CREATE INDEX abuse_logs_blocked ON abuse_logs (blocked_id, created_at);

CREATE TABLE content_strikes (
	id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	category         text NOT NULL,
	content_snippet  text NOT NULL DEFAULT '' CHECK (octet_length(content_snippet) <= 100),
	created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX content_strikes_user ON content_strikes (user_id, created_at DESC);

CREATE TABLE moderation_flags (
	id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	post_id      uuid REFERENCES posts ON DELETE CASCADE,
	flag_reason  text NOT NULL,
	scores       jsonb NOT NULL DEFAULT '{}',
	status       text NOT NULL DEFAULT 'pending' CHECK (status IN
		('pending', 'approved', 'rejected', 'escalated', 'dismissed', 'actioned')),
	reviewed_by  uuid REFERENCES users ON DELETE SET NULL,
	reviewed_at  timestamptz,
	created_at   timestamptz NOT NULL DEFAULT now(),
	updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX moderation_flags_user ON moderation_flags (user_id, created_at);
CREATE INDEX moderation_flags_post ON moderation_flags (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX moderation_flags_reviewed_by ON moderation_flags (reviewed_by) WHERE reviewed_by IS NOT NULL;
CREATE INDEX moderation_flags_queue ON moderation_flags (created_at, id) WHERE status = 'pending';

-- Kept 90 days; survives the people in it without naming them.
CREATE TABLE audit_log (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	actor_id     uuid REFERENCES users ON DELETE SET NULL,
	action       text NOT NULL,
	target_type  text,
	target_id    text,
	details      jsonb NOT NULL DEFAULT '{}',
	created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_actor ON audit_log (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_target ON audit_log (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX audit_log_age ON audit_log (created_at);
