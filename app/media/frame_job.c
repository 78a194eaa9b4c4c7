/* The job that gives a film its first frame: as a picture beside it, and in the posts that show it. */
#include "app/media/frame.h"
#include "app/media/media.h"
#include "app/media/media_db.h"
#include "app/media/parts.h"
#include "lib/base/json.h"
#include "lib/net/offload.h"

#include <unistd.h>

enum { PIECE = 1024 * 1024 };

struct payload {
	str key;
};
static const struct field payload_fields[] = {
	FIELD(struct payload, key, .required = true),
	{ 0 },
};

struct work {
	int from, to;
	enum media_form form;
	bool found;
};

static void run_work(void *arg)
{
	struct work *w = arg;

	w->found = frame_extract(w->from, w->form, w->to);
}

static void close_file(void *arg)
{
	close(*(int *)arg);
}

/* From a bucket by way of a spool. */
static err download(struct job *j, struct store *store, str key, int *ret_fd)
{
	char *piece = arena_alloc(j->arena, PIECE);
	struct spool *spool;
	size_t got = PIECE;

	TRY(spool_open(store, j->arena, &spool));
	while (got == PIECE) {
		TRY(store_read(store, key, spool_size(spool), piece, PIECE, &got));
		TRY(spool_write(spool, piece, got));
	}
	return spool_flush(spool, ret_fd);
}

static err open_film(struct job *j, struct store *store, str key, int *ret_fd)
{
	int *fd = arena_alloc(j->arena, sizeof(*fd));

	TRY(store_open(store, key, fd));
	if (*fd < 0)
		return download(j, store, key, ret_fd);
	arena_defer(j->arena, close_file, fd);
	*ret_fd = *fd;
	return OK;
}

/* "uploads/user/uuid.mp4" to "uploads/user/uuid.thumb.jpg" */
static str frame_key(struct arena *a, str key)
{
	while (key.n && !str_ends(key, S(".")))
		key.n--;
	return arena_printf(a, "%.*sthumb.jpg", (int)key.n, key.p);
}

static err make_frame(struct job *j, str key)
{
	struct store *store = media_store(j->app, MEDIA_VIDEOS);
	struct work w = { .form = str_ends(key, S(".webm")) ? FORM_WEBM : FORM_MP4 };
	str frame = frame_key(j->arena, key);
	struct spool *spool;

	TRY(open_film(j, store, key, &w.from));
	TRY(spool_open(store, j->arena, &spool));
	TRY(spool_flush(spool, &w.to));
	TRY(offload_run(j->app->media->offload, run_work, &w));
	TRY(spool_measure(spool));
	if (!w.found || spool_size(spool) == 0)
		return OK; /* a film without a first frame is still a film */
	TRY(store_put(store, spool, frame, S("image/jpeg")));
	return media_framed(j->db, key, frame);
}

err media_frame_run(struct job *j)
{
	struct payload in = { 0 };
	err e;

	TRY(fields_from_json(j->arena, j->payload.text, payload_fields, &in, NULL));
	e = make_frame(j, in.key);
	return err_is(e, err_not_found) ? OK : e; /* it has been deleted meanwhile */
}
