/*
 * The tone scorer: any bytes have a score within its bounds, the label that belongs to it, and the same
 * again at the second look.
 */
#include "app/moderation/tone.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str text = { (const char *)data, size };
	struct tone t = tone_of(a, text), again = tone_of(a, text);
	double cis = 1 - (t.hate + t.greed + t.delusion) / 3;

	assert(t.cis >= 0 && t.cis <= 1 && fabs(t.cis - cis) < 0.001);
	assert(str_eq(t.label, t.blocked.p ? S("hate") : tone_label(t.cis)));
	assert(t.cis == again.cis && str_eq(t.label, again.label));
	arena_free(a);
	return 0;
}
