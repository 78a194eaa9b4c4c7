-- The way back: after the flip, what people change here is written into the landing zone, in the shape that the
-- source has, and from there to the source. Columns of the source that nothing here knows keep their values, and so
-- do those whose value says there what ours says here (an address in other letters, NULL for nothing).
SET search_path = sojorn, public, extensions;

ALTER TABLE supabase_move.runs DROP CONSTRAINT runs_phase_check;
ALTER TABLE supabase_move.runs ADD CONSTRAINT runs_phase_check CHECK (phase IN
	('landing', 'landed', 'transformed', 'cutover', 'live', 'returning', 'archived'));

-- What stands in the source, unless it has come to mean something else.
CREATE FUNCTION supabase_move.keep(known boolean, there text, meant text, now text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN known AND meant IS NOT DISTINCT FROM now THEN there ELSE now END;
CREATE FUNCTION supabase_move.keep(there timestamptz, now timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN supabase_move.plain_time(there) IS NOT DISTINCT FROM now THEN there ELSE now END;

-- An address of a stored file: under the project's name, unless it is one that came from there.
CREATE FUNCTION supabase_move.back_address(known boolean, there text, now text) RETURNS text LANGUAGE sql STABLE RETURN
	CASE WHEN known AND supabase_move.new_address(there) IS NOT DISTINCT FROM now THEN there ELSE supabase_move.old_address(now) END;

CREATE VIEW supabase_move.back_users AS
SELECT u.id, supabase_move.keep(s.id IS NOT NULL, s.email, NULLIF(lower(btrim(s.email)), ''), u.email) AS email,
       CASE WHEN s.deleted_at IS NOT NULL THEN s.encrypted_password
	    ELSE supabase_move.keep(s.id IS NOT NULL, s.encrypted_password, COALESCE(s.encrypted_password, ''), u.encrypted_password) END AS encrypted_password,
       supabase_move.keep(s.email_confirmed_at, u.email_verified_at) AS email_confirmed_at,
       supabase_move.keep(s.last_sign_in_at, u.last_login) AS last_sign_in_at,
       CASE WHEN u.status = 'banned' THEN GREATEST(s.banned_until, now() + interval '900 years')
	    WHEN u.status = 'suspended' THEN u.suspended_until
	    WHEN s.banned_until <= now() THEN s.banned_until END AS banned_until,
       supabase_move.keep(s.created_at, u.created_at) AS created_at,
       supabase_move.keep(s.updated_at, u.updated_at) AS updated_at
  FROM users u LEFT JOIN supabase_move.auth_users s ON s.id = u.id;

-- The old server finds an account by its identity, too; those made here have none.
CREATE VIEW supabase_move.back_identities AS
SELECT i.id, i.user_id, i.provider_id, i.provider, i.data AS identity_data, i.last_sign_in_at, i.created_at, i.updated_at
  FROM account_identities i
UNION ALL
SELECT md5('identity of ' || u.id)::uuid, u.id, u.id::text, 'email',
       jsonb_build_object('sub', u.id, 'email', u.email, 'email_verified', u.email_verified_at IS NOT NULL),
       u.last_login, u.created_at, u.created_at
  FROM users u WHERE u.email IS NOT NULL AND NOT EXISTS (SELECT FROM account_identities i WHERE i.user_id = u.id);

CREATE VIEW supabase_move.back_profiles AS
SELECT p.id, supabase_move.keep(s.id IS NOT NULL, s.handle, lower(btrim(s.handle)), p.handle) AS handle,
       supabase_move.keep(s.id IS NOT NULL, s.display_name, COALESCE(NULLIF(s.display_name, ''), p.display_name), p.display_name) AS display_name,
       p.bio, supabase_move.back_address(s.id IS NOT NULL, s.avatar_url, p.avatar_url) AS avatar_url,
       supabase_move.back_address(s.id IS NOT NULL, s.cover_url, p.cover_url) AS cover_url, p.location, p.website, p.is_official, p.is_private, p.is_verified, p.beacon_enabled,
       CASE WHEN s.id IS NOT NULL AND p.interests = ARRAY(SELECT i FROM unnest(s.interests) WITH ORDINALITY AS x (i, n) WHERE i IS NOT NULL ORDER BY n)
	    THEN s.interests ELSE p.interests END AS interests,
       p.has_completed_onboarding, supabase_move.keep(s.id IS NOT NULL, s.role, supabase_move.text_or(s.role, '{user,moderator,admin}', 'user'), p.role) AS role,
       v.birth_month, v.birth_year, v.strikes, v.origin_country, p.status_text, p.status_updated_at, p.metadata_fields,
       supabase_move.keep(s.created_at, p.created_at) AS created_at, supabase_move.keep(s.updated_at, p.updated_at) AS updated_at
  FROM profiles p LEFT JOIN profile_private v ON v.user_id = p.id LEFT JOIN supabase_move.profiles s ON s.id = p.id;

CREATE VIEW supabase_move.back_trust AS
SELECT t.user_id, t.harmony_score, supabase_move.keep(s.user_id IS NOT NULL, s.tier, supabase_move.text_or(s.tier,
	'{sprout,trusted,elder,established}', 'new'), t.tier) AS tier,
       t.last_post_at, supabase_move.keep(s.updated_at, t.updated_at) AS updated_at
  FROM trust_state t LEFT JOIN supabase_move.trust_state s ON s.user_id = t.user_id;

CREATE VIEW supabase_move.back_sessions AS
SELECT o.id, o.user_id, CASE WHEN o.mfa THEN 'aal2' ELSE 'aal1' END AS aal, o.user_agent, o.ip,
       o.last_used_at AT TIME ZONE 'UTC' AS refreshed_at, o.created_at, o.last_used_at AS updated_at,
       o.not_after, o.factor_id, o.refresh_key AS refresh_token_hmac_key, o.refresh_counter AS refresh_token_counter
  FROM sessions o WHERE o.revoked_at IS NULL;

-- Of the first format; a token that nobody has written down cannot be given back, its session can.
CREATE VIEW supabase_move.back_tokens AS
SELECT t.token, s.user_id::text AS user_id, s.id AS session_id, t.rotated_at IS NOT NULL AS revoked,
       COALESCE((SELECT o.token FROM refresh_tokens o WHERE o.replaced_by = t.token_hash AND o.token_hash <> t.token_hash
		AND o.family_id = t.family_id ORDER BY o.created_at DESC LIMIT 1), '') AS parent,
       t.created_at, COALESCE(t.rotated_at, t.created_at) AS updated_at
  FROM refresh_tokens t JOIN sessions s ON s.id = t.family_id
 WHERE s.revoked_at IS NULL AND t.token IS NOT NULL;

CREATE VIEW supabase_move.back_methods AS
SELECT md5(m.session_id || m.method)::uuid AS id, m.session_id, m.method AS authentication_method, m.created_at, m.updated_at
  FROM session_methods m JOIN sessions s ON s.id = m.session_id WHERE s.revoked_at IS NULL
UNION ALL
SELECT md5(s.id || 'password')::uuid, s.id, 'password', s.created_at, s.created_at FROM sessions s
 WHERE s.revoked_at IS NULL AND NOT EXISTS (SELECT FROM session_methods m WHERE m.session_id = s.id);

-- A word of ours that the source may not know becomes one that hides the post there.
CREATE FUNCTION supabase_move.back_status(known boolean, there text, now text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
	supabase_move.keep(known, there, CASE WHEN there IS NULL THEN 'active' ELSE supabase_move.text_or(there,
		'{active,flagged,pending_moderation,removed,jailed,expired}', 'flagged') END,
		now);

CREATE VIEW supabase_move.back_posts AS
SELECT p.id, p.author_id, p.category_id, supabase_move.keep(s.id IS NOT NULL, s.body, COALESCE(s.body, ''), p.body) AS body,
       supabase_move.back_status(s.id IS NOT NULL, s.status, p.status) AS status,
       supabase_move.keep(s.id IS NOT NULL, s.tone_label, supabase_move.text_or(replace(s.tone_label, 'hate', 'hostile'),
		'{positive,neutral,mixed,negative,hostile}', NULL), p.tone_label) AS tone_label,
       supabase_move.keep(s.id IS NOT NULL, s.detected_tone, supabase_move.text_or(replace(s.detected_tone, 'hate', 'hostile'),
		'{positive,neutral,mixed,negative,hostile}', NULL), p.tone_label) AS detected_tone,
       CASE WHEN supabase_move.share(s.cis_score) = p.cis_score THEN s.cis_score ELSE p.cis_score END AS cis_score,
       CASE WHEN supabase_move.share(s.content_integrity_score) = p.cis_score THEN s.content_integrity_score
	    ELSE p.cis_score END AS content_integrity_score,
       supabase_move.back_address(s.id IS NOT NULL, s.image_url, p.image_url) AS image_url,
       supabase_move.back_address(s.id IS NOT NULL, s.video_url, p.video_url) AS video_url,
       supabase_move.back_address(s.id IS NOT NULL, s.thumbnail_url, p.thumbnail_url) AS thumbnail_url,
       supabase_move.back_address(s.id IS NOT NULL, s.first_frame_url, p.first_frame_url) AS first_frame_url,
       CASE WHEN s.id IS NOT NULL AND GREATEST(COALESCE(s.duration_ms, 0), 0) = p.duration_ms THEN s.duration_ms ELSE p.duration_ms END AS duration_ms,
       supabase_move.keep(s.id IS NOT NULL, s.body_format, supabase_move.text_or(s.body_format, '{plain,markdown}', 'plain'), p.body_format) AS body_format,
       p.background_id, supabase_move.keep(s.id IS NOT NULL, s.overlay_json, supabase_move.new_addresses(s.overlay_json),
		p.overlay_json) AS overlay_json,
       supabase_move.back_address(s.id IS NOT NULL, s.audio_overlay_url, p.audio_overlay_url) AS audio_overlay_url,
       CASE WHEN s.id IS NOT NULL AND p.tags = ARRAY(SELECT x.tag FROM unnest(s.tags) WITH ORDINALITY AS x (tag, n) WHERE x.tag IS NOT NULL ORDER BY x.n)
	    THEN s.tags ELSE p.tags END AS tags,
       p.allow_chain, CASE WHEN p.chain_parent_id IS NULL AND NOT EXISTS (SELECT FROM posts o WHERE o.id = s.chain_parent_id)
		THEN s.chain_parent_id ELSE p.chain_parent_id END AS chain_parent_id,
       supabase_move.keep(s.id IS NOT NULL, s.visibility, CASE WHEN s.visibility IS NULL THEN 'public' ELSE supabase_move.text_or(s.visibility,
		'{public,followers,circle,neighborhood,private}', 'private') END, p.visibility) AS visibility,
       p.is_nsfw, NULLIF(p.nsfw_reason, '') AS nsfw_reason, p.link_preview_url, p.link_preview_title, p.link_preview_description,
       supabase_move.back_address(s.id IS NOT NULL, s.link_preview_image_url, p.link_preview_image_url) AS link_preview_image_url,
       p.link_preview_site_name,
       CASE WHEN p.pinned_at IS NULL AND EXISTS (SELECT FROM posts o WHERE o.author_id = p.author_id AND o.pinned_at IS NOT NULL
		AND o.id <> p.id) THEN s.pinned_at ELSE supabase_move.keep(s.pinned_at, p.pinned_at) END AS pinned_at,
       supabase_move.keep(s.expires_at, p.expires_at) AS expires_at, supabase_move.keep(s.edited_at, p.edited_at) AS edited_at,
       supabase_move.keep(s.deleted_at, p.deleted_at) AS deleted_at, supabase_move.keep(s.created_at, p.created_at) AS created_at
  FROM posts p LEFT JOIN supabase_move.posts s ON s.id = p.id WHERE p.kind = 'post';

CREATE VIEW supabase_move.back_comments AS
SELECT p.id, p.comment_on_id AS post_id, p.author_id, CASE WHEN o.kind = 'comment' THEN o.id
		WHEN s.parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM posts x WHERE x.id = s.parent_id) THEN s.parent_id END AS parent_id,
       supabase_move.keep(s.id IS NOT NULL, s.body, COALESCE(s.body, ''), p.body) AS body, supabase_move.back_status(s.id IS NOT NULL, s.status, p.status) AS status,
       supabase_move.keep(s.id IS NOT NULL, s.tone_label, supabase_move.text_or(replace(s.tone_label, 'hate', 'hostile'),
		'{positive,neutral,mixed,negative,hostile}', NULL), p.tone_label) AS tone_label,
       CASE WHEN supabase_move.share(s.cis_score) = p.cis_score THEN s.cis_score ELSE p.cis_score END AS cis_score,
       supabase_move.keep(s.created_at, p.created_at) AS created_at, supabase_move.keep(s.deleted_at, p.deleted_at) AS deleted_at
  FROM posts p LEFT JOIN posts o ON o.id = p.chain_parent_id LEFT JOIN supabase_move.comments s ON s.id = p.id
 WHERE p.kind = 'comment';

CREATE VIEW supabase_move.back_metrics AS
SELECT m.post_id, m.like_count, m.save_count, m.view_count,
       (SELECT count(*) FROM posts c WHERE c.comment_on_id = m.post_id AND c.deleted_at IS NULL)::integer AS comment_count, m.updated_at
  FROM post_metrics m JOIN posts p ON p.id = m.post_id AND p.kind = 'post';

CREATE VIEW supabase_move.back_notifications AS
SELECT n.id, n.user_id, supabase_move.keep(s.id IS NOT NULL, s.type, CASE s.type WHEN 'appreciate' THEN 'like' WHEN 'chain' THEN 'reply' ELSE s.type END,
	n.type) AS type, n.actor_id, n.post_id, n.comment_id, n.is_read,
       CASE WHEN n.metadata = '{}' THEN COALESCE(s.metadata, '{}') ELSE n.metadata END AS metadata,
       supabase_move.keep(s.created_at, n.created_at) AS created_at, n.archived_at
  FROM notifications n LEFT JOIN supabase_move.notifications s ON s.id = n.id;

CREATE VIEW supabase_move.back_reports AS
SELECT r.id, r.reporter_id, CASE WHEN r.comment_id IS NOT NULL THEN 'comment' WHEN r.post_id IS NOT NULL THEN 'post' ELSE 'user' END AS target_type,
       COALESCE(r.comment_id, r.post_id, r.target_user_id) AS target_id,
       supabase_move.keep(s.id IS NOT NULL, s.reason, left(COALESCE(NULLIF(s.reason, ''), 'other'), 64), r.violation_type) AS reason,
       supabase_move.keep(s.id IS NOT NULL, s.description, COALESCE(s.description, ''), r.description) AS description,
       r.status, supabase_move.keep(s.created_at, r.created_at) AS created_at
  FROM reports r LEFT JOIN supabase_move.reports s ON s.id = r.id WHERE r.beacon_id IS NULL;

-- Which views change which tables, by which of a queue's columns; "match" tells rows from each other, "fresh" is
-- what a new row has besides.
CREATE TABLE supabase_move.backs (
	n       integer PRIMARY KEY,
	kinds   text[] NOT NULL,
	origin  text NOT NULL,
	schema  text NOT NULL,
	name    text NOT NULL,
	a       text,
	b       text,
	t       text,
	match   text[] NOT NULL,
	fresh   jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO supabase_move.backs (n, kinds, origin, schema, name, a, b, t, match, fresh) VALUES
	(1, '{user}', 'supabase_move.back_users', 'auth', 'users', 'id', NULL, NULL, '{id}',
	 '{"instance_id": "00000000-0000-0000-0000-000000000000", "aud": "authenticated", "role": "authenticated",
	   "confirmation_token": "", "recovery_token": "", "email_change_token_new": "", "email_change_token_current": "",
	   "email_change": "", "phone_change": "", "phone_change_token": "", "reauthentication_token": "",
	   "raw_app_meta_data": "{\"provider\": \"email\", \"providers\": [\"email\"]}", "raw_user_meta_data": "{}"}'),
	(2, '{user}', 'supabase_move.back_identities', 'auth', 'identities', 'user_id', NULL, NULL,
	 '{provider,provider_id}', '{}'),
	(3, '{user}', 'supabase_move.back_profiles', 'public', 'profiles', 'id', NULL, NULL, '{id}', '{}'),
	(4, '{user}', 'supabase_move.back_trust', 'public', 'trust_state', 'user_id', NULL, NULL, '{user_id}', '{}'),
	(5, '{session}', 'supabase_move.back_sessions', 'auth', 'sessions', 'id', NULL, NULL, '{id}', '{}'),
	(6, '{session}', 'supabase_move.back_tokens', 'auth', 'refresh_tokens', 'session_id', NULL, NULL, '{token}',
	 '{"instance_id": "00000000-0000-0000-0000-000000000000"}'),
	(7, '{session}', 'supabase_move.back_methods', 'auth', 'mfa_amr_claims', 'session_id', NULL, NULL,
	 '{session_id,authentication_method}', '{}'),
	(8, '{post}', 'supabase_move.back_posts', 'public', 'posts', 'id', NULL, NULL, '{id}', '{}'),
	(9, '{post}', 'supabase_move.back_comments', 'public', 'comments', 'id', NULL, NULL, '{id}', '{}'),
	(10, '{metric}', 'supabase_move.back_metrics', 'public', 'post_metrics', 'post_id', NULL, NULL, '{post_id}', '{}'),
	(11, '{like}', 'sojorn.post_likes', 'public', 'post_likes', 'post_id', 'user_id', NULL, '{post_id,user_id}', '{}'),
	(12, '{save}', 'sojorn.post_saves', 'public', 'post_saves', 'post_id', 'user_id', NULL, '{post_id,user_id}', '{}'),
	(13, '{follow}', 'sojorn.follows', 'public', 'follows', 'follower_id', 'following_id', NULL, '{follower_id,following_id}', '{}'),
	(14, '{block}', 'sojorn.blocks', 'public', 'blocks', 'blocker_id', 'blocked_id', NULL, '{blocker_id,blocked_id}', '{}'),
	(15, '{setting}', 'sojorn.user_category_settings', 'public', 'user_category_settings', 'user_id', 'category_id', NULL,
	 '{user_id,category_id}', '{}'),
	(16, '{notification}', 'supabase_move.back_notifications', 'public', 'notifications', 'id', NULL, NULL, '{id}', '{}'),
	(17, '{report}', 'supabase_move.back_reports', 'public', 'reports', 'id', NULL, NULL, '{id}', '{}'),
	(18, '{device}', 'sojorn.user_fcm_tokens', 'public', 'user_fcm_tokens', NULL, NULL, 'token', '{user_id,token}', '{}');

INSERT INTO supabase_move.captures VALUES
	('dirty', 'sojorn', 'users', 'user', 'id'), ('dirty', 'sojorn', 'profiles', 'user', 'id'),
	('dirty', 'sojorn', 'account_identities', 'user', 'user_id'), ('dirty', 'sojorn', 'profile_private', 'user', 'user_id'), ('dirty', 'sojorn', 'trust_state', 'user', 'user_id'),
	('dirty', 'sojorn', 'sessions', 'session', 'id'), ('dirty', 'sojorn', 'refresh_tokens', 'session', 'family_id'),
	('dirty', 'sojorn', 'session_methods', 'session', 'session_id'), ('dirty', 'sojorn', 'posts', 'post', 'id'),
	('dirty', 'sojorn', 'post_metrics', 'metric', 'post_id'), ('dirty', 'sojorn', 'notifications', 'notification', 'id'),
	('dirty', 'sojorn', 'reports', 'report', 'id');
INSERT INTO supabase_move.captures VALUES
	('dirty', 'sojorn', 'post_likes', 'like', 'post_id', 'user_id', NULL),
	('dirty', 'sojorn', 'post_saves', 'save', 'post_id', 'user_id', NULL),
	('dirty', 'sojorn', 'follows', 'follow', 'follower_id', 'following_id', NULL),
	('dirty', 'sojorn', 'blocks', 'block', 'blocker_id', 'blocked_id', NULL),
	('dirty', 'sojorn', 'user_category_settings', 'setting', 'user_id', 'category_id', NULL),
	('dirty', 'sojorn', 'user_fcm_tokens', 'device', NULL, NULL, 'token');

-- ---- rows of ours into the shape of theirs ----

-- Value of column c of the row v as the type that it has there. Of an enum without such a word: one that hides, if
-- it has one.
CREATE FUNCTION supabase_move.back_value(c text, type oid, otherwise text) RETURNS text LANGUAGE sql STABLE RETURN
	CASE WHEN EXISTS (SELECT FROM pg_enum WHERE enumtypid = type)
	     THEN format('CASE WHEN v.%1$I::text = ANY (enum_range(NULL::%2$s)::text[]) THEN v.%1$I::text::%2$s WHEN v.%1$I IS NULL THEN NULL ELSE %3$s END',
		c, type::regtype, COALESCE((SELECT format('%L::%s', enumlabel, type::regtype) FROM pg_enum
			WHERE enumtypid = type AND enumlabel IN ('flagged', 'private') LIMIT 1), otherwise))
	     ELSE format('v.%I::text::%s', c, type::regtype) END;

-- The condition that the row of that name is one of the keys in the temporary list k.
CREATE FUNCTION supabase_move.back_is(r text, o supabase_move.backs) RETURNS text LANGUAGE sql STABLE RETURN
	concat_ws(' AND ', r || '.' || quote_ident(o.a) || ' = k.a', r || '.' || quote_ident(o.b) || ' = k.b',
		r || '.' || quote_ident(o.t) || ' = k.t');

CREATE FUNCTION supabase_move.back_same(r text, q text, match text[]) RETURNS text LANGUAGE sql STABLE RETURN
	(SELECT string_agg(format('%s.%I::text = %s.%I::text', r, c, q, c), ' AND ') FROM unnest(match) c);

-- One view's share of what has changed: rows that are gone, are other ones now, or are new. A number that only
-- the source counts goes on from the largest.
CREATE FUNCTION supabase_move.back(o supabase_move.backs, a uuid[], b uuid[], t text[]) RETURNS void LANGUAGE plpgsql
	SET search_path = sojorn, public, extensions SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	tab regclass := to_regclass(format('%I.%I', o.schema, o.name));
	keys text := 'unnest($1, $2, $3) AS k (a, b, t)';
	cols text[];
	counted text;
BEGIN
	IF tab IS NULL OR EXISTS (SELECT FROM unnest(o.match) c WHERE NOT EXISTS (SELECT FROM pg_attribute y
		WHERE y.attrelid = tab AND y.attname = c)) THEN
		RETURN; -- the project is too old to have it
	END IF;
	cols := ARRAY(SELECT y.attname FROM pg_attribute y JOIN pg_attribute v ON v.attrelid = o.origin::regclass AND v.attname = y.attname
		WHERE y.attrelid = tab AND y.attnum > 0 AND NOT y.attisdropped AND y.attgenerated = '' ORDER BY y.attnum);
	EXECUTE format('DELETE FROM %s x USING %s WHERE %s AND NOT EXISTS (SELECT FROM %s v WHERE %s)', tab, keys,
		supabase_move.back_is('x', o), o.origin, supabase_move.back_same('x', 'v', o.match)) USING a, b, t;
	EXECUTE (SELECT format('UPDATE %s x SET %s FROM %s v, %s WHERE %s AND %s AND (%s) IS DISTINCT FROM (%s)', tab,
			string_agg(format('%I = %s', y.attname, supabase_move.back_value(y.attname, y.atttypid, format('x.%I', y.attname))), ', '),
			o.origin, keys, supabase_move.back_is('v', o), supabase_move.back_same('x', 'v', o.match),
			string_agg(format('x.%I::text', y.attname), ', '),
			string_agg(supabase_move.back_value(y.attname, y.atttypid, format('x.%I', y.attname)) || '::text', ', '))
		  FROM pg_attribute y WHERE y.attrelid = tab AND y.attname = ANY (cols)) USING a, b, t;
	SELECT y.attname INTO counted FROM pg_index i JOIN pg_attribute y ON y.attrelid = tab AND y.attnum = ANY (i.indkey)
	 WHERE i.indrelid = tab AND i.indisprimary AND y.attname <> ALL (cols) AND y.atttypid IN ('bigint'::regtype, 'integer'::regtype);
	EXECUTE (SELECT format('INSERT INTO %s (%s) SELECT DISTINCT ON (%s) %s FROM %s v, %s WHERE %s AND NOT EXISTS (SELECT FROM %s x WHERE %s)',
			tab, string_agg(quote_ident(y.attname), ', ' ORDER BY y.attnum),
			supabase_move.names(o.match, 'v.'),
			string_agg(CASE WHEN y.attname = counted
				THEN format('(SELECT COALESCE(max(%I), 0) FROM %s) + row_number() OVER ()', counted, tab)
				WHEN y.attname = ANY (cols) THEN supabase_move.back_value(y.attname, y.atttypid,
					format('(enum_range(NULL::%s))[1]', y.atttypid::regtype))
				ELSE format('%L::%s', o.fresh ->> y.attname, y.atttypid::regtype) END, ', ' ORDER BY y.attnum),
			o.origin, keys, supabase_move.back_is('v', o), tab, supabase_move.back_same('x', 'v', o.match))
		  FROM pg_attribute y WHERE y.attrelid = tab AND y.attnum > 0 AND NOT y.attisdropped
		   AND (y.attname = ANY (cols) OR y.attname = counted OR o.fresh ? y.attname)) USING a, b, t;
END $$;

-- Keys that went back. Should the project take over again, its rows of them are transformed anew, so that here is
-- what is made of it, no more and no less.
CREATE TABLE supabase_move.returned (kind text NOT NULL, a uuid, b uuid, t text);
CREATE UNIQUE INDEX returned_once ON supabase_move.returned (kind, a, b, t) NULLS NOT DISTINCT;

CREATE FUNCTION supabase_move.look_again() RETURNS void LANGUAGE sql AS $$
	INSERT INTO supabase_move.changed (kind, a, b, t) SELECT kind, a, b, t FROM supabase_move.returned;
	INSERT INTO supabase_move.changed (kind, a) SELECT 'comment', a FROM supabase_move.returned WHERE kind = 'post';
	DELETE FROM supabase_move.returned;
$$;

-- Takes up to so many keys of the queue and writes what they are about into the landing zone; how many.
CREATE FUNCTION supabase_move.back_batch(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	o supabase_move.backs;
	taken bigint;
BEGIN
	CREATE TEMPORARY TABLE IF NOT EXISTS move_taken (kind text, a uuid, b uuid, t text);
	DELETE FROM move_taken;
	WITH gone AS (
		DELETE FROM supabase_move.dirty WHERE n IN (SELECT n FROM supabase_move.dirty ORDER BY n LIMIT most) RETURNING kind, a, b, t
	)
	INSERT INTO move_taken SELECT DISTINCT kind, a, b, t FROM gone;
	GET DIAGNOSTICS taken = ROW_COUNT;
	IF taken > 0 THEN
		INSERT INTO supabase_move.returned SELECT * FROM move_taken ON CONFLICT DO NOTHING;
		FOR o IN SELECT * FROM supabase_move.backs WHERE kinds && ARRAY(SELECT kind FROM move_taken) ORDER BY n LOOP
			PERFORM supabase_move.back(o, array_agg(a), array_agg(b), array_agg(t)) FROM move_taken WHERE kind = ANY (o.kinds);
		END LOOP;
	END IF;
	RETURN taken;
END $$;

-- ---- from there to the source ----

CREATE FUNCTION supabase_move.note_outgoing() RETURNS trigger LANGUAGE plpgsql
	SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO' SET "IntervalStyle" = 'postgres' SET extra_float_digits = 3 SET bytea_output = 'hex' AS $$
BEGIN
	INSERT INTO supabase_move.outgoing (tab, op, before, after)
	VALUES (TG_ARGV[0], left(TG_OP, 1), CASE WHEN TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW::text END);
	RETURN NULL;
END $$;

-- Whether rows of the landing zone that we change are to go to the source.
CREATE FUNCTION supabase_move.send(yes boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	o record;
	tab regclass;
BEGIN
	FOR o IN SELECT DISTINCT schema, name FROM supabase_move.backs LOOP
		tab := to_regclass(format('%I.%I', o.schema, o.name));
		CONTINUE WHEN tab IS NULL;
		EXECUTE format('DROP TRIGGER IF EXISTS zz_send ON %s', tab);
		IF yes THEN
			EXECUTE format('CREATE TRIGGER zz_send AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION supabase_move.note_outgoing(%L)',
				tab, format('%I.%I', o.schema, o.name));
		END IF;
	END LOOP;
	IF yes THEN
		PERFORM supabase_move.capture('dirty');
	ELSE
		PERFORM supabase_move.capture_end('dirty');
	END IF;
END $$;
