/* What the gate's parts share: its state in this process. Private to app/gateway. */
#pragma once

#include "app/gateway/gateway.h"

#include <stdatomic.h>

/*
 * The keeper writes, all loops read. A write counts itself in before it looks at the side, and the keeper
 * looks at the count after it has changed the side: one of the two sees the other.
 */
struct gate {
	uuid instance;
	char name[80];	   /* host:pid, for people */
	bool has_upstream; /* SUPABASE_UPSTREAM is set */
	int64_t patience;
	atomic_int side;      /* enum gate_side, as the row has it */
	atomic_llong lease;   /* monotonic: until then GATE_UPSTREAM may be acted upon */
	atomic_int in_flight; /* passed and not left */
	atomic_int waiting;   /* held */
	atomic_bool ended;    /* the server is leaving: nobody passes any more */
};
