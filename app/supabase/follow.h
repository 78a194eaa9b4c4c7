/* Changes of the live source, from the landing zone into schema sojorn. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

/* Everything that was committed on the source before this call is in schema sojorn when it returns; false
 * also when that takes longer than so many milliseconds. */
bool follow_drain(struct move *m, int64_t milliseconds);

/* Whether the tables of the source are still what they were; if not, following stops, and m->problem says what
 * is different. */
bool follow_check_drift(struct move *m);

/* From then on nothing moves, neither in the landing zone nor here, and both say the same; until follow_resume, or
 * until the session ends. Does nothing where no live source is followed. */
bool follow_pause(struct move *m);
bool follow_resume(struct move *m);

/* Replication goes on, if it rests. */
bool follow_enable(struct move *m);
