/* Where media lie and how they are reached. */
#include "app/media/media.h"

#include "app/media/image.h"
#include "app/media/kind.h"
#include "app/media/parts.h"
#include "lib/base/log.h"
#include "lib/web/req.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 4, QUEUE = 256 };

/* ---- life ---- */

static bool open_disk(struct media *m, const struct config *c)
{
	m->shelves[MEDIA_IMAGES] = store_on_disk(config_cstr(c, "UPLOAD_DIR"), m->offload);
	m->shelves[MEDIA_VIDEOS] = m->shelves[MEDIA_IMAGES];
	m->buckets[MEDIA_IMAGES] = m->buckets[MEDIA_VIDEOS] = "disk";
	return m->shelves[MEDIA_IMAGES];
}

/* R2 by the account's number, any other S3 by its address. */
static str endpoint_of(struct media *m, const struct config *c)
{
	str endpoint = config_str(c, "R2_ENDPOINT"), account = config_str(c, "R2_ACCOUNT_ID");

	if (!str_empty(endpoint) || str_empty(account))
		return endpoint;
	snprintf(m->endpoint, sizeof(m->endpoint), "https://%.*s.r2.cloudflarestorage.com",
		 (int)account.n, account.p);
	return str_of(m->endpoint);
}

static bool open_buckets(struct media *m, const struct config *c, str endpoint)
{
	str images = config_str(c, "R2_MEDIA_BUCKET"), videos = config_str(c, "R2_VIDEO_BUCKET");
	struct store_bucket b = {
		.endpoint = endpoint,
		.region = config_str(c, "R2_REGION"),
		.bucket = images,
		.access_key = config_str(c, "R2_ACCESS_KEY"),
		.secret_key = config_str(c, "R2_SECRET_KEY"),
	};
	const char *dir = config_cstr(c, "UPLOAD_DIR");

	m->shelves[MEDIA_IMAGES] = store_on_s3(dir, m->offload, &b);
	m->buckets[MEDIA_IMAGES] = images.p;
	if (!str_empty(videos))
		b.bucket = videos;
	m->shelves[MEDIA_VIDEOS] = store_on_s3(dir, m->offload, &b);
	m->buckets[MEDIA_VIDEOS] = b.bucket.p;
	return m->shelves[MEDIA_IMAGES] && m->shelves[MEDIA_VIDEOS];
}

static bool open_stores(struct media *m, const struct config *c, const char **problem)
{
	str endpoint = endpoint_of(m, c);

	if (str_empty(endpoint))
		return open_disk(m, c);
	if (str_empty(config_str(c, "R2_MEDIA_BUCKET")) || str_empty(config_str(c, "R2_ACCESS_KEY"))
	    || str_empty(config_str(c, "R2_SECRET_KEY"))) {
		*problem = "R2_ENDPOINT or R2_ACCOUNT_ID wants R2_MEDIA_BUCKET, "
			   "R2_ACCESS_KEY and R2_SECRET_KEY, too";
		return false;
	}
	return open_buckets(m, c, endpoint);
}

struct media *media_new(const struct config *c, const char **problem)
{
	struct media *m = calloc(1, sizeof(*m));

	*problem = "out of memory";
	if (!m)
		return NULL;
	m->bases[MEDIA_IMAGES] = config_str(c, "R2_IMG_DOMAIN");
	m->bases[MEDIA_VIDEOS] = config_str(c, "R2_VID_DOMAIN");
	m->offload = offload_new(THREADS, QUEUE);
	if (!m->offload || !open_stores(m, c, problem)) {
		media_free(m);
		return NULL;
	}
	*problem = "libvips does not start";
	if (!image_begin()) {
		media_free(m);
		return NULL;
	}
	return m;
}

void media_free(struct media *m)
{
	if (!m)
		return;
	offload_free(m->offload);
	if (m->shelves[MEDIA_VIDEOS] != m->shelves[MEDIA_IMAGES])
		store_free(m->shelves[MEDIA_VIDEOS]);
	store_free(m->shelves[MEDIA_IMAGES]);
	free(m);
}

struct store *media_store(const struct app *app, enum media_shelf shelf)
{
	return app->media->shelves[shelf];
}

/* ---- serving ---- */

static str etag_of(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "\"%llx-%llx\"", (long long)st->st_size,
			    st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec);
}

/* Opened by itself, a file may do nothing: no script, no frame, no form. */
static void safe_headers(struct req *r, str cache)
{
	reply_header(r, "Access-Control-Allow-Origin", S("*"));
	reply_header(r, "Cache-Control", cache);
	reply_header(r, "Content-Security-Policy", S("default-src 'none'; sandbox"));
}

/* To the bucket, for an hour; who asks again within that gets the same address. */
static err redirect(struct req *r, struct store *store, str key)
{
	safe_headers(r, S("private, max-age=3000"));
	reply_header(r, "Location", store_url(store, r->arena, key, HOUR / SECOND));
	return reply_empty(r, 302);
}

err media_reply(struct req *r, enum media_shelf shelf, str key, const char *mime, str cache)
{
	struct reply_file file = { .content_type = mime };
	struct stat st;

	TRY(store_open(media_store(r->app, shelf), key, &file.fd));
	if (file.fd < 0)
		return redirect(r, media_store(r->app, shelf), key);
	if (fstat(file.fd, &st) != 0) {
		close(file.fd);
		return err_store_unavailable;
	}
	file.size = st.st_size;
	file.etag = etag_of(r->arena, &st);
	safe_headers(r, cache);
	return reply_file(r, &file);
}
