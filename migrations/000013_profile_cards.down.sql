SET search_path = sojorn, public, extensions;

DROP FUNCTION profile_cards(uuid);
