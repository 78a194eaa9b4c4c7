/* What clients can do with media: send a file, ask for an address, read one. */
#include "app/media/media.h"

#include "app/media/parts.h"
#include "app/media/take.h"
#include "lib/web/multipart.h"
#include "lib/web/req.h"

static const struct rate rate_upload = { "upload", 30.0 / 3600, 30 };

/* More than any file may have, so that the limit of its kind is what answers. */
static const size_t form_max = (size_t)640 << 20;

static const struct err_info no_file_info = {
	.status = 400,
	.code = "no_file",
	.message = "the form has no file in a field media or image"
};
static const err err_no_file = { &no_file_info };

/* ---- upload ---- */

struct uploaded {
	str url, publicUrl, signedUrl;
	str thumbnail_url;
	str fileName, file_name;
	int64_t fileSize, file_size;
	str type;
	int32_t width, height;
};
static const struct field uploaded_fields[] = {
	FIELD(struct uploaded, url, .required = true),
	FIELD(struct uploaded, publicUrl, .required = true),
	FIELD(struct uploaded, signedUrl, .required = true),
	FIELD(struct uploaded, thumbnail_url, .help = "a small JPEG of an image"),
	FIELD(struct uploaded, fileName, .required = true,
	      .help = "the server's, not the client's"),
	FIELD(struct uploaded, file_name, .required = true),
	FIELD(struct uploaded, fileSize, .required = true, .help = "of what was stored, in bytes"),
	FIELD(struct uploaded, file_size, .required = true),
	FIELD(struct uploaded, type, .required = true, .help = "image, video or audio"),
	FIELD(struct uploaded, width, .optional = true),
	FIELD(struct uploaded, height, .optional = true),
	{ 0 },
};

/* The form's file: what has come of it so far. */
struct incoming {
	struct spool *spool;
	char head[SNIFF_BYTES];
	size_t nhead;
	const struct media_kind *kind; /* NULL: not told yet */
};

static err check_size(struct req *r, const struct incoming *in)
{
	int64_t most = take_limit(in->kind->family);

	if (spool_size(in->spool) <= most)
		return OK;
	return req_fail(r, err_too_large, "the file is larger than %lld MB",
			(long long)(most >> 20));
}

/* As soon as its beginning is there, the file must be of a kind that is taken, and not too large. */
static err take_piece(struct req *r, struct incoming *in, str piece)
{
	size_t room = sizeof(in->head) - in->nhead, n = piece.n < room ? piece.n : room;

	memcpy(in->head + in->nhead, piece.p, n);
	in->nhead += n;
	if (!in->kind && in->nhead == sizeof(in->head))
		TRY(take_sniff(r, (str){ in->head, in->nhead }, &in->kind));
	TRY(spool_write(in->spool, piece.p, piece.n));
	return in->kind ? check_size(r, in) : OK;
}

static err read_file(struct req *r, struct multipart *m, struct incoming *in)
{
	str piece;

	TRY(spool_open(media_store(r->app, MEDIA_IMAGES), r->arena, &in->spool));
	spool_digest_on(in->spool);
	for (;;) {
		TRY(multipart_piece(m, &piece));
		if (str_empty(piece))
			break;
		TRY(take_piece(r, in, piece));
	}
	if (in->nhead == 0)
		return req_fail(r, err_no_file, "the file is empty");
	if (!in->kind)
		TRY(take_sniff(r, (str){ in->head, in->nhead }, &in->kind));
	return check_size(r, in);
}

/* The other fields of the form (type, fileName) are the client's words about the file, which count for
 * nothing. */
static err read_form(struct req *r, struct incoming *in)
{
	struct multipart *m;
	struct part part;
	bool more;

	TRY(multipart_open(r, &m));
	for (;;) {
		TRY(multipart_next(m, &part, &more));
		if (!more)
			return in->spool ? OK : err_no_file;
		if (!in->spool && (str_eq(part.name, S("media")) || str_eq(part.name, S("image"))))
			TRY(read_file(r, m, in));
	}
}

static str file_name(str key)
{
	str rest = key, part = key;

	while (rest.p)
		part = str_cut(&rest, '/');
	return part;
}

static err reply_taken(struct req *r, const struct taken *t)
{
	static const char *const types
		[] = { [MEDIA_IMAGE] = "image", [MEDIA_VIDEO] = "video", [MEDIA_AUDIO] = "audio" };
	str url = media_url(r->arena, r->app, t->key), name = file_name(t->key);
	struct uploaded out = {
		.url = url,
		.publicUrl = url,
		.signedUrl = url,
		.fileName = name,
		.file_name = name,
		.fileSize = t->size,
		.file_size = t->size,
		.type = str_of(types[t->kind->family]),
		.width = t->width,
		.height = t->height,
	};

	if (t->thumbnail_key.p)
		out.thumbnail_url = media_url(r->arena, r->app, t->thumbnail_key);
	return reply(r, &out);
}

static err take(struct req *r)
{
	struct incoming *in = arena_zalloc(r->arena, sizeof(*in));
	struct taken taken;

	TRY(read_form(r, in));
	TRY(take_file(r, in->spool, in->kind, &taken));
	return reply_taken(r, &taken);
}

/* Clients read a failure's text from `error` after an image and from `message` after a film. */
static err upload(struct req *r)
{
	err e = take(r);

	if (!e.info)
		return OK;
	struct message text = { str_of(e.info->message) };
	return req_fail_with(r, e, message_fields, &text);
}

/* ---- addresses ---- */

struct path {
	str path;
};
static const struct field path_fields[] = {
	FIELD(struct path, path, .required = true, .min = 1, .max = 2048,
	      .help = "a key; an address is returned as it is"),
	{ 0 },
};

struct address {
	str url;
};
static const struct field address_fields[] = {
	FIELD(struct address, url, .required = true),
	{ 0 },
};

static err sign(struct req *r)
{
	struct path in;
	struct address out;

	TRY(req_query(r, &in, NULL));
	out.url = in.path;
	if (!str_starts(in.path, S("http://")) && !str_starts(in.path, S("https://"))) {
		while (str_starts(in.path, S("/")))
			in.path = str_slice(in.path, 1, in.path.n);
		out.url = media_signed_url(r->arena, r->app, in.path);
	}
	return reply(r, &out);
}

/* ---- reading ---- */

/* nginx does this where it can; names are never used twice, so copies may live for ever where addresses do. */
static err read_object(struct req *r)
{
	str rest = req_param(r, "path");
	str key = arena_printf(r->arena, "uploads/%.*s", (int)rest.n, rest.p);
	err e;

	TRY(address_check(r, key));
	e = media_reply(r, media_shelf_of(key), key, media_mime_of(key),
			address_ends(r->app) ? S("private, max-age=86400")
					     : S("public, max-age=31536000, immutable"));
	return err_is(e, err_invalid) ? err_not_found : e;
}

#define P "/api/v1"

const struct route media_routes[] = {
	{ POST, P "/upload", upload, "upload an image, a film or a sound (multipart/form-data)",
	  .rate = &rate_upload, .out = uploaded_fields, .body_kind = BODY_STREAM,
	  .body_max = form_max, .deadline = 30 * MINUTE, .errors = "400 413 415 422 507" },
	{ GET, P "/media/sign", sign, "the address of a stored file", .query = path_fields,
	  .out = address_fields },
	{ GET, "/uploads/*path", read_object, "a stored file", .auth = AUTH_NONE,
	  .query = address_signature_fields, .errors = "302 403 404 416" },
	{ 0 },
};
