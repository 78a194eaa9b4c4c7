/* See qr.h. A path of one rectangle for each run of dark modules in a row: a third of the size of one a module. */
#include "lib/base/qr.h"

#include <qrencode.h>
#include <stdio.h>

enum {
	QUIET = 4,
	RUN_MAX = 32, /* bytes of "M177 177h177v1h-177z" */
	FRAME_MAX = 256,
};

static void release(void *code)
{
	QRcode_free(code);
}

static char *append_row(char *p, char *end, const QRcode *code, int y)
{
	const unsigned char *row = code->data + y * code->width;

	for (int x = 0; x < code->width;) {
		int from = x;

		while (x < code->width && row[x] & 1)
			x++;
		if (x > from)
			p += snprintf(p, (size_t)(end - p), "M%d %dh%dv1h-%dz", from + QUIET,
				      y + QUIET, x - from, x - from);
		else
			x++;
	}
	return p;
}

str qr_svg(struct arena *a, str text)
{
	QRcode *code =
		QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
	char *out, *p, *end;
	size_t most;
	int size;

	if (!code)
		return (str){ 0 };
	arena_defer(a, release, code);
	most = FRAME_MAX + (size_t)code->width * ((size_t)code->width + 1) / 2 * RUN_MAX;
	out = p = arena_alloc(a, most);
	end = out + most;
	size = code->width + 2 * QUIET;
	p += snprintf(p, most,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		      "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
		      "<path d=\"",
		      size, size, size, size);
	for (int y = 0; y < code->width; y++)
		p = append_row(p, end, code, y);
	p += snprintf(p, (size_t)(end - p), "\"/></svg>");
	return (str){ out, (size_t)(p - out) };
}
