/* What the commands that change sides share. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

struct cutover {
	struct move m;
	struct move_steps *steps;
	bool dry_run;
	int64_t held_at; /* monotonic */
};

/* Connects to both sides and finds the run. */
bool cutover_begin(struct cutover *c, struct arena *a, const struct move_options *o);
void cutover_end(struct cutover *c, const char **problem);

/* Notes what has been done or found out; always true. */
bool cutover_step(struct cutover *c, const char *what, bool ok, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* How many rows each table of the plan has on a side, as JSON. */
bool cutover_count(struct move *m, bool on_source, const char **ret_json);
