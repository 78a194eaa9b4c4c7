SET search_path = sojorn, public, extensions;

DROP FUNCTION tier_daily_posts(text), tier_of_score(integer);
DROP TRIGGER users_pass_status ON users;
DROP TABLE trust_state, user_settings, profile_private, profiles;
DROP FUNCTION users_pass_status(), profiles_take_status();
