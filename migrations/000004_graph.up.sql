-- Who follows, blocks and trusts whom.
SET search_path = sojorn, public, extensions;

-- The primary key carries the status, so that "does a follow b" reads one index page and no row.
CREATE TABLE follows (
	follower_id   uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	following_id  uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	status        text NOT NULL DEFAULT 'accepted' CHECK (status IN ('pending', 'accepted')),
	created_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (follower_id, following_id) INCLUDE (status),
	CHECK (follower_id <> following_id)
);
CREATE INDEX follows_followers ON follows (following_id, status, created_at DESC, follower_id);
CREATE INDEX follows_following ON follows (follower_id, created_at DESC, following_id) WHERE status = 'accepted';

CREATE TABLE blocks (
	blocker_id  uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	blocked_id  uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (blocker_id, blocked_id),
	CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_list ON blocks (blocker_id, created_at DESC, blocked_id);
CREATE INDEX blocks_blocked ON blocks (blocked_id, created_at);
-- "is there a block between a and b" in one look, whoever blocked whom
CREATE INDEX blocks_pair ON blocks (LEAST(blocker_id, blocked_id), GREATEST(blocker_id, blocked_id));

-- user_id trusts member_id, whom he follows; not symmetric.
CREATE TABLE circle_members (
	user_id     uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	member_id   uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, member_id),
	CHECK (user_id <> member_id)
);
CREATE INDEX circle_members_member ON circle_members (member_id);
