-- Objects of the old storage go with the account that owns them.
SET search_path = sojorn, public, extensions;

CREATE INDEX storage_objects_owner ON storage_objects (owner_id) WHERE owner_id IS NOT NULL;
