-- Beacons: anonymous, short-lived notes on the map. No row names who made one (T-BCN-1): there is no
-- author column, and the tag that stops self-votes is an HMAC under a key that is destroyed after 48 h.
SET search_path = sojorn, public, extensions;

CREATE TABLE beacon_tag_keys (
	day         date PRIMARY KEY,
	key         bytea NOT NULL CHECK (octet_length(key) = 32),
	created_at  timestamptz NOT NULL DEFAULT now()
);

-- Votes change the counters; confidence, priority and the place on the map follow by definition, in
-- tenths, so that 0.7 is exact (T-BCN-4). Positions are stored to two decimals by their type (T-BCN-2).
CREATE TABLE beacons (
	id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	author_tag       bytea CHECK (octet_length(author_tag) = 32),
	beacon_type      text NOT NULL CHECK (beacon_type IN
		('suspicious', 'official_presence', 'checkpoint', 'taskForce', 'hazard', 'fire', 'safety',
		 'utility_alert', 'package_theft', 'noise_report', 'development')),
	severity         text NOT NULL DEFAULT 'medium' CHECK (severity IN ('low', 'medium', 'high', 'critical')),
	status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'flagged', 'removed', 'expired')),
	incident_status  text NOT NULL DEFAULT 'active' CHECK (incident_status IN ('active', 'resolved', 'false_alarm')),
	lat              numeric(4, 2) NOT NULL CHECK (lat BETWEEN -90 AND 90),
	long             numeric(5, 2) NOT NULL CHECK (long BETWEEN -180 AND 180),
	radius           integer NOT NULL DEFAULT 500 CHECK (radius > 0),
	vouch_count      integer NOT NULL DEFAULT 0 CHECK (vouch_count >= 0),
	vouch_weight     integer NOT NULL DEFAULT 0 CHECK (vouch_weight >= vouch_count),
	report_count     integer NOT NULL DEFAULT 0 CHECK (report_count >= 0),
	resolved_count   integer NOT NULL DEFAULT 0 CHECK (resolved_count >= 0),
	false_alarm_count integer NOT NULL DEFAULT 0 CHECK (false_alarm_count >= 0),
	created_at       timestamptz NOT NULL DEFAULT now(),
	expires_at       timestamptz NOT NULL,
	body             text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 500),
	tags             text[] NOT NULL DEFAULT '{}',
	image_url        text,
	video_url        text,
	search           tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, body)) STORED,
	location         geography(Point, 4326) NOT NULL GENERATED ALWAYS AS
		(ST_SetSRID(ST_MakePoint(long::double precision, lat::double precision), 4326)::geography) STORED,
	confidence       integer NOT NULL GENERATED ALWAYS AS
		(LEAST(10, GREATEST(0, 5 + vouch_weight - report_count))) STORED,
	is_priority      boolean NOT NULL GENERATED ALWAYS AS
		(vouch_count >= 3 AND 5 + vouch_weight - report_count >= 3) STORED,
	on_map           boolean NOT NULL GENERATED ALWAYS AS
		(status = 'active' AND incident_status = 'active'
		 AND 5 + vouch_weight - report_count >= 1
		 AND NOT (report_count >= 5 AND report_count > vouch_count)) STORED,

	CONSTRAINT beacons_lifetime CHECK (expires_at > created_at AND expires_at <= created_at + interval '4 hours')
) WITH (fillfactor = 80);
COMMENT ON COLUMN beacons.confidence IS 'tenths';
COMMENT ON COLUMN beacons.on_map IS
	'neither resolved nor moderated, not below 0.1, and not reported by five people outnumbering the vouches (T-BCN-5)';

CREATE INDEX beacons_map ON beacons USING gist (location) WHERE on_map;
CREATE INDEX beacons_newest ON beacons (created_at DESC, id DESC) WHERE on_map;
-- expiry takes rows off the map each minute, the sweep deletes them 48 h later with their votes
CREATE INDEX beacons_expiring ON beacons (expires_at) WHERE status = 'active';
CREATE INDEX beacons_expiry ON beacons (expires_at);

-- One vote a user; a new one replaces the old (T-BCN-7).
CREATE TABLE beacon_votes (
	beacon_id     uuid NOT NULL REFERENCES beacons ON DELETE CASCADE,
	user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	kind          text NOT NULL CHECK (kind IN ('vouch', 'report')),
	weight        integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 2 AND (kind = 'vouch' OR weight = 1)),
	prior_kind    text,
	prior_weight  integer NOT NULL DEFAULT 0,
	created_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (beacon_id, user_id)
);
COMMENT ON COLUMN beacon_votes.prior_kind IS
	'the vote before its last change; ON CONFLICT DO UPDATE returns it, so one statement counts the difference';
CREATE INDEX beacon_votes_user ON beacon_votes (user_id);

CREATE TABLE beacon_resolve_votes (
	beacon_id   uuid NOT NULL REFERENCES beacons ON DELETE CASCADE,
	user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	verdict     text NOT NULL CHECK (verdict IN ('resolved', 'false_alarm')),
	prior       text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (beacon_id, user_id)
);
CREATE INDEX beacon_resolve_votes_user ON beacon_resolve_votes (user_id);

-- Alerts of official sources, shown on the same map.
CREATE TABLE beacon_alerts (
	id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	source           text NOT NULL,
	external_id      text NOT NULL,
	beacon_type      text NOT NULL DEFAULT 'hazard',
	severity         text NOT NULL DEFAULT 'medium' CHECK (severity IN ('low', 'medium', 'high', 'critical')),
	status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'flagged', 'removed', 'expired')),
	incident_status  text NOT NULL DEFAULT 'active' CHECK (incident_status IN ('active', 'resolved', 'false_alarm')),
	title            text NOT NULL DEFAULT '',
	body             text NOT NULL DEFAULT '',
	lat              double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
	long             double precision NOT NULL CHECK (long BETWEEN -180 AND 180),
	radius           integer NOT NULL DEFAULT 500 CHECK (radius > 0),
	image_url        text,
	video_url        text,
	is_official      boolean NOT NULL DEFAULT false,
	official_source  text,
	tags             text[] NOT NULL DEFAULT '{}',
	expires_at       timestamptz,
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now(),
	location         geography(Point, 4326) NOT NULL GENERATED ALWAYS AS
		(ST_SetSRID(ST_MakePoint(long, lat), 4326)::geography) STORED,
	UNIQUE (source, external_id)
);
CREATE INDEX beacon_alerts_map ON beacon_alerts USING gist (location)
	WHERE status = 'active' AND incident_status = 'active';
CREATE INDEX beacon_alerts_expiring ON beacon_alerts (expires_at) WHERE expires_at IS NOT NULL AND status = 'active';

-- What readers may see of a beacon: everything but the tag, and only while it is on the map (T-BCN-9:
-- no follow, block or setting changes it).
CREATE VIEW map_beacons AS
SELECT b.id, b.beacon_type, b.severity, b.incident_status, b.lat::double precision AS lat,
       b.long::double precision AS long, b.location, b.radius, b.vouch_count, b.report_count,
       b.confidence, b.is_priority, b.body, b.tags, b.image_url, b.video_url, b.search, b.created_at, b.expires_at
  FROM beacons b
 WHERE b.on_map AND b.expires_at > now();
