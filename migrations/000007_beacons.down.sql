SET search_path = sojorn, public, extensions;

DROP VIEW map_beacons;
DROP TABLE beacon_alerts, beacon_resolve_votes, beacon_votes, beacons, beacon_tag_keys;
