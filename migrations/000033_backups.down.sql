SET search_path = sojorn, public, extensions;

DROP TABLE user_devices;
DROP TABLE backup_preferences;
DROP TABLE cloud_backups;
DROP TABLE key_vaults;
