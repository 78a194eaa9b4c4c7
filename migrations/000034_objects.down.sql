SET search_path = sojorn, public, extensions;

DELETE FROM supabase_move.captures WHERE schema = 'storage';
DROP VIEW supabase_move.old_buckets, supabase_move.old_objects;
DROP FUNCTION supabase_move.shape_storage();
DROP FUNCTION storage_key(uuid);
DROP TABLE storage_objects;
DROP TABLE storage_buckets;
