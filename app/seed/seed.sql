-- Filling a database; see seed.h. All of it is one transaction but for the ANALYZE at its end.

-- name: seed_begin
BEGIN

-- One at a time.
-- name: seed_lock
SELECT pg_advisory_xact_lock(7350070)

-- name: seed_has_schema
SELECT to_regclass('sojorn.periodic_jobs') IS NOT NULL

-- name: seed_is_empty
SELECT NOT EXISTS (SELECT FROM users)

-- Whoever may switches triggers and references off: the rows agree by construction, and a test proves it.
-- name: seed_trust_us [write]
SELECT set_config('session_replication_role', 'replica', true)
  FROM pg_roles WHERE rolname = current_user AND rolsuper

-- name: seed_memory [write]
SELECT set_config('maintenance_work_mem', '512MB', true), set_config('synchronous_commit', 'off', true)

-- Loading first and indexing afterwards takes a third of the time. Keys stay: they are loaded in order.
-- name: seed_drop_indexes [write]
DO $$
DECLARE i record;
BEGIN
	CREATE TEMP TABLE seed_indexes ON COMMIT DROP AS
	SELECT x.indexname, x.indexdef FROM pg_indexes x
	  JOIN pg_class c ON c.relname = x.indexname AND c.relnamespace = 'sojorn'::regnamespace
	  JOIN pg_index d ON d.indexrelid = c.oid
	 WHERE x.schemaname = 'sojorn' AND NOT d.indisunique
	   AND x.tablename IN ('users', 'profiles', 'follows', 'posts', 'post_likes', 'post_saves',
		'post_reactions', 'post_views', 'post_hashtags', 'post_mentions', 'user_category_settings',
		'circle_members', 'beacons', 'beacon_votes', 'notifications', 'lexicon', 'post_feed_scores');
	FOR i IN SELECT * FROM seed_indexes LOOP
		EXECUTE format('DROP INDEX sojorn.%I', i.indexname);
	END LOOP;
END $$

-- name: seed_create_indexes [write]
DO $$
DECLARE i record;
BEGIN
	FOR i IN SELECT * FROM seed_indexes LOOP
		EXECUTE i.indexdef;
	END LOOP;
END $$

-- name: seed_category     $1 slug text
SELECT id FROM categories WHERE slug = $1

-- name: copy_users
COPY users (id, email, encrypted_password, status, email_verified_at, last_login, suspended_until,
	deletion_requested_at, deleted_at, created_at, updated_at) FROM STDIN

-- name: copy_profiles
COPY profiles (id, handle, display_name, is_live, is_private, is_official, is_verified, role,
	has_completed_onboarding, followers_count, following_count, avatar_url, bio, location, interests, created_at, updated_at) FROM STDIN

-- name: copy_profile_private
COPY profile_private (user_id, birth_month, birth_year) FROM STDIN

-- name: copy_user_settings
COPY user_settings (user_id, language, who_can_comment) FROM STDIN

-- name: copy_trust_state
COPY trust_state (user_id, harmony_score, posts_count, posts_today, posts_day, last_post_at, last_harmony_calc_at)
	FROM STDIN

-- name: seed_tiers [write]
DO $$
BEGIN
	UPDATE trust_state SET tier = tier_of_score(harmony_score) WHERE tier <> tier_of_score(harmony_score);
END $$

-- name: copy_user_category_settings
COPY user_category_settings (user_id, category_id) FROM STDIN

-- name: copy_follows
COPY follows (follower_id, following_id, status, created_at) FROM STDIN

-- name: copy_blocks
COPY blocks (blocker_id, blocked_id, created_at) FROM STDIN

-- name: copy_circle_members
COPY circle_members (user_id, member_id, created_at) FROM STDIN

-- name: copy_posts
COPY posts (id, author_id, kind, status, visibility, created_at, expires_at, deleted_at, category_id,
	chain_parent_id, root_id, comment_on_id, depth, cis_score, tone_label, duration_ms, body, tags,
	image_url, video_url, thumbnail_url) FROM STDIN

-- name: copy_post_metrics
COPY post_metrics (post_id, like_count, save_count, view_count, comment_count, reaction_count,
	reaction_counts) FROM STDIN

-- name: copy_post_likes
COPY post_likes (post_id, user_id, created_at) FROM STDIN

-- name: copy_post_saves
COPY post_saves (post_id, user_id, created_at) FROM STDIN

-- name: copy_post_reactions
COPY post_reactions (post_id, user_id, emoji, created_at) FROM STDIN

-- name: copy_post_views
COPY post_views (post_id, user_id, viewed_at, counted_at, created_at) FROM STDIN

-- Tags may be there already, so they come by way of a temporary table.
-- name: seed_tag_table
CREATE TEMP TABLE seed_tags (post_id uuid, name text COLLATE "C", counts boolean, created_at timestamptz) ON COMMIT DROP

-- name: copy_seed_tags
COPY seed_tags FROM STDIN

-- name: seed_hashtags [write]
DO $$
BEGIN
	INSERT INTO hashtags AS h (name, display_name, use_count, created_at)
	SELECT name, name, count(*) FILTER (WHERE counts), min(created_at) FROM seed_tags GROUP BY name
	    ON CONFLICT (name) DO UPDATE SET use_count = h.use_count + EXCLUDED.use_count;
	INSERT INTO post_hashtags (post_id, hashtag_id, created_at)
	SELECT t.post_id, h.id, t.created_at FROM seed_tags t JOIN hashtags h ON h.name = t.name;
END $$

-- name: copy_post_mentions
COPY post_mentions (post_id, mentioned_user_id, created_at) FROM STDIN

-- name: copy_notifications
COPY notifications (user_id, type, actor_id, post_id, comment_id, is_read, group_key, metadata, created_at) FROM STDIN

-- name: copy_beacons
COPY beacons (id, beacon_type, severity, status, incident_status, lat, long, vouch_count, vouch_weight,
	report_count, created_at, expires_at, body, tags) FROM STDIN

-- name: copy_beacon_votes
COPY beacon_votes (beacon_id, user_id, kind, weight, created_at) FROM STDIN

-- name: seed_lexicon
INSERT INTO lexicon (word, posts)
SELECT word, ndoc FROM ts_stat($$SELECT search FROM posts
	WHERE deleted_at IS NULL AND status = 'active' AND kind = 'post' AND NOT is_nsfw AND visibility <> 'private'$$)
 WHERE word ~ '^[[:alpha:]]{3,32}$'
    ON CONFLICT (word) DO UPDATE SET posts = EXCLUDED.posts

-- name: seed_commit
COMMIT

-- name: seed_analyze
ANALYZE

-- Also marks all pages visible, so that index-only scans are.
-- name: seed_vacuum
VACUUM (ANALYZE)
