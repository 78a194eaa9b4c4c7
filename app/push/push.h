/*
 * Pushes: what notifications tell people on their phones and in their browsers, by Firebase Cloud Messaging.
 * The SQL function notify() queues a job "push" beside the notification, for all of the receiver's devices; a device
 * that fails becomes a job "push_send" of its own, so that it is tried again without the others.
 *
 * A message taken by FCM whose job could not be settled because the process died is sent again. It bears the
 * same tag, so a phone shows it once.
 */
#pragma once

#include "app/ops/jobs.h"

/* Both jobs. Without FIREBASE_CREDENTIALS_FILE they end and do nothing. Suspends. */
err push_run(struct job *j);
