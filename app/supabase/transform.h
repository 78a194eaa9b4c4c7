/* From the landing zone to schema sojorn. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

/* All of transform.sql, each statement in a transaction of its own; again, it changes nothing. False:
 * m->problem. */
bool transform_run(struct move *m);

/* Of that only what fills tables: into those that the session finds by their names. */
bool transform_tables(struct move *m);
