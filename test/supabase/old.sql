-- The same project as it would be two years older: what its auth and storage servers, and the app, had not yet.
-- Run after fill.sql.
SET client_min_messages = warning;
SET session_replication_role = replica;

-- Before 2023-11 an identity was named by its provider; before 2024 nobody was anonymous, and a session said neither
-- when nor from where it was refreshed.
ALTER TABLE auth.identities DROP CONSTRAINT identities_pkey, DROP CONSTRAINT identities_provider_id_provider_key;
ALTER TABLE auth.identities DROP COLUMN id, DROP COLUMN email;
ALTER TABLE auth.identities RENAME provider_id TO id;
ALTER TABLE auth.identities ADD PRIMARY KEY (provider, id);
ALTER TABLE auth.users DROP COLUMN is_anonymous, DROP COLUMN deleted_at, DROP COLUMN is_sso_user CASCADE;
ALTER TABLE auth.sessions DROP COLUMN refreshed_at, DROP COLUMN user_agent, DROP COLUMN ip, DROP COLUMN tag,
	DROP COLUMN oauth_client_id, DROP COLUMN refresh_token_hmac_key, DROP COLUMN refresh_token_counter, DROP COLUMN scopes;
ALTER TABLE auth.mfa_factors DROP COLUMN phone, DROP COLUMN last_challenged_at, DROP COLUMN web_authn_credential,
	DROP COLUMN web_authn_aaguid;
DELETE FROM auth.schema_migrations WHERE version > '2023';

ALTER TABLE storage.objects DROP COLUMN owner_id, DROP COLUMN user_metadata;
ALTER TABLE storage.buckets DROP COLUMN owner_id, DROP COLUMN file_size_limit, DROP COLUMN allowed_mime_types;
DROP TRIGGER protect_objects_delete ON storage.objects;

ALTER TABLE public.profiles DROP COLUMN is_private, DROP COLUMN beacon_enabled, DROP COLUMN role, DROP COLUMN birth_month,
	DROP COLUMN birth_year, DROP COLUMN strikes, DROP COLUMN has_completed_onboarding, DROP COLUMN interests, DROP COLUMN identity_key,
	DROP COLUMN registration_id;
ALTER TABLE public.posts DROP COLUMN video_url, DROP COLUMN body_format, DROP COLUMN is_nsfw, DROP COLUMN pinned_at,
	DROP COLUMN edited_at, DROP COLUMN expires_at, DROP COLUMN allow_chain, DROP COLUMN detected_tone;
ALTER TABLE public.comments DROP COLUMN parent_id, DROP COLUMN tone_label, DROP COLUMN cis_score;
DROP TABLE public.signed_prekeys, public.one_time_prekeys, public.message_reactions, public.secure_messages, public.encrypted_conversations,
	public.user_fcm_tokens, public.notifications, public.reports, public.encrypted_messages, public.user_settings,
	public.profile_privacy_settings, public.notification_preferences, public.circle_members, public.post_reactions,
	public.post_hides, public.trending_overrides, public.comment_votes;
