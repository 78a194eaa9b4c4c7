/*
 * The operator's console on ADMIN_ADDR: one page, and the JSON it is filled with. Behind a sign-in of its own for
 * accounts with the role moderator or admin; what it does is on record in audit_log. docs/decisions/0016-the-console.md
 * says what it trusts.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

extern const struct route console_page_routes[], console_session_routes[], console_watch_routes[],
	console_move_routes[], console_people_routes[], console_queue_routes[],
	console_tuning_routes[];

/*
 * The admin server's authenticate hook: who is asking, by the console's cookie. A request that may change something
 * must also bear the token that only the console's own page knows. Without a cookie, a route for which a token
 * is optional goes on as on the API. Suspends.
 * Errors: signed_out (401), console_token (403), err_not_found for an account that is no operator's (any more), and
 * those of auth_authenticate.
 */
err console_authenticate(struct req *r);

/* What the charts show is noted: once a second on the loop that serves the console. */
void console_tick(void);

/* A request has ended badly: for the list of errors by route. Any thread. */
void console_note_error(const struct req *r, int status, int64_t us);

/* Daily: what is on record is kept for 90 days. */
err console_trim_audit(struct job *j);
