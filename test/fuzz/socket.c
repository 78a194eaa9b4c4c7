/*
 * WebSocket frames from a stranger, in pieces of any size. The first byte of the input seeds the pieces. The
 * decoder must give whole texts in UTF-8 within its limit, answer in frames of a server, and say nothing
 * after its goodbye; an idle one must be as good as a new one.
 */
#include "lib/web/socket_in.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

enum { LIMIT = 4096 };

struct seen {
	struct decoder *decoder;
	size_t texts, bytes;
	int closes;
};

static void on_text(void *arg, str message)
{
	struct seen *s = arg;
	size_t at = 0;

	assert(message.n <= LIMIT && s->closes == 0);
	while (at < message.n)
		if (message.p[at] == '\0') /* valid, but no text to str */
			at++;
		else
			assert(str_utf8_next(message, &at) >= 0);
	s->texts++;
}

static void on_frame(void *arg, size_t payload)
{
	struct seen *s = arg;

	assert(payload <= LIMIT);
	s->bytes += payload;
}

/* Whole control frames, unmasked, the last of them a close if there is one. */
static void on_out(void *arg, str bytes)
{
	struct seen *s = arg;

	for (size_t at = 0; at < bytes.n;) {
		unsigned first = (unsigned char)bytes.p[at], n = (unsigned char)bytes.p[at + 1];

		assert(bytes.n - at >= 2 && n <= 125 && bytes.n - at >= 2 + n);
		assert(s->closes == 0 && (first == 0x8a || first == 0x88));
		s->closes += first == 0x88;
		at += 2 + n;
	}
}

static const struct decoder_events events = { on_text, on_frame, on_out };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { .decoder = decoder_new(&events, &s, LIMIT) };
	unsigned seed = size ? data[0] : 0;

	for (size_t at = 1; at < size && !decoder_is_done(s.decoder);) {
		size_t n = seed % 64 + 1;

		seed = seed * 1103515245 + 12345;
		n = n < size - at ? n : size - at;
		if (!decoder_feed(s.decoder, (str){ (const char *)data + at, n }))
			break;
		at += n;
		if (decoder_is_idle(s.decoder)) {
			decoder_free(s.decoder);
			s.decoder = decoder_new(&events, &s, LIMIT);
		}
	}
	if (!decoder_is_closing(s.decoder))
		assert(decoder_close(s.decoder, 1000, S("end")) && s.closes == 1);
	decoder_free(s.decoder);
	return 0;
}
