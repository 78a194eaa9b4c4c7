/*
 * Mails to people about their account. A mail is a job: who causes one puts mail_payload() into the
 * outbox, in its own statement or transaction, and a worker writes and sends it. By SMTP (SMTP_HOST …),
 * or as files into MAIL_DIR.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

enum mail {
	MAIL_VERIFY, /* link: email_verify token */
	MAIL_RESET,  /* link: password_reset token */
	MAIL_PASSWORD_CHANGED,
	MAIL_MFA_ENABLED,
	MAIL_MFA_DISABLED,
	MAIL_REACTIVATED,
	MAIL_DEACTIVATED,
	MAIL_DELETION, /* will be deleted in 14 days */
	MAIL_DESTROY,  /* link: account_destroy token */

	/* Of app/compat. The token of these is "CODE QUERY": digits to type in, and the link's query. */
	MAIL_COMPAT_SIGNUP,
	MAIL_COMPAT_MAGICLINK,
	MAIL_COMPAT_RECOVERY,
	MAIL_COMPAT_EMAIL_CHANGE,
	MAIL_COMPAT_INVITE,
	MAIL_COMPAT_NONCE, /* a code alone */
	MAILS,
};

/* The payload of a job of kind "mail". The token stands in it sealed: a copy of the database opens
 * nothing. `token` absent: a mail without a link. */
struct json mail_payload(struct arena *a, const struct app *app, enum mail mail, str to, str token);

/* The job itself. Suspends. */
err mail_run(struct job *j);
