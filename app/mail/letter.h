/* What mails say, and their form on the wire. Private to app/mail. */
#pragma once

#include "app/mail/mail.h"

struct letter {
	const char *name; /* in the payload */
	const char *subject;
	const char *text;   /* paragraphs, parted by "\n\n" */
	const char *action; /* of the link; NULL: no link */
	const char *path;   /* of the link, the token follows */
	bool to_app;	    /* the link leads to the web app, else to this server */
	const char *note;   /* below the link */
	bool coded;	    /* the token is a code to type in, a space, and the rest of the link */
};

extern const struct letter letters[MAILS];

struct message {
	str from, to; /* of the header: "Sojorn <hello@example.org>" */
	str subject;
	str text, html; /* lines ended by \n */
	usec date;
	str id; /* left side of the Message-ID: the same when the mail is sent again */
};

/* The address of "Name <address>" or "address". */
str mail_address(str header);

/* The two forms of a letter; code: absent unless it is .coded. */
str letter_text(struct arena *a, const struct letter *l, str link, str code);
str letter_html(struct arena *a, const struct letter *l, str link, str code);

/* RFC 5322 with a multipart/alternative body (RFC 2046), ASCII on the wire, lines ended by CRLF. */
str message_write(struct arena *a, const struct message *m);
