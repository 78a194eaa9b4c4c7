/* Request targets: splitting, decoding, query by field table. */
#include "lib/web/request.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

struct query {
	bool b;
	int32_t limit;
	int64_t big;
	double lat;
	str q;
	uuid id;
	usec since;
	struct strs tags;
	struct uuids ids;
};
static const struct field query_fields[] = {
	FIELD(struct query, b),
	FIELD(struct query, limit, .has_range = true, .min = 1, .max = 50),
	FIELD(struct query, big),
	FIELD(struct query, lat, .has_range = true, .min = -90, .max = 90),
	FIELD(struct query, q, .max = 200),
	FIELD(struct query, id),
	FIELD(struct query, since),
	FIELD(struct query, tags, .max = 5),
	FIELD(struct query, ids),
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str target = arena_copy(a, (str){ (const char *)data, size }), path, query;
	struct query out = { 0 };
	struct present present;
	size_t n;

	if (target_split(target, &path, &query)) {
		str decoded = target_decode(a, path, false);
		struct pair *pairs = target_pairs(a, query, &n);

		assert(decoded.n <= path.n);
		err e = fields_from_pairs(a, pairs, n, query_fields, &out, &present);
		if (!e.info && present_has(&present, query_fields, "limit"))
			assert(out.limit >= 1 && out.limit <= 50);
		if (!e.info && present_has(&present, query_fields, "lat"))
			assert(out.lat >= -90 && out.lat <= 90);
	}
	arena_free(a);
	return 0;
}
