-- What was told to an account goes with it: found by its topic, and not by reading all of the last minutes.
SET search_path = sojorn, public, extensions;

CREATE INDEX live_events_topic ON live_events (topic);
