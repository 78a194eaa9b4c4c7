/* A server on loops of its own threads, and a client that speaks HTTP byte by byte. For *_test.c. */
#pragma once

#include "lib/base/test.h"
#include "lib/web/server.h"

enum { SITE_LOOPS = 4 };

struct site {
	int n; /* loops */
	struct loop *loops[SITE_LOOPS];
	struct server *servers[SITE_LOOPS];
	struct router *router;
	int port;
	const char *address;	    /* default 127.0.0.1, any free port */
	const struct route *routes; /* beside the usual ones */
	struct server_options options;
};
extern struct site site;

/* Starts the server with the usual routes of wire_test.c and site.routes; what site.options already says
 * is kept. */
void site_start(void);

/* Drains it and expects that nothing is left. The second part is for a test that drained it itself. */
void site_stop(void);
void site_join(void);

/* One connection; what was read but belongs to a later reply waits in buf. */
struct wire {
	int fd;
	size_t n;
	char buf[256 * 1024];
};

struct answer {
	int status;
	char head[16 * 1024];
	char body[1100 * 1024];
	size_t n;
};

/* Connects. */
struct wire *dial(void);
void hang_up(struct wire *w);
bool dial_refused(void);

/* Sends all of it; false when the connection is gone. */
bool say(struct wire *w, const char *text);
bool say_bytes(struct wire *w, const char *p, size_t n);

/* The next reply, until the thread hears another; NULL at the end, or after 10 s. hear_head: of a HEAD. */
struct answer *hear(struct wire *w);
struct answer *hear_head(struct wire *w);

/* True when the server closes within 10 s; what comes before that is dropped. */
bool is_closed(struct wire *w);

/* A header's value, until the thread asks for another; NULL when not there. */
const char *header(const struct answer *a, const char *name);

/* Connect, say, hear, hang up. */
struct answer *ask(const char *text);

/* GET path HTTP/1.1 with a Host and further header lines ("A: b\r\n"). */
struct answer *get(const char *path, const char *headers);

/* Bytes of this process in memory. */
size_t resident(void);

/* What the usual routes of wire_test.c saw. */
extern struct seen {
	_Atomic int64_t read;	 /* bytes read from streams */
	_Atomic int64_t most;	 /* bytes in use by a request's arena, at most */
	_Atomic int running;	 /* handlers */
	_Atomic int io, late;	 /* reads that ended in err_io, err_deadline */
	_Atomic int done;	 /* calls of on_done */
	_Atomic int last_status; /* … with this */
} seen;
