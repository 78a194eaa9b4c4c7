/* From dump files into the landing zone, statement by statement, with a ledger. Private to app/supabase. */
#pragma once

#include "app/supabase/dump.h"
#include "app/supabase/supabase.h"
#include "lib/db/script.h"

/* A move under way. */
struct move {
	struct arena *arena; /* lives as long as the move */
	struct script *db;
	struct script *source; /* the live project, as its limited role; NULL: not connected */
	const struct move_options *options;
	char run[24]; /* its id, as parameters are */
	const char *phase;
	const char *problem; /* NULL: none */
	str *scripts;	     /* of the dump's files, as landing_run reads them */
};

/* Keeps what went wrong first; always false. */
bool move_fail(struct move *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A named statement; false with the database's problem kept. */
bool move_do(struct move *m, const struct stmt *s, const char *const *values);

/* The same on the source. */
bool move_there(struct move *m, const struct stmt *s, const char *const *values);

/* Sleeps. */
void move_pause(int milliseconds);

/* The script that pg_restore makes of a dump in custom format; as long as the arena, in a file without a name. */
bool custom_script(struct move *m, const char *file, str *out);

/* Reads what is left of the dump, m->scripts. False: m->problem. */
bool landing_run(struct move *m);

/* Connects, and finds the newest run; m->run stays empty when there is none. */
bool move_open(struct move *m);
bool move_find_run(struct move *m);
