SET search_path = sojorn, public, extensions;

DROP INDEX live_events_topic;
