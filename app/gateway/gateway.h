/*
 * The gate of a server whose app is leaving Supabase. A row in the database says whether the project is
 * still the writer ("upstream": clients of the old app are passed on to it), requests are held for the
 * moment of a switch, or this side is the writer ("here"). docs/decisions/0013-the-gate.md says why no
 * two can ever write.
 *
 * One struct a process, shared by its loops; a keeper on the first loop keeps it in step with the row.
 * Where no project moves in, the gate is open, and costs a write two atomic operations.
 */
#pragma once

#include "app/app.h"
#include "lib/db/db.h"

struct req;

/* NULL when memory is short. */
struct gate *gate_new(const struct config *c);
void gate_free(struct gate *g);

/*
 * For work that can wait until later: false at once when this side is not the writer, else the caller counts
 * among those under way until gate_leave. A NULL gate is open.
 */
bool gate_try_here(struct gate *g);
void gate_leave(struct gate *g);

/* Whoever has passed takes somebody along, who leaves by itself. */
void gate_share(struct gate *g);

/* For server_options: writes of the app's own API. Reads may always go on. Held ones wait; while the
 * project is the writer they are refused at once. */
err gate_enter_request(struct req *r);
void gate_leave_request(struct req *r);

/* For server_options.divert: the paths of a project, unless this side answers them. */
const struct route *gate_divert(const struct req *r);

/*
 * The keeper: hears of changes, tells the database which one this server obeys and how many writes it has
 * under way. On the loop's thread. url: of the database, for NOTIFY.
 */
struct gate_keeper;
struct gate_keeper *gate_keeper_start(struct gate *g, struct loop *l, struct db_pool *db,
				      const char *url);

/* For a server that takes no new connections: when nothing is under way any more it closes the gate for
 * good, tells the database that it has left, and calls done on the loop. */
void gate_keeper_stop(struct gate_keeper *k, void (*done)(void *), void *arg);
void gate_keeper_free(struct gate_keeper *k);
