SET search_path = sojorn, public, extensions;

DROP FUNCTION accept_waiting(uuid);
