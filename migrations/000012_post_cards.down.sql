SET search_path = sojorn, public, extensions;

DROP FUNCTION notify(uuid, uuid, text, uuid, uuid, text, text, jsonb);
DROP FUNCTION post_cards(uuid);
