/*
 * A connection that leaves HTTP (RFC 9110 §7.8): once the 101 is sent, its socket belongs to whoever asked
 * for it, as raw bytes on the server's loop. WebSockets (socket.h) and what is passed on to another
 * server stand on this. Such sockets still count among the server's connections, and a draining
 * server waits for them.
 */
#pragma once

#include "lib/web/req.h"

struct upgrade;

/* All of it is called on the loop's own stack. */
struct upgrade_owner {
	/* The 101 is on its way. fd is non-blocking, for the owner to watch, read and write until
	 * upgrade_end, which may be called from here on, also in here. `early`: bytes that came right
	 * behind the request; gone when this returns. */
	void (*begin)(void *arg, struct upgrade *u, int fd, str early);

	/* The client went away before that; the other two will not be called. */
	void (*never)(void *arg);

	/* The server is ending: say goodbye and call upgrade_end soon. `now`: before this returns. */
	void (*stop)(void *arg, bool now);
};

/*
 * The reply "101 Switching Protocols" with `Upgrade: protocol`; other headers by reply_header. For a
 * handler of GET whose request has no body. The owner must outlive the server, arg is the owner's.
 * err_unavailable when the server has too many of them or is ending; arg is then untouched.
 */
err reply_upgrade(struct req *r, const char *protocol, const struct upgrade_owner *owner,
		  void *arg);

/* Closes the socket; u and its fd are gone. `lingers`: the client may still be sending and must not
 * lose what was last written to it by a reset. */
void upgrade_end(struct upgrade *u, bool lingers);
