SET search_path = sojorn, public, extensions;

DROP FUNCTION serve_bundle(uuid, uuid, boolean);
