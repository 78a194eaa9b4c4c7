/* See watch_numbers.h. */
#include "app/supabase/watch_numbers.h"

#include <math.h>

#define TOTAL  "sojorn_http_requests_total{"
#define BUCKET "sojorn_http_request_duration_seconds_bucket{"

/* The value of a label, of name="value",name="value"; absent: there is none. */
static str label(str labels, const char *name)
{
	while (labels.n) {
		str rest = labels, key = str_cut(&rest, '='), value;

		str_cut(&rest, '"');
		value = str_cut(&rest, '"');
		if (str_eq(str_trim(key), str_of(name)))
			return value;
		str_cut(&rest, ',');
		labels = rest;
	}
	return (str){ 0 };
}

static bool is_counted(str route)
{
	return !str_starts(route, S("/health")) && !str_eq(route, S("/metrics"))
		&& !str_eq(route, S("/ws"));
}

/* The bucket of this bound, kept in order; NULL: too many. */
static int64_t *bucket(struct watch_counts *c, double le)
{
	int i = 0;

	while (i < c->n && c->le[i] < le)
		i++;
	if (i < c->n && c->le[i] <= le)
		return &c->below[i];
	if (c->n == WATCH_BUCKETS)
		return NULL;
	for (int k = c->n; k > i; k--) {
		c->le[k] = c->le[k - 1];
		c->below[k] = c->below[k - 1];
	}
	c->n++;
	c->le[i] = le;
	c->below[i] = 0;
	return &c->below[i];
}

static void take_bucket(struct watch_counts *c, str le, int64_t n)
{
	double bound = INFINITY;
	int64_t *b;

	if (!str_eq(le, S("+Inf")) && !str_to_f64(le, &bound))
		return;
	b = bucket(c, bound);
	if (b)
		*b += n;
}

static void take_line(struct watch_counts *c, str line)
{
	bool total = str_starts(line, S(TOTAL)), timed = str_starts(line, S(BUCKET));
	str labels, rest = line;
	int64_t n;

	if (!total && !timed)
		return;
	str_cut(&rest, '{');
	labels = str_cut(&rest, '}');
	if (!is_counted(label(labels, "route")) || !str_to_i64(str_trim(rest), &n))
		return;
	if (timed) {
		take_bucket(c, label(labels, "le"), n);
		return;
	}
	c->requests += n;
	if (str_eq(label(labels, "class"), S("5xx")))
		c->errors += n;
}

bool watch_counts_read(str text, struct watch_counts *out)
{
	bool known = str_find(text, S("# TYPE sojorn_http_requests_total")) >= 0;

	*out = (struct watch_counts){ 0 };
	while (text.n)
		take_line(out, str_cut(&text, '\n'));
	return known;
}

static int64_t below_of(const struct watch_counts *c, double le)
{
	for (int i = 0; i < c->n; i++)
		if (c->le[i] >= le && c->le[i] <= le)
			return c->below[i];
	return 0;
}

void watch_counts_add(struct watch_counts *sum, const struct watch_counts *now,
		      const struct watch_counts *old)
{
	static const struct watch_counts zero;

	if (now->requests < old->requests)
		old = &zero;
	sum->requests += now->requests - old->requests;
	sum->errors += now->errors - old->errors;
	for (int i = 0; i < now->n; i++) {
		int64_t *b = bucket(sum, now->le[i]);

		if (b)
			*b += now->below[i] - below_of(old, now->le[i]);
	}
}

int64_t watch_p95(const struct watch_counts *c)
{
	double wanted = c->n ? 0.95 * (double)c->below[c->n - 1] : 0, low = 0, from = 0;

	if (wanted <= 0)
		return 0;
	for (int i = 0; i < c->n; i++) {
		double n = (double)c->below[i];

		if (n >= wanted && isinf(c->le[i]))
			return (int64_t)(low * 1e6);
		if (n >= wanted)
			return (int64_t)((low + (c->le[i] - low) * (wanted - from) / (n - from))
					 * 1e6);
		low = c->le[i];
		from = n;
	}
	return (int64_t)(low * 1e6);
}
