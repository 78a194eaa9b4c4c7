/* After the flip: what people change here, to the source. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

/* Carries over what waits, up to some thousand changes; how many there were. Written there as if by
 * replication, so that nothing fires; again, it does no harm. */
bool reverse_batch(struct move *m, int64_t *ret_changes);

/* Everything that was committed here before this call is on the source when it returns. */
bool reverse_drain(struct move *m);
