/* See frame.h: header and payload in one allocation. */
#include "lib/web/frame.h"

#include "lib/base/arena.h"

#include <stdlib.h>

enum { HEADER_MAX = 10, FIN = 0x80 };

/* RFC 6455 §5.2: the shortest of three forms of the length. */
static size_t write_header(unsigned char *p, enum frame_kind kind, uint64_t n)
{
	int bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;

	p[0] = (unsigned char)(FIN | kind);
	p[1] = (unsigned char)(bytes == 0 ? n : bytes == 2 ? 126 : 127);
	for (int i = 0; i < bytes; i++)
		p[2 + i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
	return (size_t)(2 + bytes);
}

static struct frame *allocate(size_t n)
{
	struct frame *f = try_malloc(sizeof *f + n);

	if (f) {
		atomic_init(&f->holders, 1);
		f->n = n;
	}
	return f;
}

struct frame *frame_new(enum frame_kind kind, str payload)
{
	unsigned char header[HEADER_MAX];
	size_t n = write_header(header, kind, payload.n);
	struct frame *f = allocate(n + payload.n);

	if (!f)
		return NULL;
	memcpy(f->bytes, header, n);
	if (payload.n)
		memcpy(f->bytes + n, payload.p, payload.n);
	return f;
}

struct frame *frame_raw(str bytes)
{
	struct frame *f = allocate(bytes.n);

	if (f)
		memcpy(f->bytes, bytes.p, bytes.n);
	return f;
}

struct frame *frame_hold(struct frame *f)
{
	atomic_fetch_add_explicit(&f->holders, 1, memory_order_relaxed);
	return f;
}

void frame_drop(struct frame *f)
{
	if (f && atomic_fetch_sub_explicit(&f->holders, 1, memory_order_acq_rel) == 1)
		free(f);
}
