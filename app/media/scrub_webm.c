/*
 * Elements: a name, a size, content. Streams recorded by browsers leave the sizes of their outer elements
 * open, so the file is read as one row: of an outer element only the head is passed, and what is inside
 * comes next. What players need is kept; everything else (tags, titles, dates, attachments) becomes a
 * "void" element of zeros in the same place.
 */
#include "app/media/scrub.h"

#include <string.h>

static const int32_t elements_max = 4000000;

enum {
	HEADER = 0x1A45DFA3,
	VOID = 0xEC,
	MUXING_APP = 0x4D80,
	WRITING_APP = 0x5741,
	TRACK_TYPE = 0x83,
};

static const uint32_t outer[] = {
	0x18538067, /* Segment */
	0x1F43B675, /* Cluster */
	0x1549A966, /* Info */
	0x1654AE6B, /* Tracks */
	0xAE,	    /* TrackEntry */
};

static const uint32_t kept[] = {
	HEADER,	  0x114D9B74, 0x1C53BB6B, /* SeekHead, Cues */
	0x2AD7B1, 0x4489,		  /* TimestampScale, Duration */
	0xD7,	  0x73C5,     TRACK_TYPE, 0xB9,	  0x88,
	0x55AA,						  /* track: number, id, type, flags */
	0x9C,	  0x22B59C,   0x22B59D,	  0x86,	  0x63A2, /* lacing, language, codec */
	0x23E383, 0x56AA,     0x56BB,	  0x6DE7, 0x6DF8, /* durations, delays, caches */
	0x55EE,	  0x6D80,     0xE0,	  0xE1,		  /* additions, encodings, video, audio */
	0xE7,	  0xAB,	      0xA7,	  0xA3,	  0xA0,	  /* cluster: time, sizes, blocks */
};

struct element {
	uint32_t id;
	int64_t at, body, n; /* n -1: open */
};

static bool is_one_of(const uint32_t *list, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == id)
			return true;
	return false;
}
#define IS_ONE_OF(list, id) is_one_of((list), sizeof(list) / sizeof(*(list)), (id))

/* Bytes of a number of variable length by its first byte; 0: none. */
static int width_of(uint8_t first)
{
	for (int n = 1; n <= 8; n++)
		if (first & 0x80 >> (n - 1))
			return n;
	return 0;
}

static bool read_element(const struct scrub_file *f, int64_t at, struct element *out)
{
	uint8_t h[12] = { 0 };
	size_t room = f->size - at < 12 ? (size_t)(f->size - at) : 12;
	int id_width, n_width;
	uint64_t n, open;

	if (!scrub_read(f, at, h, room))
		return false;
	id_width = width_of(h[0]);
	n_width = width_of(h[id_width & 7]);
	if (id_width == 0 || id_width > 4 || n_width == 0 || (size_t)(id_width + n_width) > room)
		return false;
	*out = (struct element){ .at = at, .body = at + id_width + n_width };
	for (int i = 0; i < id_width; i++)
		out->id = out->id << 8 | h[i];
	n = h[id_width] & (0xFFU >> n_width);
	for (int i = 1; i < n_width; i++)
		n = n << 8 | h[id_width + i];
	open = (UINT64_C(1) << 7 * n_width) - 1;
	out->n = n == open ? -1 : (int64_t)n;
	return out->n <= f->size - out->body;
}

/* A void element of the same length in all: one byte of name, and a size of one byte or of eight. */
static bool blank(struct scrub_file *f, const struct element *e)
{
	int64_t all = e->body - e->at + e->n;
	uint8_t h[9] = { VOID, 0x01 };
	size_t head = all < 9 ? 2 : 9;

	if (head == 2)
		h[1] = (uint8_t)(0x80 | (all - 2));
	for (int i = 0; head == 9 && i < 7; i++)
		h[2 + i] = (uint8_t)((all - 9) >> 8 * (6 - i));
	return scrub_write(f, e->at, h, head)
		&& scrub_zero(f, e->at + (int64_t)head, all - (int64_t)head);
}

/* Picture (1) or sound (2); WebM has no other tracks that matter, and others could hold anything. */
static bool read_type(const struct scrub_file *f, const struct element *e, bool *video)
{
	uint8_t type;

	if (e->n != 1 || !scrub_read(f, e->body, &type, 1))
		return false;
	*video |= type == 1;
	return type == 1 || type == 2;
}

static bool visit(struct scrub_file *f, const struct element *e, bool *video)
{
	if (e->n < 0)
		return false;
	if (e->id == TRACK_TYPE)
		return read_type(f, e, video);
	if (e->id == MUXING_APP || e->id == WRITING_APP) /* must be there, may be empty */
		return scrub_zero(f, e->body, e->n);
	return IS_ONE_OF(kept, e->id) || blank(f, e);
}

err scrub_webm(struct scrub_file *f, bool *video)
{
	struct element e;
	int32_t elements = 0;

	*video = false;
	for (int64_t at = 0; at < f->size;) {
		bool inside;

		if (++elements > elements_max || !read_element(f, at, &e)
		    || (at == 0 && e.id != HEADER))
			return err_media_broken;
		inside = IS_ONE_OF(outer, e.id);
		if (!inside && !visit(f, &e, video))
			return err_media_broken;
		at = inside ? e.body : e.body + e.n;
	}
	return OK;
}
