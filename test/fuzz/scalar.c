/* Single values of strangers: times, ids, numbers, encodings. What is read, is written and read again the same. */
#include "lib/base/arena.h"
#include "lib/base/codec.h"
#include "lib/base/number.h"
#include "lib/base/time.h"
#include "lib/base/uuid.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

static void check_time(str s)
{
	char text[TIME_TEXT];
	usec t, again;

	if (!time_parse(s, &t))
		return;
	time_format(t, text);
	assert(time_parse((str){ text, sizeof(text) }, &again) && again.us == t.us);
}

static void check_uuid(str s)
{
	char text[UUID_TEXT];
	uuid id, again;

	if (!uuid_parse(s, &id))
		return;
	uuid_format(id, text);
	assert(uuid_parse((str){ text, sizeof(text) }, &again) && uuid_eq(id, again));
}

static void check_numbers(str s)
{
	char text[DOUBLE_TEXT_MAX], whole[INT_TEXT_MAX];
	int64_t n, again;
	double d, same;

	if (str_to_i64(s, &n)) {
		size_t length = int_format(n, whole);

		assert(str_to_i64((str){ whole, length }, &again) && again == n);
	}
	if (str_to_f64(s, &d)) {
		size_t length = double_format(d, text);

		assert(str_to_f64((str){ text, length }, &same) && same == d);
	}
}

/* What a decoder takes, its encoder gives back in at most as many characters. */
static void check_codec(struct arena *a, str s, bool (*decode)(str, void *, size_t *),
			size_t (*encode)(const void *, size_t, char *))
{
	char *bytes = arena_alloc(a, DECODED_MAX(s.n)), *text, *twice;
	size_t n, m, length;

	if (!decode(s, bytes, &n))
		return;
	text = arena_alloc(a, BASE64_LENGTH(n) + HEX_LENGTH(n) + 8);
	length = encode(bytes, n, text);
	twice = arena_alloc(a, DECODED_MAX(length));
	assert(decode((str){ text, length }, twice, &m) && m == n && memcmp(bytes, twice, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str s = arena_copy(a, (str){ (const char *)data, size });

	if (size) {
		check_time(s);
		check_uuid(s);
		check_numbers(s);
		check_codec(a, s, hex_decode, hex_encode);
		check_codec(a, s, base64_decode, base64_encode);
		check_codec(a, s, base64url_decode, base64url_encode);
		check_codec(a, s, base32_decode, base32_encode);
	}
	arena_free(a);
	return 0;
}
