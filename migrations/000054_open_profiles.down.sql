SET search_path = sojorn, public, extensions;

DROP FUNCTION open_profiles(uuid);
