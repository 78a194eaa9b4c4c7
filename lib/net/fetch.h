/*
 * Requests to other servers, for coroutines: HTTP, and mail by SMTP. libcurl's multi interface runs on
 * the calling loop; its connections are kept and shared by all requests of that loop.
 *
 * HTTP/2 is spoken over TLS with whoever offers it. SSL_CERT_FILE in the environment names the authorities to
 * trust instead of the system's, as it does for OpenSSL and curl.
 *
 * Replies are read whole. Redirects are not followed: whoever wants one looks at where it leads first.
 */
#pragma once

#include "lib/base/json.h"

/* A part of a file as a body; the descriptor must stay open. */
struct fetch_file {
	int fd;
	int64_t at, n;
};

struct fetch {
	const char *method; /* NULL: GET without a body, POST with one */
	str url;	    /* http or https */
	const char *socket; /* path of a socket to ask, in place of the URL's host; NULL: none */
	const struct pair *headers; /* of ours; values without line breaks */
	size_t nheaders;
	str body;		       /* absent: none */
	const struct fetch_file *file; /* sent instead, as it is read; needs a method */
	size_t reply_max;	       /* bytes of the reply's body, 0: 1 MiB */
	bool public_only; /* the host must be on the public internet: err_io when its address is not */
	bool cut;	  /* of a larger body the first reply_max bytes are enough */
	bool multiplex; /* many at once to a server that speaks HTTP/2 share a connection, up to 100 */
};

struct fetch_reply {
	int status;
	str body;
	str head; /* its lines as received, for fetch_header */
};

/*
 * Sends one request and reads its reply into the arena. `deadline`: monotonic microseconds, 0: 30 s from
 * now. Any status is a success. Suspends.
 * Errors: err_io with curl's own sentence (no such host, refused, broken, certificate), err_deadline,
 * err_too_large, err_invalid (a header with a line break, a URL of another kind).
 */
err fetch_http(struct arena *a, const struct fetch *f, int64_t deadline, struct fetch_reply *out);

/* The host of an http or https URL in lower case, without a port; absent when it is none. */
str fetch_host(struct arena *a, str url);

/* Where an https URL leads; false when it is none. */
struct fetch_place {
	str host, port; /* an IPv6 address in its brackets; the usual port when it names none */
	str path;	/* with the query */
};
bool fetch_place(struct arena *a, str url, struct fetch_place *out);

/* Where a link on a page, or a Location, leads: an absolute http or https URL without a fragment; absent when
 * it leads elsewhere. */
str fetch_resolve(struct arena *a, str base, str link);

/* A date as HTTP writes it (RFC 9110 §5.6.7); zero when it is none. */
usec fetch_date(str text);

/* For how long the reply asks to be left alone by Retry-After (RFC 9110 §10.2.3), in microseconds; 0 when it
 * does not. */
int64_t fetch_retry_after(const struct fetch_reply *reply);

/* Takes the next header off the lines of a head, in the order in which they came; false at their end. */
bool fetch_next_header(str *head, struct pair *out);

/* The value of a reply's header, the last one of that name; absent when there is none. */
str fetch_header(const struct fetch_reply *reply, const char *name);

struct smtp {
	str url;	    /* smtp://host:port, smtps://host:port */
	str user, password; /* absent: not asked to sign in */
	bool require_tls; /* and a certificate that is valid for the host; else TLS when it is offered */
};

/* The server will never take this mail (its answer was 550 to 559): no use to try again. */
extern const err err_mail_refused;

/*
 * Hands one message (RFC 5322, lines ended by CRLF) to a mail server. Addresses without brackets; one
 * with a line break is err_invalid. `deadline` as above. Suspends.
 * Errors: err_mail_refused, err_io, err_deadline.
 */
err fetch_smtp(struct arena *a, const struct smtp *server, str from, str to, str message,
	       int64_t deadline);
