-- The end of a move: what goes into the archive, what must not, and what somebody has to do before the project is closed.
-- "move_" exempts from the rule that no statement reads a whole table.

-- ---- here ----

-- Tokens of mails that nobody has opened yet: this side knows nothing of them, and they would be in the dump. What is
-- changed here goes to the project as everything does.
-- name: move_archive_tokens
DO $$
DECLARE
	c text;
BEGIN
	FOREACH c IN ARRAY ARRAY['confirmation_token', 'recovery_token', 'email_change_token_new', 'email_change_token_current',
		'phone_change_token', 'reauthentication_token'] LOOP
		CONTINUE WHEN NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('auth.users') AND attname = c);
		EXECUTE format('UPDATE auth.users SET %1$I = '''' WHERE %1$I <> ''''', c);
	END LOOP;
END $$

-- The old server needs them no more, and here nobody does.
-- name: move_archive_old_tokens
UPDATE refresh_tokens SET token = NULL WHERE token IS NOT NULL

-- name: move_archive_here
SELECT (SELECT count(*) FROM storage_objects WHERE state <> 'stored')::text,
       (SELECT count(*) FROM supabase_move.findings WHERE code = 'old_address')::text,
       (SELECT old_url FROM supabase_move.runs WHERE id = (SELECT max(id) FROM supabase_move.runs))

-- ---- the project ----

-- Tables whose rows open something: they stay out of the dump. All of them live on here but for what nobody can use
-- any more. For the manifest, and as names.
-- name: move_archive_left_out     $1 counts json
SELECT COALESCE(jsonb_agg(jsonb_build_object('table', t.name, 'rows', $1::jsonb -> t.name, 'why', t.why)), '[]')::text,
       array_agg(t.name)::text, ($1::jsonb - COALESCE(array_agg(t.name), '{}'))::text
  FROM (VALUES ('auth.sessions', 'keys that make refresh tokens'),
	('auth.refresh_tokens', 'who has one is signed in'),
	('auth.mfa_amr_claims', 'of sessions'),
	('auth.mfa_factors', 'secrets of authenticator apps'),
	('auth.mfa_challenges', 'codes'),
	('auth.one_time_tokens', 'tokens of mails'),
	('auth.flow_state', 'tokens of other sites'),
	('auth.saml_relay_states', 'of sign-ins under way'),
	('auth.webauthn_challenges', 'of sign-ins under way'),
	('auth.oauth_authorizations', 'codes'),
	('auth.oauth_client_states', 'of sign-ins under way'),
	('auth.custom_oauth_providers', 'secrets of other sites'),
	('auth.instances', 'settings with secrets')) AS t (name, why)
 WHERE to_regclass(t.name) IS NOT NULL

-- Extensions that a plain PostgreSQL may have; those of the platform alone would stop a restore. (Its own, plpgsql, is
-- there always, so the list is never empty, which would mean all.)
-- name: move_archive_extensions
SELECT extname::text FROM pg_extension
 WHERE extname <> ALL ('{pg_graphql,pg_net,pgsodium,supabase_vault,pgjwt,pg_cron,pg_tle,pgmq,wrappers,http,pgaudit,index_advisor,
	hypopg,pg_stat_monitor,plpgsql_check,pg_stat_statements}')
 ORDER BY 1

-- Roles that policies name.
-- name: move_archive_roles
SELECT DISTINCT quote_ident(r.rolname) FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles) ORDER BY 1

-- What is not in the archive, or should not be: webhooks, jobs, secrets, and functions with what looks like a key in them.
-- name: move_archive_there
SELECT (SELECT string_agg(format('%s on %s', t.tgname, t.tgrelid::regclass), ', ' ORDER BY t.tgname) FROM pg_trigger t
	 WHERE NOT t.tgisinternal AND pg_get_triggerdef(t.oid) LIKE '%http_request%'),
       (SELECT GREATEST(c.reltuples, 0)::bigint::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	 WHERE (n.nspname, c.relname) = ('cron', 'job')),
       (SELECT GREATEST(c.reltuples, 0)::bigint::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	 WHERE (n.nspname, c.relname) = ('vault', 'secrets')),
       (SELECT string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.oid::regprocedure::text) FROM pg_proc p
	 WHERE p.pronamespace::regnamespace::text !~ '^(pg_|information_schema|sojorn_move)'
	   AND (p.prosrc ~ 'eyJ[A-Za-z0-9_-]{16,}\.' OR p.prosrc ~ 'sb_secret_' OR p.prosrc ~* 'bearer +[A-Za-z0-9_.-]{12,}'))
