SET search_path = sojorn, public, extensions;

DROP TABLE outbox, user_fcm_tokens, notification_preferences, notifications;
