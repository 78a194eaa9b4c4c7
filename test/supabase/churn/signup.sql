SET ROLE supabase_auth_admin;
BEGIN;
WITH fresh AS (
	INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token,
		recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
	SELECT '00000000-0000-0000-0000-000000000000', id, 'authenticated', 'authenticated', id || '@example.org',
	       '$2a$06$Ab3Ab3Ab3Ab3Ab3Ab3Ab3uJtCkX7rU8m2XyB1m1VqvZ0cT0Q8cW2i', now(), '', '', '', '',
	       '{"provider":"email","providers":["email"]}',
	       jsonb_build_object('handle', 'new_' || replace(id::text, '-', ''), 'display_name', 'New'), now(), now()
	  FROM (SELECT gen_random_uuid() AS id) x RETURNING id
), opened AS (
	INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal) SELECT gen_random_uuid(), id, now(), now(), 'aal1'
	  FROM fresh RETURNING id, user_id
)
INSERT INTO auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
SELECT '00000000-0000-0000-0000-000000000000', substr(md5(random()::text), 1, 12), user_id::text, false, now(), now(), '', id FROM opened;
INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
SELECT id::text, id, jsonb_build_object('sub', id), 'email', now(), now() FROM auth.users u
 WHERE u.created_at = now() ON CONFLICT DO NOTHING;
COMMIT;
