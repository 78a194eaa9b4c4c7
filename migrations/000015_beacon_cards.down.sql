SET search_path = sojorn, public, extensions;

DROP VIEW alert_cards;
DROP FUNCTION beacon_cards(uuid);
