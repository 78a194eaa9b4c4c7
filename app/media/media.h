/*
 * Pictures, films and sounds that people upload: taken in, cleaned of what their files say besides, stored
 * on disk (UPLOAD_DIR) or in buckets (R2_…), served, and removed a day after nothing uses them any more.
 *
 * A key is uploads/<user>/<uuid>.<ext>, the uuid made of the cleaned content, so the same file sent twice is
 * one object; its thumbnail, or a film's first frame, is <uuid>.thumb.jpg beside it. Everything below
 * uploads/ may be read by anybody who has its address; other keys are not served to the public.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"
#include "lib/store/store.h"

struct req;

/* The program's stores and threads for media; NULL and *problem (static text) when it cannot. The
 * configuration must outlive it. */
struct media *media_new(const struct config *c, const char **problem);
void media_free(struct media *m);

/* Where objects lie: films in one store, everything else in the other; on disk they are the same. */
enum media_shelf { MEDIA_IMAGES, MEDIA_VIDEOS };
struct store *media_store(const struct app *app, enum media_shelf shelf);

/* Which of them has a key: by its ending. */
enum media_shelf media_shelf_of(str key);

/* The address the world reads a key at: absolute, and the same for ever. */
str media_url(struct arena *a, const struct app *app, str key);

/* An address that works at least for an hour: of a bucket that no domain leads to a signed one of its own, else
 * ours, with MEDIA_SIGNING_SECRET signed for a day. */
str media_signed_url(struct arena *a, const struct app *app, str key);

/* What replies say of a stored address (server_options.address): an absolute one for a bare key, and where
 * addresses of ours want a signature, with one. Others stay. */
str media_shown(const struct req *r, str stored);

/*
 * What a client gives as the address of something that is shown: of an upload, which may be its bare key and
 * becomes an address then. A picture may also be one of a few other hosts, IMAGE_PROXY_HOSTS. Absent and
 * empty pass. err_invalid names the member.
 */
err media_check_own(struct req *r, const char *name, str *url);
err media_check_picture(struct req *r, const char *name, str *url);

/* Replies with an object: from the disk with ranges and tags, or the address in the bucket. `cache`: of
 * Cache-Control. Suspends. Errors: err_not_found, err_store_unavailable. */
err media_reply(struct req *r, enum media_shelf shelf, str key, const char *mime, str cache);

/* For what must not say whose it is: where *url is an upload's address, which has its owner in it, it becomes
 * that of a copy that belongs to nobody; another host's stays. Suspends. Errors: err_invalid when there is no
 * such upload, or when it is a file of ours that was not uploaded here. */
err media_anonymous(struct req *r, str *url);

extern const struct route media_routes[];

/* Jobs. All suspend. */
err media_delete_run(struct job *j);
err media_frame_run(struct job *j);
err media_sweep(struct job *j);
