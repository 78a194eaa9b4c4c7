SET search_path = sojorn, public, extensions;

DROP TABLE audit_log, moderation_flags, content_strikes, abuse_logs, reports;
