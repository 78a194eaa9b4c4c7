/*
 * Boxes: a size, four letters, content, which in some is more boxes. Those that players need are kept,
 * everything else (user data, XMP, GPS, comments, padding with whatever in it) becomes a "free" box of
 * zeros, so that no offset changes. The times of recording are set to zero. Of a track that is neither
 * picture nor sound, say, a phone's record of places, its samples are overwritten, too.
 */
#include "app/media/scrub.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

static const int32_t boxes_max = 400000;
static const int64_t table_max = 16 * 1024 * 1024;

struct box {
	char type[5];
	int64_t at, body, end;
};

struct scrub {
	struct scrub_file *file;
	int32_t boxes;
	bool picture, sound, other, fragments;
};

/* Boxes of boxes, and boxes kept as they are; " " ends a name. */
static const char containers[] = "moov trak mdia minf stbl edts moof traf mvex dinf ";
static const char kept[] =
	"ftyp styp mdat mfra sidx ssix pdin wide " /* of the file */
	"mvhd iods trex mehd "			   /* moov, mvex */
	"tkhd tapt elst mdhd hdlr elng vmhd smhd nmhd dref "
	"stsd stts ctts cslg stss stps stsc stsz stz2 stco co64 sgpd sbgp sdtp padb "
	"mfhd tfhd tfdt trun "; /* moof */

static bool is_one_of(const char *list, const char *type)
{
	for (; *list; list += 5)
		if (memcmp(list, type, 4) == 0)
			return true;
	return false;
}

static int64_t number(const uint8_t *p, int bytes)
{
	uint64_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | p[i];
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static err read_box(struct scrub *s, int64_t at, int64_t end, struct box *out)
{
	uint8_t h[16];
	int64_t n;

	if (++s->boxes > boxes_max || end - at < 8 || !scrub_read(s->file, at, h, 8))
		return err_media_broken;
	n = number(h, 4);
	*out = (struct box){ .at = at, .body = at + 8 };
	memcpy(out->type, h + 4, 4);
	if (n == 1) {
		if (end - at < 16 || !scrub_read(s->file, at, h, 16))
			return err_media_broken;
		n = number(h + 8, 8);
		out->body = at + 16;
	} else if (n == 0) { /* to the end of the file */
		n = end - at;
	}
	if (n > end - at || at + n < out->body)
		return err_media_broken;
	out->end = at + n;
	return OK;
}

static err blank(struct scrub *s, const struct box *b)
{
	if (!scrub_write(s->file, b->at + 4, "free", 4)
	    || !scrub_zero(s->file, b->body, b->end - b->body))
		return err_media_broken;
	return OK;
}

/* The first box of this type between two places; err_not_found. */
static err find(struct scrub *s, int64_t at, int64_t end, const char *type, struct box *out)
{
	while (at < end) {
		TRY(read_box(s, at, end, out));
		if (memcmp(out->type, type, 4) == 0)
			return OK;
		at = out->end;
	}
	return err_not_found;
}

/* ---- samples of tracks that go ---- */

/* The content of a table behind its version and flags: *n bytes, malloc'ed; NULL: none. */
static uint8_t *read_table(struct scrub *s, const struct box *in, const char *type, int64_t *n)
{
	struct box b;
	err e = find(s, in->body, in->end, type, &b);
	uint8_t *p;

	if (e.info || b.end - b.body < 8 || b.end - b.body > table_max)
		return NULL;
	*n = b.end - b.body - 4;
	p = malloc((size_t)*n);
	if (p && scrub_read(s->file, b.body + 4, p, (size_t)*n))
		return p;
	free(p);
	return NULL;
}

struct samples {
	uint8_t *chunks, *runs, *sizes;
	int64_t nchunks, nruns, nsizes; /* bytes */
	int width;			/* of a chunk's place */
	int64_t run;			/* the one that holds for the chunk looked at */
	int64_t zeroed;			/* bytes: no more than the file has */
};

static bool has_run(const struct samples *t, int64_t i)
{
	return i < number(t->runs, 4) && 4 + 12 * (i + 1) <= t->nruns;
}

/* How many samples the chunk (from 1 on, asked for one after the other) has: stsc says so for runs of
 * chunks. */
static int64_t in_chunk(struct samples *t, int64_t chunk)
{
	while (has_run(t, t->run + 1) && number(t->runs + 4 + 12 * (t->run + 1), 4) <= chunk)
		t->run++;
	return has_run(t, t->run) ? number(t->runs + 4 + 12 * t->run + 4, 4) : 0;
}

/* Bytes of `n` samples from `first` on; -1 when the table does not have them. */
static int64_t bytes_of(const struct samples *t, int64_t first, int64_t n)
{
	int64_t same = number(t->sizes, 4), sum = 0;

	if (same)
		return n <= INT32_MAX ? n * same : -1;
	if (8 + 4 * (first + n) > t->nsizes)
		return -1;
	for (int64_t i = first; i < first + n; i++)
		sum += number(t->sizes + 8 + 4 * i, 4);
	return sum;
}

static bool zero_samples(struct scrub *s, struct samples *t)
{
	int64_t chunks = number(t->chunks, 4), first = 0;

	if (4 + t->width * chunks > t->nchunks || t->nsizes < 8)
		return false;
	for (int64_t i = 0; i < chunks; i++) {
		int64_t at = number(t->chunks + 4 + t->width * i, t->width);
		int64_t n = in_chunk(t, i + 1), bytes = bytes_of(t, first, n);

		if (bytes < 0 || at > s->file->size || bytes > s->file->size - at
		    || bytes > s->file->size - t->zeroed || !scrub_zero(s->file, at, bytes))
			return false;
		t->zeroed += bytes;
		first += n;
	}
	return true;
}

static err blank_samples(struct scrub *s, const struct box *stbl)
{
	struct samples t = { .width = 4 };
	bool done;

	t.chunks = read_table(s, stbl, "stco", &t.nchunks);
	if (!t.chunks) {
		t.width = 8;
		t.chunks = read_table(s, stbl, "co64", &t.nchunks);
	}
	t.runs = read_table(s, stbl, "stsc", &t.nruns);
	t.sizes = read_table(s, stbl, "stsz", &t.nsizes);
	done = t.chunks && t.runs && t.sizes && zero_samples(s, &t);
	free(t.chunks);
	free(t.runs);
	free(t.sizes);
	return done ? OK : err_media_broken;
}

/* True for a track that is to stay. */
static err judge_track(struct scrub *s, const struct box *trak, bool *stays)
{
	struct box mdia, hdlr, minf, stbl;
	char kind[4];

	if (find(s, trak->body, trak->end, "mdia", &mdia).info
	    || find(s, mdia.body, mdia.end, "hdlr", &hdlr).info || hdlr.end - hdlr.body < 12
	    || !scrub_read(s->file, hdlr.body + 8, kind, 4))
		return err_media_broken;
	s->picture |= memcmp(kind, "vide", 4) == 0;
	s->sound |= memcmp(kind, "soun", 4) == 0;
	*stays = memcmp(kind, "vide", 4) == 0 || memcmp(kind, "soun", 4) == 0;
	if (*stays)
		return OK;
	s->other = true;
	if (find(s, mdia.body, mdia.end, "minf", &minf).info
	    || find(s, minf.body, minf.end, "stbl", &stbl).info)
		return err_media_broken;
	return blank_samples(s, &stbl);
}

/* ---- the walk ---- */

/* mvhd, tkhd and mdhd begin alike: version, flags, when made, when changed. */
static err blank_times(struct scrub *s, const struct box *b)
{
	uint8_t version;
	int64_t n;

	if (!scrub_read(s->file, b->body, &version, 1))
		return err_media_broken;
	n = version == 1 ? 16 : 8;
	if (b->end - b->body < 4 + n || !scrub_zero(s->file, b->body + 4, n))
		return err_media_broken;
	return OK;
}

static err walk(struct scrub *s, int64_t at, int64_t end, int depth);

static err visit(struct scrub *s, const struct box *b, int depth)
{
	bool stays = true;

	if (memcmp(b->type, "trak", 4) == 0)
		TRY(judge_track(s, b, &stays));
	if (!stays)
		return blank(s, b);
	s->fragments |= memcmp(b->type, "moof", 4) == 0;
	if (is_one_of("mvhd tkhd mdhd ", b->type))
		return blank_times(s, b);
	if (is_one_of(containers, b->type))
		return walk(s, b->body, b->end, depth + 1);
	return is_one_of(kept, b->type) ? OK : blank(s, b);
}

static err walk(struct scrub *s, int64_t at, int64_t end, int depth)
{
	if (depth > DEPTH_MAX)
		return err_media_broken;
	while (at < end) {
		struct box b;

		TRY(read_box(s, at, end, &b));
		TRY(visit(s, &b, depth));
		at = b.end;
	}
	return OK;
}

err scrub_mp4(struct scrub_file *f, bool *video)
{
	struct scrub s = { .file = f };

	TRY(walk(&s, 0, f->size, 0));
	if (!(s.picture || s.sound) || (s.other && s.fragments))
		return err_media_broken;
	*video = s.picture;
	return OK;
}
