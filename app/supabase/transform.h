/* From the landing zone to schema sojorn. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

/* Lists of keys, as texts of arrays; columns of move_batch_take in this order. Pairs are two lists. */
enum move_keys {
	KEYS_USERS,
	KEYS_SESSIONS,
	KEYS_FACTORS,
	KEYS_CATEGORIES,
	KEYS_SETTINGS,
	KEYS_FOLLOWS = KEYS_SETTINGS + 2,
	KEYS_BLOCKS = KEYS_FOLLOWS + 2,
	KEYS_POSTS = KEYS_BLOCKS + 2,
	KEYS_COMMENTS,
	KEYS_LIKES,
	KEYS_SAVES = KEYS_LIKES + 2,
	KEYS_COUNTED = KEYS_SAVES + 2, /* posts whose counters may have changed */
	KEYS_AUTHORS,		       /* accounts whose counters may have */
	KEYS_REPORTS,
	KEYS_NOTIFICATIONS,
	KEYS_DEVICES,
	KEYS_OBJECTS,
	KEYS_BUCKETS,
	KEYS_KEYS, /* accounts whose keys may have changed */
	KEYS_CONVERSATIONS,
	KEYS_MESSAGES,
	KEYS_REACTIONS,
	KEYS_CIRCLE,
	KEYS_EMOTIONS = KEYS_CIRCLE + 2,
	KEYS_HIDES = KEYS_EMOTIONS + 2,
	KEYS_OVERRIDES = KEYS_HIDES + 2,
	KEYS_AUDIT,
	KEYS_LISTS
};

/* All of transform.sql, in one transaction, which ends with the phase "transformed"; again, it changes nothing.
 * False: m->problem. */
bool transform_run(struct move *m);

/* Of that only what somebody should know, anew. */
bool transform_findings(struct move *m);

/* Of that only what fills tables: into those that the session finds by their names. */
bool transform_tables(struct move *m);

/* The same for these keys only, in the transaction that is open; NULL where there is none of a kind. Lists
 * are added to: what depends on the keys. False: script_problem(m->db), or m->problem. */
bool transform_keys(struct move *m, struct arena *a, const char *keys[KEYS_LISTS]);
