/* See listen.h. The connection says LISTEN once it is up, and nothing else ever. */
#include "lib/db/listen.h"

#include "lib/base/log.h"
#include "lib/db/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct db_listener {
	struct link link;
	struct link_params *params;
	char *channel;
	void (*heard)(void *arg, str payload);
	void *arg;
	bool reported; /* this outage was logged */
};

static void on_up(void *owner)
{
	struct db_listener *d = owner;
	char *name = PQescapeIdentifier(d->link.pg, d->channel, strlen(d->channel));
	char sql[256];
	int n = snprintf(sql, sizeof(sql), "LISTEN %s", name ? name : "");
	bool sent = name && n < (int)sizeof(sql) && PQsendQuery(d->link.pg, sql);

	PQfreemem(name);
	if (!sent) {
		link_lose(&d->link, "LISTEN cannot be sent");
		return;
	}
	link_flush(&d->link);
}

static void on_listening(struct db_listener *d)
{
	if (d->reported)
		log_info("listening to the database again");
	d->reported = false;
	d->heard(d->arg, (str){ 0 });
}

/* The answer to LISTEN. False: refused, or the session is at its end. */
static bool take_answers(struct db_listener *d)
{
	PGresult *r;
	ExecStatusType status;

	while (!PQisBusy(d->link.pg) && (r = PQgetResult(d->link.pg))) {
		status = PQresultStatus(r);
		PQclear(r);
		if (status != PGRES_COMMAND_OK)
			return false;
		on_listening(d);
	}
	return true;
}

static bool on_input(void *owner)
{
	struct db_listener *d = owner;
	PGnotify *n;

	if (!take_answers(d))
		return false;
	while ((n = PQnotifies(d->link.pg))) {
		d->heard(d->arg, str_of(n->extra));
		PQfreemem(n);
	}
	return true;
}

static void on_down(void *owner, bool was_up, const char *why)
{
	struct db_listener *d = owner;

	if (!d->reported)
		log_warn(was_up ? "no longer listening to the database"
				: "cannot listen to the database",
			 LOG("why", why));
	d->reported = true;
}

static const struct link_owner link_owner = { .up = on_up, .input = on_input, .down = on_down };

struct db_listener *db_listen(struct loop *l, const char *url, const char *channel,
			      void (*heard)(void *arg, str payload), void *arg)
{
	struct db_listener *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->channel = strdup(channel);
	d->params = link_params_new(url, "sojorn listen", "-c idle_session_timeout=0");
	d->heard = heard;
	d->arg = arg;
	d->link = (struct link){
		.loop = l,
		.params = d->params,
		.patience = 5 * SECOND,
		.on = &link_owner,
		.owner = d,
	};
	if (!d->channel || !d->params || !link_start(&d->link)) {
		db_listener_free(d);
		return NULL;
	}
	return d;
}

void db_listener_free(struct db_listener *d)
{
	if (!d)
		return;
	link_stop(&d->link);
	link_params_free(d->params);
	free(d->channel);
	free(d);
}
