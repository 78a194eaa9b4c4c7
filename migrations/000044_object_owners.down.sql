SET search_path = sojorn, public, extensions;

DROP INDEX storage_objects_owner;
