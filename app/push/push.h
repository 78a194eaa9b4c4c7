/*
 * Pushes: what notifications tell people on their phones and in their browsers, by Firebase Cloud Messaging.
 * The SQL function notify() queues a job "push" beside the notification; it becomes a job "push_send" for
 * each of the receiver's devices, so that one device's failure is tried again without the others.
 *
 * A message taken by FCM whose job could not be settled because the process died is sent again. It bears the
 * same tag, so a phone shows it once.
 */
#pragma once

#include "app/ops/jobs.h"

/* The jobs. Without FIREBASE_CREDENTIALS_FILE they end and do nothing. Both suspend. */
err push_spread_run(struct job *j);
err push_send_run(struct job *j);
