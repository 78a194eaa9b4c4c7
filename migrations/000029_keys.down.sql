SET search_path = sojorn, public, extensions;

DROP FUNCTION notify_keys_low(uuid, integer);
DROP TABLE kyber_prekeys;
DROP TABLE one_time_prekeys;
DROP TABLE signed_prekeys;
DROP TABLE e2ee_identities;
