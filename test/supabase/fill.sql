-- 72 accounts and 298 posts (beacons included), always the same, legal and unkind. Person i is
-- a0000000-…-00i, its password "old-password", post i b0000000-…, comment i c0000000-…
SET client_min_messages = warning;
SET session_replication_role = replica;
SET search_path = public, extensions;
SET TimeZone = 'UTC';

CREATE FUNCTION pg_temp.id(kind text, i integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
	$$ SELECT (kind || '0000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.day(i integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
	$$ SELECT timestamptz '2025-01-01 08:00:00.123456+00' + i * interval '7 hours' $$;

INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token,
	recovery_token, email_change_token_new, email_change, last_sign_in_at, raw_app_meta_data, raw_user_meta_data,
	created_at, updated_at)
SELECT '00000000-0000-0000-0000-000000000000', pg_temp.id('a', i), 'authenticated', 'authenticated',
       format('person%s@example.org', i), crypt('old-password', '$2a$06$' || rpad(i::text, 21, 'Ab3') || 'u'),
       pg_temp.day(i), '', '', '', '', pg_temp.day(i + 90), '{"provider":"email","providers":["email"]}',
       jsonb_build_object('handle', 'person' || i, 'display_name', 'Person ' || i), pg_temp.day(i), pg_temp.day(i + 1)
  FROM generate_series(1, 72) i;

INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at, id)
SELECT id::text, id, jsonb_build_object('sub', id, 'email', email, 'email_verified', true), 'email', created_at, updated_at,
       md5('identity' || id)::uuid
  FROM auth.users;

-- hashes
UPDATE auth.users SET encrypted_password = '$2b$' || substr(encrypted_password, 5) WHERE id = pg_temp.id('a', 2);
UPDATE auth.users SET encrypted_password = '$2y$' || substr(encrypted_password, 5) WHERE id = pg_temp.id('a', 3);
UPDATE auth.users SET encrypted_password = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
 WHERE id = pg_temp.id('a', 4);	-- "password"
UPDATE auth.users SET encrypted_password = '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=='
 WHERE id = pg_temp.id('a', 5);	-- "user1password"
UPDATE auth.users SET encrypted_password = '{"key_id":"k1","alg":"aes-gcm-hkdf","data":"AAAA","nonce":"AAAAAAAAAAAAAAAA"}' WHERE id = pg_temp.id('a', 6);
UPDATE auth.users SET encrypted_password = 'plain md5 from 2009' WHERE id = pg_temp.id('a', 7);
-- NULL where the server writes '', and no identity
UPDATE auth.users SET confirmation_token = NULL, recovery_token = NULL, email_change = NULL, email_change_token_new = NULL,
	email_change_token_current = NULL, phone_change_token = NULL, reauthentication_token = NULL, is_super_admin = NULL,
	raw_app_meta_data = NULL, raw_user_meta_data = NULL, aud = '', role = '', created_at = NULL, updated_at = NULL
 WHERE id = pg_temp.id('a', 8);
DELETE FROM auth.identities WHERE user_id = pg_temp.id('a', 8);
-- addresses: large letters, two that differ only in them, a company account beside an ordinary one
UPDATE auth.users SET email = 'Person9@Example.ORG' WHERE id = pg_temp.id('a', 9);
UPDATE auth.users SET email = 'PERSON11@example.org', last_sign_in_at = '2025-01-02' WHERE id = pg_temp.id('a', 10);
UPDATE auth.users SET email = 'person12@example.org', is_sso_user = true, encrypted_password = NULL WHERE id = pg_temp.id('a', 13);
-- phone, foreign account, anonymous
UPDATE auth.users SET email = NULL, encrypted_password = '', email_confirmed_at = NULL, phone = '15550000014',
	phone_confirmed_at = pg_temp.day(14) WHERE id = pg_temp.id('a', 14);
UPDATE auth.users SET encrypted_password = NULL WHERE id = pg_temp.id('a', 15);
UPDATE auth.identities SET provider = 'google', provider_id = '1142' WHERE user_id = pg_temp.id('a', 15);
UPDATE auth.users SET email = NULL, encrypted_password = '', email_confirmed_at = NULL, is_anonymous = true,
	raw_user_meta_data = '{}' WHERE id IN (pg_temp.id('a', 16), pg_temp.id('a', 17));
DELETE FROM auth.identities WHERE user_id IN (pg_temp.id('a', 16), pg_temp.id('a', 17));
-- banned for ever, for a while, once; deleted; unconfirmed; invited
UPDATE auth.users SET banned_until = 'infinity' WHERE id = pg_temp.id('a', 18);
UPDATE auth.users SET banned_until = '2099-01-01' WHERE id = pg_temp.id('a', 19);
UPDATE auth.users SET banned_until = '2020-01-01' WHERE id = pg_temp.id('a', 20);
UPDATE auth.users SET deleted_at = '2025-06-01', email = 'd6a9f1c7', encrypted_password = NULL, raw_user_meta_data = '{}',
	raw_app_meta_data = '{}' WHERE id = pg_temp.id('a', 21);
UPDATE auth.users SET email_confirmed_at = NULL WHERE id = pg_temp.id('a', 22);
UPDATE auth.users SET email_confirmed_at = NULL, invited_at = pg_temp.day(23), encrypted_password = '' WHERE id = pg_temp.id('a', 23);

INSERT INTO profiles (id, handle, display_name, bio, avatar_url, interests, is_private, role, birth_month, birth_year,
	has_completed_onboarding, created_at, updated_at)
SELECT pg_temp.id('a', i), 'person' || i, 'Person ' || i, NULLIF(repeat('bio ', i % 4), ''),
       CASE WHEN i % 3 = 0 THEN format('https://abcdefghij.supabase.co/storage/v1/object/public/avatars/%s/face.jpg', pg_temp.id('a', i)) END,
       CASE WHEN i % 5 = 0 THEN '{tech,NULL,art}'::text[] END, i % 11 = 0, CASE i WHEN 1 THEN 'admin' ELSE 'user' END,
       i % 12 + 1, 1960 + i % 40, true, pg_temp.day(i), pg_temp.day(i)
  FROM generate_series(1, 72) i WHERE i NOT IN (16, 24);
UPDATE profiles SET handle = 'Person25' WHERE id = pg_temp.id('a', 25);
UPDATE profiles SET handle = 'PERSON27', created_at = pg_temp.day(200) WHERE id = pg_temp.id('a', 26);
UPDATE profiles SET display_name = E'العربية \u202e\u200d👩\u200d👧 \ufeff', bio = E'line\nCOPY x FROM stdin;\n\\.\n-- $$ '' "\t\\N' WHERE id = pg_temp.id('a', 28);
INSERT INTO profiles (id, handle) VALUES (pg_temp.id('a', 999), 'nobody_at_all');

INSERT INTO trust_state SELECT pg_temp.id('a', i), i + 20, (ARRAY['new', 'trusted', 'established'])[1 + i % 3]::trust_tier,
	pg_temp.day(i), pg_temp.day(i) FROM generate_series(1, 60) i;

INSERT INTO categories (id, slug, name, default_off, created_at)
SELECT pg_temp.id('f', i), slug, initcap(slug), slug <> 'general', pg_temp.day(0)
  FROM unnest(ARRAY['general', 'politics', 'tech', 'art', 'gratitude', 'grief', 'knitting']) WITH ORDINALITY AS x (slug, n), LATERAL (SELECT n::integer) AS y (i);
INSERT INTO user_category_settings SELECT pg_temp.id('a', i), pg_temp.id('f', 1 + i % 7), i % 2 = 0, pg_temp.day(i)
  FROM generate_series(1, 70) i;

INSERT INTO follows SELECT pg_temp.id('a', i), pg_temp.id('a', 1 + (i * k) % 72), pg_temp.day(i)
  FROM generate_series(1, 72) i, generate_series(2, 5) k WHERE i <> 1 + (i * k) % 72 ON CONFLICT DO NOTHING;
INSERT INTO follows VALUES (pg_temp.id('a', 29), pg_temp.id('a', 29));
INSERT INTO blocks VALUES (pg_temp.id('a', 30), pg_temp.id('a', 31)), (pg_temp.id('a', 32), pg_temp.id('a', 998));

INSERT INTO posts (id, author_id, category_id, body, status, detected_tone, content_integrity_score, tags, location,
	visibility, chain_parent_id, is_nsfw, created_at)
SELECT pg_temp.id('b', i), pg_temp.id('a', 1 + i % 72), CASE WHEN i % 4 > 0 THEN pg_temp.id('f', 1 + i % 7) END,
       format('Post %s: the quick brown fox number %s', i, i * 7), CASE i % 50 WHEN 7 THEN 'flagged' ELSE 'active' END::post_status,
       (ARRAY['neutral', 'positive', 'hate'])[1 + i % 3], (i % 11) / 10.0, CASE WHEN i % 6 = 0 THEN ARRAY['fox', 'tag' || i % 5] END,
       CASE WHEN i % 10 = 0 THEN ST_SetSRID(ST_MakePoint(13.4 + i / 1000.0, 52.5), 4326)::geography END,
       (ARRAY['public', 'public', 'public', 'public', 'circle', 'only_me', 'private'])[1 + i % 7],
       CASE WHEN i % 9 = 0 THEN pg_temp.id('b', i - 5) END, i % 40 = 3, pg_temp.day(100 + i)
  FROM generate_series(1, 290) i;
-- beacons: no author, a place, short-lived; the last is still on
INSERT INTO posts (id, author_id, body, location, is_beacon, beacon_type, created_at, expires_at)
SELECT pg_temp.id('b', i), NULL, 'Ice on the bridge ' || i, ST_SetSRID(ST_MakePoint(-93.26571, 44.97997), 4326)::geography,
       true, 'hazard', pg_temp.day(i), pg_temp.day(i) + interval '4 hours' FROM generate_series(291, 297) i;
INSERT INTO posts (id, author_id, body, location, is_beacon, beacon_type, created_at, expires_at)
VALUES (pg_temp.id('b', 298), NULL, 'Two cars at the bridge', ST_SetSRID(ST_MakePoint(-93.26571, 44.97997), 4326)::geography,
	true, 'police', now() - interval '1 minute', now() + interval '3 hours');
UPDATE posts SET body = repeat('A long old text. ', 300) WHERE id = pg_temp.id('b', 148);
UPDATE posts SET body = E'\\.\nCOPY public.posts (id) FROM stdin;\n-- '' $$ $tag$ /* ; \\\\. \t\\N \u0001' WHERE id = pg_temp.id('b', 21);
UPDATE posts SET body = '' WHERE id = pg_temp.id('b', 22);
UPDATE posts SET visibility = 'Neighbours' WHERE id = pg_temp.id('b', 23);
UPDATE posts SET chain_parent_id = pg_temp.id('b', 5000) WHERE id = pg_temp.id('b', 24);
UPDATE posts SET chain_parent_id = pg_temp.id('b', 26), created_at = '-infinity' WHERE id = pg_temp.id('b', 25);
UPDATE posts SET chain_parent_id = pg_temp.id('b', 25) WHERE id = pg_temp.id('b', 26);
UPDATE posts SET author_id = pg_temp.id('a', 997) WHERE id = pg_temp.id('b', 30);
UPDATE posts SET deleted_at = '2026-01-01' WHERE id = pg_temp.id('b', 31);
UPDATE posts SET pinned_at = '2026-01-01' WHERE id IN (pg_temp.id('b', 33), pg_temp.id('b', 105));

INSERT INTO post_metrics (post_id, like_count, save_count, view_count, comment_count)
SELECT pg_temp.id('b', i), CASE WHEN i = 40 THEN 999 ELSE i % 4 END, NULL, i * 3, 0 FROM generate_series(1, 290) i;
INSERT INTO post_likes SELECT pg_temp.id('b', i), pg_temp.id('a', 1 + (i + k) % 72), pg_temp.day(300 + i)
  FROM generate_series(1, 290) i, generate_series(1, 3) k WHERE k <= i % 4;
INSERT INTO post_saves SELECT pg_temp.id('b', i), pg_temp.id('a', 1 + i % 72), pg_temp.day(i) FROM generate_series(1, 290, 8) i;
INSERT INTO post_saves VALUES (pg_temp.id('b', 6000), pg_temp.id('a', 1), pg_temp.day(1)), (pg_temp.id('b', 1), pg_temp.id('a', 996), pg_temp.day(1));

INSERT INTO comments (id, post_id, author_id, parent_id, body, tone_label, cis_score, created_at)
SELECT pg_temp.id('c', i), pg_temp.id('b', 1 + (i - i % 2) % 60), pg_temp.id('a', 1 + (i * 5) % 72), CASE WHEN i % 2 = 1 AND i > 1 THEN pg_temp.id('c', i - 1) END,
       'Comment ' || i, 'neutral', 0.9, pg_temp.day(400 + i) FROM generate_series(1, 120) i;
UPDATE comments SET post_id = pg_temp.id('b', 7000) WHERE id = pg_temp.id('c', 60);

INSERT INTO reports (id, reporter_id, target_type, target_id, reason, created_at)
VALUES (pg_temp.id('d', 1), pg_temp.id('a', 33), 'post', pg_temp.id('b', 1), 'spam', pg_temp.day(1)),
	(pg_temp.id('d', 2), pg_temp.id('a', 33), 'post', pg_temp.id('b', 1), 'spam', pg_temp.day(2)),
	(pg_temp.id('d', 3), pg_temp.id('a', 34), 'comment', pg_temp.id('c', 2), 'harassment', pg_temp.day(3)),
	(pg_temp.id('d', 4), pg_temp.id('a', 34), 'user', pg_temp.id('a', 35), '', pg_temp.day(4)),
	(pg_temp.id('d', 5), pg_temp.id('a', 34), 'post', pg_temp.id('b', 8000), 'gone', pg_temp.day(5));
INSERT INTO notifications (id, user_id, type, actor_id, post_id, comment_id, is_read, metadata, created_at)
SELECT pg_temp.id('e', i), pg_temp.id('a', 1 + i % 72), (ARRAY['like', 'comment', 'follow', 'chain'])[1 + i % 4],
       pg_temp.id('a', 1 + (i + 7) % 72), CASE WHEN i % 4 <> 2 THEN pg_temp.id('b', i) END,
       CASE WHEN i % 4 = 1 THEN pg_temp.id('c', 1 + i % 50) END, i % 2 = 0, '{}', pg_temp.day(i) FROM generate_series(1, 100) i;
INSERT INTO notifications (id, user_id, type, created_at) VALUES (pg_temp.id('e', 200), pg_temp.id('a', 1), 'poke', pg_temp.day(1)),
	(pg_temp.id('e', 201), pg_temp.id('a', 995), 'like', pg_temp.day(1));
INSERT INTO user_fcm_tokens (user_id, token, device_type, created_at)
SELECT pg_temp.id('a', i), 'device-' || i % 30, 'android', pg_temp.day(i) FROM generate_series(1, 40) i;
INSERT INTO audit_log (actor_id, action, payload, created_at) SELECT pg_temp.id('a', i), 'post', '{"n": 1e400}', pg_temp.day(i)
  FROM generate_series(1, 10) i;

-- sessions: of the old format for most, of the new one, of two factors, over; and a token from before sessions
INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal, refreshed_at, user_agent, ip)
SELECT pg_temp.id('5', i), pg_temp.id('a', i), pg_temp.day(i), pg_temp.day(i + 50), 'aal1', '2026-01-01 12:00:00', 'Dart/3.4', '192.0.2.7'
  FROM generate_series(1, 40) i;
UPDATE auth.sessions SET refresh_token_hmac_key = 'c2VjcmV0LWtleS1vZi0zMi1ieXRlcy0wMDAwMDAwMDA', refresh_token_counter = 3
 WHERE id IN (SELECT pg_temp.id('5', i) FROM generate_series(31, 35) i);
UPDATE auth.sessions SET aal = 'aal2' WHERE id = pg_temp.id('5', 36);
UPDATE auth.sessions SET not_after = '2025-02-01' WHERE id = pg_temp.id('5', 40);
INSERT INTO auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
SELECT '00000000-0000-0000-0000-000000000000', 'old' || lpad(i::text, 9, 'x'), pg_temp.id('a', i)::text, true, pg_temp.day(i), pg_temp.day(i), '', pg_temp.id('5', i)
  FROM generate_series(1, 40) i WHERE i NOT BETWEEN 31 AND 35;
INSERT INTO auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
SELECT '00000000-0000-0000-0000-000000000000', 'new' || lpad(i::text, 9, 'x'), pg_temp.id('a', i)::text, false, pg_temp.day(i + 1), pg_temp.day(i + 1), 'old' || lpad(i::text, 9, 'x'), pg_temp.id('5', i)
  FROM generate_series(1, 40) i WHERE i NOT BETWEEN 31 AND 35;
INSERT INTO auth.refresh_tokens (token, user_id, revoked, created_at, updated_at)
VALUES ('abcdefghijklmnopqrstuv', pg_temp.id('a', 41)::text, false, pg_temp.day(1), pg_temp.day(1));
INSERT INTO auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret)
VALUES (pg_temp.id('9', 1), pg_temp.id('a', 36), 'phone app', 'totp', 'verified', pg_temp.day(1), pg_temp.day(1), 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'),
	(pg_temp.id('9', 2), pg_temp.id('a', 37), '', 'totp', 'unverified', pg_temp.day(1), pg_temp.day(1), 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ'),
	(pg_temp.id('9', 4), pg_temp.id('a', 36), 'tablet', 'totp', 'verified', pg_temp.day(2), pg_temp.day(2), 'MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK'),
	(pg_temp.id('9', 3), pg_temp.id('a', 38), 'key', 'webauthn', 'verified', pg_temp.day(1), pg_temp.day(1), NULL);
INSERT INTO auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
SELECT pg_temp.id('5', i), pg_temp.day(i), pg_temp.day(i), method, md5(format('claim %s %s', i, method))::uuid
  FROM generate_series(1, 40) i, unnest(CASE i WHEN 36 THEN '{password,totp}' ELSE '{password}' END::text[]) method;
INSERT INTO auth.audit_log_entries SELECT NULL, md5('audit' || i)::uuid, '{"action":"login","action":"twice","x":"a\u0041"}', pg_temp.day(i), ''
  FROM generate_series(1, 200) i;

INSERT INTO storage.buckets (id, name, public) VALUES ('avatars', 'avatars', true), ('media', 'media', false);
INSERT INTO storage.objects (id, bucket_id, name, owner, owner_id, metadata, version, created_at)
SELECT md5('object' || i)::uuid, CASE WHEN i % 2 = 0 THEN 'avatars' ELSE 'media' END, format('%s/face %s#?+.jpg', pg_temp.id('a', i), i),
       pg_temp.id('a', i), CASE WHEN i % 5 = 0 THEN 'service' ELSE pg_temp.id('a', i)::text END,
       CASE WHEN i % 7 > 0 THEN '{"eTag":"\"d41d8cd98f00b204e9800998ecf8427e\"","size":0,"mimetype":"image/jpeg"}'::jsonb END,
       CASE WHEN i % 4 > 0 THEN md5('version' || i)::uuid::text END, pg_temp.day(i) FROM generate_series(1, 20) i;

-- keys of people 50 to 59: in two parts, in one, and none; the last signed by zeros
UPDATE profiles SET registration_id = 7, identity_key = encode(sha256(id::text::bytea), 'base64')
	|| CASE WHEN id <= pg_temp.id('a', 57) THEN ':' || encode(sha256((id || 'x')::bytea), 'base64') ELSE '' END
 WHERE id BETWEEN pg_temp.id('a', 50) AND pg_temp.id('a', 58);
UPDATE profiles SET identity_key = 'not base64!' WHERE id = pg_temp.id('a', 59);
INSERT INTO signed_prekeys SELECT pg_temp.id('a', i), 1, encode(sha256(('s' || i)::bytea), 'base64'), translate(encode(CASE i WHEN 57
	THEN decode(repeat('00', 64), 'hex') ELSE sha512(('s' || i)::bytea) END, 'base64'), E'\n', ''), pg_temp.day(i)
  FROM generate_series(50, 59) i;
INSERT INTO one_time_prekeys SELECT pg_temp.id('a', i), k, encode(sha256(format('o %s %s', i, k)::bytea), 'base64'), pg_temp.day(i)
  FROM generate_series(50, 58) i, generate_series(0, 19) k;
-- one pair in both orders, one with nobody, one with oneself
INSERT INTO encrypted_conversations VALUES (pg_temp.id('7', 1), pg_temp.id('a', 50), pg_temp.id('a', 51), pg_temp.day(1), pg_temp.day(3)),
	(pg_temp.id('7', 2), pg_temp.id('a', 51), pg_temp.id('a', 50), pg_temp.day(2), pg_temp.day(9)),
	(pg_temp.id('7', 3), pg_temp.id('a', 53), pg_temp.id('a', 52), pg_temp.day(3), pg_temp.day(3)),
	(pg_temp.id('7', 4), pg_temp.id('a', 50), pg_temp.id('a', 994), pg_temp.day(4), pg_temp.day(4)),
	(pg_temp.id('7', 5), pg_temp.id('a', 54), pg_temp.id('a', 54), pg_temp.day(5), pg_temp.day(5));
INSERT INTO secure_messages (id, conversation_id, sender_id, receiver_id, ciphertext, message_header, iv, reply_to_id, created_at, read_at)
SELECT pg_temp.id('8', i), pg_temp.id('7', 1 + i % 2), pg_temp.id('a', 50 + i % 2), pg_temp.id('a', 51 - i % 2), encode(sha256(i::text::bytea), 'base64'),
       format('{"n": %s}', i), 'iv', CASE WHEN i % 5 = 0 THEN pg_temp.id('8', i - 1) WHEN i = 7 THEN pg_temp.id('8', 900) END,
       pg_temp.day(i), CASE WHEN i % 3 = 0 THEN pg_temp.day(i + 1) END FROM generate_series(1, 30) i;
INSERT INTO secure_messages (id, conversation_id, sender_id, receiver_id, ciphertext, expires_at) VALUES
	(pg_temp.id('8', 40), pg_temp.id('7', 3), pg_temp.id('a', 52), pg_temp.id('a', 53), 'over', '2025-01-01'),
	(pg_temp.id('8', 41), pg_temp.id('7', 3), pg_temp.id('a', 60), pg_temp.id('a', 53), 'of a stranger', NULL),
	(pg_temp.id('8', 42), pg_temp.id('7', 4), pg_temp.id('a', 50), pg_temp.id('a', 994), 'to nobody', NULL);

INSERT INTO message_reactions (id, message_id, user_id, emoji, created_at)
SELECT pg_temp.id('4', i), pg_temp.id('8', i), pg_temp.id('a', 50 + i % 2), '👍', pg_temp.day(i) FROM generate_series(1, 5) i;
-- an older chat, of which one message is of nobody
INSERT INTO encrypted_messages SELECT pg_temp.id('6', i), pg_temp.id('7', 1), pg_temp.id('a', CASE i WHEN 3 THEN 60 ELSE 50 END),
	'older ' || i, pg_temp.day(i) FROM generate_series(1, 3) i;

-- what people have chosen; the words of one nobody knows, two flags of another disagree
INSERT INTO user_settings (user_id, theme, language, email_notifications, default_post_ttl, nsfw_enabled, updated_at)
SELECT pg_temp.id('a', i), CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'dark' ELSE 'light' END, 'de', i % 2 = 0,
       CASE WHEN i % 5 = 0 THEN i * 100 END, i % 4 = 0, pg_temp.day(i) FROM generate_series(1, 40) i WHERE i <> 16 AND i <> 24;
INSERT INTO profile_privacy_settings (user_id, profile_visibility, posts_visibility, follow_request_policy, default_post_visibility,
	is_private_profile, who_can_comment, who_can_message, updated_at)
SELECT pg_temp.id('a', i), (ARRAY['public', 'followers', 'private', 'circle'])[1 + i % 4], (ARRAY['public', 'followers', 'only_me'])[1 + i % 3],
       (ARRAY['everyone', 'auto_accept', 'manual'])[1 + i % 3], (ARRAY['public', 'neighborhood', 'only_me'])[1 + i % 3], i % 11 = 0,
       (ARRAY['everyone', 'mutual', NULL])[1 + i % 3], (ARRAY['followers', 'nobody'])[1 + i % 2], pg_temp.day(i)
  FROM generate_series(40, 69) i;
UPDATE profile_privacy_settings SET profile_visibility = 'Freunde' WHERE user_id = pg_temp.id('a', 41);
UPDATE profile_privacy_settings SET is_private_profile = true WHERE user_id = pg_temp.id('a', 42);
INSERT INTO notification_preferences (user_id, push_likes, email_digest_frequency, quiet_hours_enabled, quiet_hours_start, quiet_hours_end, created_at, updated_at)
SELECT pg_temp.id('a', i), i % 2 = 0, CASE i WHEN 3 THEN 'hourly' ELSE 'weekly' END, true, '22:00', '07:30', pg_temp.day(i), pg_temp.day(i) FROM generate_series(1, 10) i;
INSERT INTO circle_members SELECT follower_id, following_id, created_at FROM follows WHERE follower_id < pg_temp.id('a', 20);
INSERT INTO circle_members VALUES (pg_temp.id('a', 1), pg_temp.id('a', 993), pg_temp.day(1)), (pg_temp.id('a', 1), pg_temp.id('a', 70), pg_temp.day(1));
INSERT INTO post_reactions SELECT pg_temp.id('b', i), pg_temp.id('a', 1 + i % 30), emoji, pg_temp.day(i + n::integer)
  FROM generate_series(1, 60) i, unnest(CASE WHEN i % 7 = 0 THEN '{❤,🔥}' ELSE '{😂}' END::text[]) WITH ORDINALITY AS e (emoji, n);
INSERT INTO post_hides VALUES (pg_temp.id('a', 2), pg_temp.id('b', 5), pg_temp.id('a', 6), pg_temp.day(1)), (pg_temp.id('a', 2), pg_temp.id('b', 9000), NULL, pg_temp.day(1));
INSERT INTO trending_overrides VALUES (pg_temp.id('3', 1), pg_temp.id('b', 8), NULL, 'the fox', '2099-01-01', pg_temp.day(1)),
	(pg_temp.id('3', 2), pg_temp.id('b', 9), NULL, 'for ever', NULL, pg_temp.day(1));
INSERT INTO comment_votes SELECT pg_temp.id('c', i), pg_temp.id('a', i), 1 FROM generate_series(1, 20) i;
INSERT INTO audit_log (actor_id, action, payload, created_at) VALUES (pg_temp.id('a', 1), 'ban', '{}', now() - interval '1 day');

INSERT INTO oddities VALUES
	(1, 'infinity', '-infinity', '4713-01-01 BC', '24:00:00-15:59', '1 year -2 days 3.000001', 'NaN', 'NaN', '{"a":1,"a":2}', '{"n":1e400}', '\x00ff5c2e0a', '[-1:1]={1,NULL,3}', '{A,b}', '12.34', E'\\.'),
	(2, '0044-03-15 12:00:00.123456 BC', '294276-12-31 23:59:59.999999', 'infinity', '00:00:00+00', '-178000000 years', '-0', 1e-300, 'null', 'null', '', '{}', '{}', '-0.01', E'\ufeff'),
	(3, NULL, NULL, NULL, NULL, NULL, '-Infinity', 12345678901234567890.123456789, '"\u0041"', '"x"', NULL, '{{1,2},{3,4}}', '{NULL,"NULL",""}', NULL, ''),
	(3, NULL, NULL, NULL, NULL, NULL, '-Infinity', 12345678901234567890.123456789, '"\u0041"', '"x"', NULL, '{{1,2},{3,4}}', '{NULL,"NULL",""}', NULL, ''),
	(4, NULL, NULL, NULL, NULL, NULL, 5e-324, 0, NULL, NULL, NULL, NULL, NULL, NULL, repeat('huge ' || chr(9) || chr(10), 200000));
INSERT INTO "Private Things"."Odd ""Name""" VALUES (1, 'a'';b'), (2, NULL);
SELECT setval('auth.refresh_tokens_id_seq', 1000);
