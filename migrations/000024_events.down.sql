SET search_path = sojorn, public, extensions;

DROP FUNCTION events_after(uuid, bigint);
DROP FUNCTION emit_all(uuid[], text, jsonb);
DROP FUNCTION emit(uuid, text, jsonb);
DROP TABLE user_events;
DROP TABLE user_event_heads;
