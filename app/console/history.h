/*
 * What the charts show: the process's counters as they were, in two rings of fixed size, of which the finer one reaches
 * back half an hour and the coarser one a day. Belongs to the loop that serves the console; half a megabyte, once.
 * Private to app/console.
 */
#pragma once

#include "lib/base/json.h"

enum span { SPAN_RECENT, SPAN_DAY, SPANS };

/*
 * {"step": seconds, "boot": …, "last": number of the newest row, "columns": […], "rows": [[…], …]}: rates and
 * quantiles of each step, the oldest first; those after the row `after` of this process (`boot`), all when that is
 * not known any more.
 */
str history_text(struct arena *a, enum span span, int64_t after, int64_t boot);
