/* A live project: how its tables come here and stay what they are there. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

/* Connects to the source, by options->source or else by what the subscription here knows, and looks whether
 * it will do. False: m->problem, as in all here. */
bool live_connect(struct move *m);

/* Waits until nobody else can change anything there any more: neither another command, nor what the database still does
 * for one that was killed, or whose line was cut. Until the session ends. */
bool live_lock(struct move *m);

/* Its tables, as JSON that the statements of live.sql take; valid until the next statement there. */
bool live_catalog(struct move *m, const char **ret_json);

/* The run of this source, new or to be gone on with. */
bool live_choose_run(struct move *m);

/* Makes what is missing on both sides and waits until every table has arrived whole. */
bool live_run(struct move *m);

/* Copies anew what has no key, so that nothing of it could be followed. */
bool live_reload(struct move *m);

/* Tells the session on the source which tables are meant by what follows. */
bool live_tell_tables(struct move *m);

/* Ends the subscription and removes everything of ours from the source and the landing zone; fenced: all but the
 * fence, behind which nobody writes there. Begun by one that was killed, it goes on. */
bool live_leave(struct move *m, bool fenced);
