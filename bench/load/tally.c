/* All latencies are kept: percentiles are exact, and a minute of the fastest server is some megabytes. */
#include "bench/load/load.h"

#include <stdio.h>
#include <stdlib.h>

void tally_add(struct tally *t, int64_t ns)
{
	if (t->n == t->size) {
		t->size = t->size ? 2 * t->size : 1 << 16;
		t->us = realloc(t->us, t->size * sizeof(*t->us));
		if (!t->us)
			abort();
	}
	t->us[t->n++] = ns / 100 < UINT32_MAX ? (uint32_t)(ns / 100) : UINT32_MAX;
}

static int compare(const void *a_, const void *b_)
{
	const uint32_t *a = a_, *b = b_;

	return (*a > *b) - (*a < *b);
}

static double percentile(const struct tally *t, double p)
{
	size_t at = (size_t)((double)t->n * p / 100);

	if (t->n == 0)
		return 0;
	return t->us[at < t->n ? at : t->n - 1] / 10.0;
}

void tally_print(struct tally *t, double seconds)
{
	if (t->n)
		qsort(t->us, t->n, sizeof(*t->us), compare);
	printf("{\"requests\":%zu,\"errors\":%zu,\"seconds\":%.3f,\"rate\":%.1f,\"bytes\":%.0f,"
	       "\"late\":%zu,\"p50\":%.1f,\"p90\":%.1f,\"p95\":%.1f,\"p99\":%.1f,\"p999\":%.1f,"
	       "\"max\":%.1f}\n",
	       t->n, t->errors, seconds, (double)t->n / seconds,
	       t->n ? (double)t->bytes / (double)t->n : 0, t->late, percentile(t, 50),
	       percentile(t, 90), percentile(t, 95), percentile(t, 99), percentile(t, 99.9),
	       percentile(t, 100));
}
