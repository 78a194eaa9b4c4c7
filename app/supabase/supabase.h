/*
 * Leaving Supabase: takes the database of a project over. A dump's tables arrive unchanged in a landing zone
 * (schemas auth, storage, public and the app's own), each statement in a ledger; then SQL turns them into the
 * tables of schema sojorn. State is in schema supabase_move of the target database, so that an import that was
 * killed goes on where it was. For the command line: everything here blocks.
 */
#pragma once

#include "lib/base/arena.h"

struct move_options {
	const char *url;	  /* of the target database */
	const char *const *files; /* dumps, in the order they are to be read */
	int nfiles;
	str jwt_secret; /* seals second factors as the server opens them; absent: not set */
	bool replace;	/* drop what another dump has landed */
	bool again;	/* transform once more, though it has been done */
	bool force;	/* into a database with accounts of its own */

	/* Called now and then; may be NULL. In bytes of the dump, or in steps. */
	void (*progress)(void *arg, const char *what, int64_t done, int64_t total);
	void *progress_arg;
};

/* Reads and transforms what is left to be. False: *problem says why, as in all below. */
bool move_import(struct arena *a, const struct move_options *o, const char **problem);

/* A report on the newest run, as text or as one JSON object. ret_ok: nothing is wrong. */
enum move_report { MOVE_STATUS, MOVE_INVENTORY, MOVE_VERIFY };
bool move_report(struct arena *a, const struct move_options *o, enum move_report which, bool json,
		 str *out, bool *ret_ok, const char **problem);
