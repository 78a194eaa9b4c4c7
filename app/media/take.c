/*
 * From a spool with what was sent to an object with what may be kept. What blocks is one step on a thread:
 * cleaning, the thumbnail, the digest. Then the row, then the file. What could not be put is the sweep's to
 * remove: row and files may be those of an earlier upload of the same, which was acknowledged.
 */
#include "app/media/take.h"

#include "app/media/image.h"
#include "app/media/media_db.h"
#include "app/media/parts.h"
#include "app/media/scrub.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/web/req.h"

#include <stdio.h>
#include <unistd.h>

static const int64_t image_max = INT64_C(50) << 20;
static const int64_t audio_max = INT64_C(50) << 20;
static const int64_t video_max = INT64_C(500) << 20;

static const struct err_info type_info = {
	.status = 415,
	.code = "unsupported_type",
	.message = "this type of file cannot be uploaded; images are jpeg, png, webp, gif or heic, "
		   "films mp4, mov or webm, sounds m4a, mp3 or aac"
};
static const err err_media_type = { &type_info };

/* ---- what it is ---- */

struct sniffing {
	str head;
	const struct media_kind *kind;
};

static void sniff(void *arg)
{
	struct sniffing *s = arg;

	s->kind = media_kind_of(s->head.p, s->head.n);
}

err take_sniff(struct req *r, str head, const struct media_kind **out)
{
	struct sniffing s = { .head = head };

	TRY(offload_run(r->app->media->offload, sniff, &s));
	if (!s.kind)
		return err_media_type;
	*out = s.kind;
	return OK;
}

int64_t take_limit(enum media_family family)
{
	if (family == MEDIA_VIDEO)
		return video_max;
	return family == MEDIA_AUDIO ? audio_max : image_max;
}

/* ---- the blocking part ---- */

struct work {
	const struct media_kind *kind;
	struct spool *kept;	    /* what is to be the object */
	int from, clean, thumbnail; /* of spools; the same two where a file is cleaned in place */
	int64_t size;		    /* of what was sent */
	int64_t unchanged;	    /* bytes of it, at the beginning, that are kept as they are */
	struct image_size pixels;
	uint8_t sha256[SHA256_BYTES]; /* of what is kept */
	err outcome;
};

/* Film or sound is told by what is inside; the kind was told by the first bytes. */
static err scrub(struct work *w)
{
	struct scrub_file f = { w->from, w->size, w->size };
	bool video = false;

	if (w->kind->form == FORM_SOUND)
		TRY(scrub_sound(&f));
	else if (w->kind->form == FORM_WEBM)
		TRY(scrub_webm(&f, &video));
	else
		TRY(scrub_mp4(&f, &video));
	w->unchanged = f.changed;
	return video == (w->kind->family == MEDIA_VIDEO) ? OK : err_media_type;
}

static err redraw(struct work *w)
{
	if (lseek(w->from, 0, SEEK_SET) != 0)
		return err_store_unavailable;
	TRY(image_clean(w->from, w->kind, w->clean, &w->pixels));
	if (lseek(w->clean, 0, SEEK_SET) != 0)
		return err_store_unavailable;
	return image_thumbnail(w->clean, w->thumbnail);
}

static void run_work(void *arg)
{
	struct work *w = arg;

	w->outcome = w->kind->family == MEDIA_IMAGE ? redraw(w) : scrub(w);
	if (!w->outcome.info && !spool_digest(w->kept, w->unchanged, w->sha256))
		w->outcome = err_store_unavailable;
}

/* ---- names ---- */

/* A version 8 UUID (RFC 9562 §5.8) of whose it is and what is in it. */
static uuid name_of(struct arena *a, str owner, const uint8_t sha256_of_it[static SHA256_BYTES])
{
	uint8_t digest[SHA256_BYTES];
	char content[HEX_LENGTH(SHA256_BYTES)];
	uuid id;

	hex_encode(sha256_of_it, SHA256_BYTES, content);
	sha256(arena_printf(a, "%.*s %.*s", (int)owner.n, owner.p, (int)sizeof(content), content),
	       digest);
	memcpy(id.b, digest, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0F) | 0x80);
	id.b[8] = (uint8_t)((id.b[8] & 0x3F) | 0x80);
	return id;
}

static void set_keys(struct arena *a, str owner, uuid name, bool thumbnail, struct taken *out)
{
	char id[UUID_TEXT];
	str stem;

	uuid_format(name, id);
	stem = arena_printf(a, "uploads/%.*s/%.*s", (int)owner.n, owner.p, UUID_TEXT, id);
	out->key = arena_printf(a, "%s%s", stem.p, out->kind->ext);
	if (thumbnail)
		out->thumbnail_key = arena_printf(a, "%s.thumb.jpg", stem.p);
}

/* ---- the row and the files ---- */

static err add_row(struct req *r, const struct work *w, const struct taken *t, bool *taken)
{
	const struct media_object o = {
		.key = t->key,
		.bucket = str_of(r->app->media->buckets[media_shelf_of(t->key)]),
		.owner_id = r->user.id,
		.mime = str_of(t->kind->mime),
		.size = t->size,
		.width = w->pixels.width,
		.height = w->pixels.height,
		.sha256 = { w->sha256, sizeof(w->sha256) },
		.thumbnail_key = t->thumbnail_key,
	};

	return media_add(r->db, &o, taken);
}

/* While an object of this very name is being deleted, the new one takes another. */
static err add_named_row(struct req *r, const struct work *w, struct taken *t)
{
	char owner[UUID_TEXT];
	str who = { owner, sizeof(owner) };
	bool thumbnail = t->kind->family == MEDIA_IMAGE, taken;

	uuid_format(r->user.id, owner);
	set_keys(r->arena, who, name_of(r->arena, who, w->sha256), thumbnail, t);
	TRY(add_row(r, w, t, &taken));
	if (taken)
		return OK;
	set_keys(r->arena, who, uuid_random(), thumbnail, t);
	TRY(add_row(r, w, t, &taken));
	return taken ? OK : err_conflict;
}

static err put_files(struct req *r, struct spool *kept, struct spool *thumbnail,
		     const struct taken *t)
{
	struct store *store = media_store(r->app, media_shelf_of(t->key));

	if (thumbnail)
		TRY(store_put(store, thumbnail, t->thumbnail_key, S("image/jpeg")));
	return store_put(store, kept, t->key, str_of(t->kind->mime));
}

static err want_frame(struct req *r, const struct taken *t)
{
	TRY(media_want_frame(r->db, t->key));
	jobs_wake();
	return OK;
}

/* ---- all of it ---- */

/* Pictures are drawn into spools of their own, everything else is cleaned where it is. */
static err open_spools(struct req *r, struct spool *sent, struct work *w, struct spool **thumbnail)
{
	struct store *store = media_store(r->app, MEDIA_IMAGES);

	TRY(spool_flush(sent, &w->from));
	w->kept = sent;
	*thumbnail = NULL;
	w->clean = w->from;
	if (w->kind->family != MEDIA_IMAGE)
		return OK;
	TRY(spool_open(store, r->arena, &w->kept));
	TRY(spool_open(store, r->arena, thumbnail));
	TRY(spool_flush(w->kept, &w->clean));
	return spool_flush(*thumbnail, &w->thumbnail);
}

err take_file(struct req *r, struct spool *sent, const struct media_kind *kind, struct taken *out)
{
	struct work w = { .kind = kind, .size = spool_size(sent) };
	struct spool *thumbnail;

	*out = (struct taken){ .kind = kind };
	TRY(open_spools(r, sent, &w, &thumbnail));
	TRY(offload_run(r->app->media->offload, run_work, &w));
	TRY(w.outcome);
	TRY(spool_measure(w.kept));
	out->size = spool_size(w.kept);
	out->width = w.pixels.width;
	out->height = w.pixels.height;
	TRY(add_named_row(r, &w, out));
	TRY(put_files(r, w.kept, thumbnail, out));
	return kind->family == MEDIA_VIDEO ? want_frame(r, out) : OK;
}
