/*
 * libmicrohttpd keeps a connection's eight kilobytes until the upgraded socket is given back. So we take a
 * duplicate of the descriptor and give it back at once: what stays is a struct of a few words.
 */
#include "lib/web/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

struct upgrade {
	struct server *server;
	struct upgrade *next, **link;
	const struct upgrade_owner *owner;
	void *arg;
	int fd;
};

static bool is_full(const struct server *s)
{
	return s->web.draining || s->nupgrades >= s->web.options.connections;
}

err reply_upgrade(struct req *req, const char *protocol, const struct upgrade_owner *owner,
		  void *arg)
{
	struct request *r = request_of(req);

	if (is_full((struct server *)r->web))
		return err_unavailable;
	reply_header(req, "Upgrade", str_of(protocol));
	TRY(reply_empty(req, 101));
	r->upgrade = owner;
	r->upgrade_arg = arg;
	return OK;
}

static void link_upgrade(struct server *s, struct upgrade *u)
{
	u->next = s->upgrades;
	u->link = &s->upgrades;
	if (u->next)
		u->next->link = &u->next;
	s->upgrades = u;
	s->nupgrades++;
}

/* A duplicate that no child inherits; small writes go out at once. */
static int take_socket(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), on = 1;

	if (own < 0)
		return -1;
	fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK);
	setsockopt(own, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return own;
}

void upgrade_begin(struct request *r, int fd, str early)
{
	const struct upgrade_owner *owner = r->upgrade;
	struct server *s = (struct server *)r->web;
	struct upgrade *u = calloc(1, sizeof *u);
	int own = u ? take_socket(fd) : -1;

	r->upgrade = NULL;
	if (own < 0) {
		free(u);
		owner->never(r->upgrade_arg);
		return;
	}
	*u = (struct upgrade){ .server = s, .owner = owner, .arg = r->upgrade_arg, .fd = own };
	link_upgrade(s, u);
	owner->begin(u->arg, u, own, early);
}

void upgrade_never(struct request *r)
{
	if (r->upgrade)
		r->upgrade->never(r->upgrade_arg);
	r->upgrade = NULL;
}

void upgrade_end(struct upgrade *u, bool lingers)
{
	struct server *s = u->server;

	if (lingers)
		linger_start(s->web.loop, &s->lingering, u->fd);
	else
		close(u->fd);
	*u->link = u->next;
	if (u->next)
		u->next->link = u->link;
	free(u);
	s->nupgrades--;
	web_conns_check(s);
}

void upgrades_stop(struct server *s, bool now)
{
	for (struct upgrade *u = s->upgrades, *next; u; u = next) {
		next = u->next;
		u->owner->stop(u->arg, now);
	}
}
