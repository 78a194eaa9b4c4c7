/* What the commands that change sides share. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"
#include "app/supabase/moved.h"

struct cutover {
	struct move m;
	struct move_steps *steps;
	struct moved *moved; /* what the last look before the flip needs; NULL: not ready */
	bool dry_run;
	int64_t held_at; /* monotonic; 0: requests have not waited */
};

/* Connects to the database here, waits until no other command is at work, and finds the run. */
bool cutover_begin(struct cutover *c, struct arena *a, const struct move_options *o);
void cutover_end(struct cutover *c, const char **problem);

/* Whether the run has come to this phase. */
bool cutover_is(const struct cutover *c, const char *phase);

/* Notes what has been done or found out; always true. */
bool cutover_step(struct cutover *c, const char *what, bool ok, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

int64_t cutover_ms_since(int64_t monotonic);

/* Everything that has to be so before requests are held; steps say what is. False: not all of it is. */
bool cutover_checklist(struct cutover *c);

/* A phase that a follower sees, and its place on both sides. */
bool cutover_take_over(struct cutover *c, const char *phase);

/* Requests wait from now on, and nothing that was let through is left. Answers of either database are waited for only
 * as long as requests may wait. */
bool cutover_hold(struct cutover *c);

/* Each table has as many rows here as there. */
bool cutover_compare_counts(struct cutover *c);

/* The project is the writer again, and followed; from any point before the flip, or behind the way back. */
bool cutover_give_back(struct cutover *c);

/* From wherever a command stopped, ours or another, to the side that is nearest; tries for two minutes. Keeps the
 * problem there was. */
bool cutover_rest(struct cutover *c, bool *ret_live);

/* How many rows each table of the plan has on a side, as JSON. */
bool cutover_count(struct move *m, bool on_source, const char **ret_json);
