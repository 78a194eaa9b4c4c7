/* Copies without a name: an upload's address has its owner in it, and some things must not say who. */
#include "app/media/media.h"

#include "app/media/kind.h"
#include "app/media/media_db.h"
#include "app/media/parts.h"
#include "lib/web/req.h"

enum { PIECE = 256 * 1024 };

static str extension(str key)
{
	size_t n = key.n;

	while (n && key.p[n - 1] != '.' && key.p[n - 1] != '/')
		n--;
	return n && key.p[n - 1] == '.' ? str_slice(key, n - 1, key.n) : S("");
}

static err copy(struct req *r, struct store *store, str from, struct spool *to)
{
	char *piece = arena_alloc(r->arena, PIECE);
	size_t got = PIECE;

	while (got == PIECE) {
		TRY(store_read(store, from, spool_size(to), piece, PIECE, &got));
		TRY(spool_write(to, piece, got));
	}
	return OK;
}

static str new_key(struct arena *a, str like)
{
	char id[UUID_TEXT];
	str ext = extension(like);

	uuid_format(uuid_random(), id);
	return arena_printf(a, "uploads/beacons/%.*s%.*s", UUID_TEXT, id, (int)ext.n, ext.p);
}

static err put_copy(struct req *r, str from, struct media_object *o)
{
	enum media_shelf shelf = media_shelf_of(from);
	struct store *store = media_store(r->app, shelf);
	struct spool *spool;
	bool taken;

	TRY(spool_open(store, r->arena, &spool));
	TRY(copy(r, store, from, spool));
	o->key = new_key(r->arena, from);
	o->bucket = str_of(r->app->media->buckets[shelf]);
	o->mime = str_of(media_mime_of(from));
	o->size = spool_size(spool);
	TRY(media_add(r->db, o, &taken));
	return store_put(store, spool, o->key, o->mime);
}

err media_anonymous(struct req *r, str *url)
{
	struct media_object o = { 0 };
	str key = address_key(r->arena, r->app, *url);
	err e;

	if (!address_is_own(r->arena, r->app, *url))
		return OK;
	key = str_cut(&key, '?');
	if (str_starts(key, S("uploads/beacons/")))
		return OK;
	if (!str_starts(key, S("uploads/")))
		return req_fail(r, err_invalid, "send the picture as an upload");
	e = put_copy(r, key, &o);
	if (err_is(e, err_not_found) || err_is(e, err_invalid))
		return req_fail(r, err_invalid, "there is no such upload");
	TRY(e);
	*url = media_url(r->arena, r->app, o.key);
	return OK;
}
