/*
 * A private PostgreSQL: its own data directory, its own port, reachable over a unix socket in a
 * directory only its account can enter (and over 127.0.0.1 with a password). Never runs as root:
 * root's cluster belongs to an account of its own, in a directory which that account can reach.
 */
#pragma once

#include "cmd/process.h"
#include "lib/base/arena.h"

struct cluster_options {
	const char *dir;     /* where it should live: "…/.local/pg" */
	const char *account; /* of root's cluster; made if missing: "sojorn-dev" */
	const char *
		programs; /* folder of initdb and postgres; NULL: the newest from 15 on with PostGIS */
};

struct cluster {
	struct arena *arena;
	struct account account;
	const char *dir, *data, *programs;
	int port;
	const char *url;      /* superuser `sojorn`, database `sojorn`, by socket; once started */
	const char *password; /* the same by 127.0.0.1 */
	pid_t server;	      /* 0: not running */
};

/* Finds the programs, the account and the directory. False with a line on stderr. */
bool cluster_open(struct cluster *c, struct arena *a, const struct cluster_options *o);

/* Makes the cluster if there is none, starts it and waits until it answers. False with a line on
 * stderr, nothing left running; also when told to end meanwhile. */
bool cluster_start(struct cluster *c);

/* Ends it cleanly (checkpoint included). Nothing happens when it does not run. */
void cluster_stop(struct cluster *c);

/* The URL of a cluster somebody else has running here; false when there is none. */
bool cluster_attach(struct cluster *c);

/* Deletes everything; it must not run. */
bool cluster_remove(struct cluster *c);

/* Path of a program that came with the server ("psql"). */
const char *cluster_program(const struct cluster *c, const char *name);
