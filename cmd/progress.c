/* See progress.h. */
#include "cmd/progress.h"

#include "lib/base/time.h"

#include <stdio.h>
#include <unistd.h>

bool progress_begin(struct progress *p)
{
	*p = (struct progress){ .started = time_monotonic() };
	return isatty(STDERR_FILENO);
}

void progress_show(void *arg, const char *what, int64_t done, int64_t total)
{
	struct progress *p = arg;
	int64_t us = time_monotonic() - p->started;
	int64_t left = done > 0 && done < total ? us / done * (total - done) / SECOND : 0;

	fprintf(stderr, "\r\033[K%3d %%  %-24s %lld s, about %lld s left",
		total > 0 && done < total ? (int)(100 * done / total) : 100, what,
		(long long)(us / SECOND), (long long)left);
	fflush(stderr);
	p->shown = true;
}

void progress_end(const struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
}
