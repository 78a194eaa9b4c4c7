DROP INDEX sojorn.outbox_kind_due;
DROP FUNCTION sojorn.push_due(uuid);
DROP FUNCTION sojorn.push_wanted(uuid, text, timestamptz);
DROP FUNCTION sojorn.is_within(time, time, time);
DROP FUNCTION sojorn.time_of_day(timestamptz, text);
