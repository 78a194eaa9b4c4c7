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
	char name[80];	  /* host:pid, for people */
	str upstream;	  /* the project's URL; absent: SUPABASE_UPSTREAM is not set */
	int64_t patience; /* SUPABASE_HOLD */
	int64_t silence; /* SUPABASE_TIMEOUT: of the project, while something of it is waited for */
	int record;	 /* descriptor of SUPABASE_RECORD; -1: nothing is written down */
	atomic_int side; /* enum gate_side, as the row has it */
	atomic_llong lease;   /* monotonic: until then GATE_UPSTREAM may be acted upon */
	atomic_int in_flight; /* passed and not left */
	atomic_int waiting;   /* held */
	atomic_bool ended;    /* the server is leaving: nobody passes any more */
};

enum gate_side {
	GATE_UPSTREAM, /* the project answers and writes */
	GATE_HERE,
	GATE_NEITHER, /* requests wait */
};

/* Where it stands now. */
enum gate_side gate_side(const struct gate *g);

/*
 * Passes the gate: waits while requests are held, then says which side is the writer, and counts the caller among
 * those under way until gate_leave. Suspends. Errors: 503 held, after SUPABASE_HOLD.
 */
err gate_enter(struct gate *g, enum gate_side *out);
