-- What the ranked feed keeps between requests.
SET search_path = sojorn, public, extensions;

-- Written by the refresh for candidates of the last seven days; a missing row is no candidate.
CREATE TABLE post_feed_scores (
	post_id             uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
	score               double precision NOT NULL,
	engagement_score    double precision NOT NULL DEFAULT 0,
	quality_score       double precision NOT NULL DEFAULT 0,
	recency_score       double precision NOT NULL DEFAULT 0,
	network_score       double precision NOT NULL DEFAULT 0,
	personalization     double precision NOT NULL DEFAULT 0,
	tone_score          double precision NOT NULL DEFAULT 0,
	video_boost_score   double precision NOT NULL DEFAULT 0,
	harmony_score       double precision NOT NULL DEFAULT 0,
	moderation_penalty  double precision NOT NULL DEFAULT 0,
	safety              double precision NOT NULL DEFAULT 1,
	updated_at          timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX post_feed_scores_best ON post_feed_scores (score DESC, post_id);
CREATE INDEX post_feed_scores_age ON post_feed_scores (updated_at);

-- An assembled order, frozen for ten minutes under its id; a cursor is a position in it. `shown` is how
-- far it has been read: those posts count as seen by the user and cool down. Afterwards the rest is cut
-- off, and what was seen is kept seven days. So showing a page costs one row, not one a post.
CREATE TABLE feed_sessions (
	id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id      uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
	category     text,
	post_ids     uuid[] NOT NULL,
	shown        integer NOT NULL CHECK (shown >= 0),
	shown_at     timestamptz NOT NULL DEFAULT now(),
	created_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
COMMENT ON COLUMN feed_sessions.category IS 'slug the order was asked for; NULL: all';
CREATE INDEX feed_sessions_user ON feed_sessions (user_id, created_at DESC);
CREATE INDEX feed_sessions_untrimmed ON feed_sessions (created_at) WHERE shown < cardinality(post_ids);
CREATE INDEX feed_sessions_age ON feed_sessions USING brin (created_at) WITH (pages_per_range = 32);

CREATE TABLE algorithm_config (
	key          text PRIMARY KEY,
	value        double precision NOT NULL,
	description  text NOT NULL DEFAULT '',
	updated_at   timestamptz NOT NULL DEFAULT now()
);

INSERT INTO algorithm_config (key, value, description, updated_at)
SELECT v.*, timestamptz '2026-01-01 00:00:00+00' FROM (VALUES
	('feed_engagement_weight', 0.28, 'weight of likes, saves, reactions and reposts against age'),
	('feed_quality_weight', 0.22, 'weight of media, length and rate of response'),
	('feed_recency_weight', 0.20, 'weight of youth'),
	('feed_tone_weight', 0.15, 'weight of the tone of the text'),
	('feed_video_boost_weight', 0.08, 'weight of how far videos are watched'),
	('feed_personalization_weight', 0.07, 'weight of what the viewer likes'),
	('feed_network_weight', 0, 'weight of the viewer''s followed accounts'),
	('feed_harmony_weight', 0, 'weight of the author''s harmony'),
	('feed_moderation_penalty_weight', 0, 'weight of strikes and open flags'),
	('feed_comment_weight', 0, 'engagement units of a comment'),
	('feed_recency_half_life_hours', 24, 'age at which youth counts half'),
	('feed_diversity_weight', 0.10, 'how strongly the first page is mixed'),
	('feed_diversity_personal_pct', 60, 'share of the best posts on the first page, in percent'),
	('feed_diversity_category_pct', 20, 'share from other categories'),
	('feed_diversity_discovery_pct', 20, 'share from authors not followed'),
	('feed_diversity_author_max', 2, 'posts of one author in ten at most'),
	('feed_cooling_multiplier', 0.20, 'factor of a post just shown'),
	('feed_cooling_exclude_hours', 2, 'a post shown within is left out'),
	('feed_cooling_half_life_hours', 24, 'how fast the factor recovers'),
	('tone_positive_boost', 0.15, 'adjustment for positive text'),
	('tone_mixed_penalty', 0.03, 'adjustment for mixed text'),
	('tone_negative_penalty', 0.15, 'adjustment for negative text'),
	('tone_hostile_penalty', 0.40, 'adjustment for hostile text, which is never a candidate'),
	('video_base_boost', 0.05, 'boost of any video'),
	('harmony_floor', 0.20, 'lowest harmony factor'),
	('safety_block_penalty', 0.20, 'safety lost a block the author received within 24 h'),
	('safety_report_penalty', 0.30, 'safety lost a report by a trusted account'),
	('safety_cis_exempt', 0.90, 'above this CIS reports and blocks do not count'),
	('moderation_strike_penalty', 0.15, 'penalty a strike'),
	('moderation_flag_penalty', 0.10, 'penalty an open flag'),
	('moderation_flag_penalty_cap', 0.30, 'highest penalty for open flags'),
	('moderation_auto_flag_threshold', 0.70, 'poison above which text is flagged'),
	('moderation_auto_remove_threshold', 0.95, 'poison above which text is removed'),
	('video_moderation_frame_count', 5, 'frames of a video that are looked at')
) AS v;

-- Editorial picks; they come first until they expire.
CREATE TABLE trending_overrides (
	id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	post_id      uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
	category_id  uuid REFERENCES categories ON DELETE CASCADE,
	reason       text,
	starts_at    timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz NOT NULL,
	created_by   uuid REFERENCES users ON DELETE SET NULL,
	created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trending_overrides_category ON trending_overrides (category_id, expires_at);
CREATE INDEX trending_overrides_post ON trending_overrides (post_id);
CREATE INDEX trending_overrides_created_by ON trending_overrides (created_by) WHERE created_by IS NOT NULL;
