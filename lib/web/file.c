/* Files as replies: which part of one is wanted (RFC 9110 §13.1, §14). */
#include "lib/web/request.h"

#include <unistd.h>

enum range { RANGE_NONE, RANGE_GOOD, RANGE_BEYOND };

static void file_close(void *arg)
{
	struct file_part *f = arg;

	if (f->fd >= 0)
		close(f->fd);
}

/* The file's tag among those of If-None-Match; a weak one is as good here (RFC 9110 §13.1.2). */
static bool is_known(str list, str etag)
{
	if (str_eq(str_trim(list), S("*")))
		return true;
	while (list.p) {
		str tag = str_trim(str_cut(&list, ','));

		if (str_starts(tag, S("W/")))
			tag = str_slice(tag, 2, tag.n);
		if (str_eq(tag, etag))
			return true;
	}
	return false;
}

/* "5-9", "5-", "-9" of a file that is not empty. */
static enum range cut_range(str spec, int64_t size, struct file_part *f)
{
	str to = spec, from = str_cut(&to, '-');
	int64_t first = 0, last = size - 1;

	if (!to.p || (!str_empty(from) && (!str_to_i64(from, &first) || first < 0)))
		return RANGE_NONE;
	if (!str_empty(to) && (!str_to_i64(to, &last) || last < first))
		return RANGE_NONE;
	if (str_empty(from)) {
		if (str_empty(to))
			return RANGE_NONE;
		first = last < size ? size - last : 0;
		last = last ? size - 1 : -1;
	}
	if (first >= size || last < first)
		return RANGE_BEYOND;
	f->at = first;
	f->n = (last < size ? last : size - 1) - first + 1;
	return RANGE_GOOD;
}

/* Several ranges are answered by the whole file, which is allowed (§14.2). */
static enum range wanted(const struct req *r, const struct reply_file *file, struct file_part *f)
{
	str range = req_header(r, "Range"), only_if = req_header(r, "If-Range");

	if (!str_starts(range, S("bytes=")) || str_find_char(range, ',') >= 0)
		return RANGE_NONE;
	if (only_if.p && !str_eq(str_trim(only_if), file->etag))
		return RANGE_NONE;
	return cut_range(str_trim(str_slice(range, 6, range.n)), file->size, f);
}

static err reply_beyond(struct req *r, int64_t size)
{
	reply_header(r, "Content-Range", arena_printf(r->arena, "bytes */%lld", (long long)size));
	return reply_empty(r, 416);
}

err reply_file(struct req *req, const struct reply_file *file)
{
	struct request *r = request_of(req);
	struct file_part *f = arena_alloc(req->arena, sizeof(*f));
	enum range range;

	*f = (struct file_part){ file->fd, 0, file->size };
	arena_defer(req->arena, file_close, f);
	reply_header(req, "Accept-Ranges", S("bytes"));
	if (file->etag.p) {
		reply_header(req, "ETag", file->etag);
		if (is_known(req_header(req, "If-None-Match"), file->etag))
			return reply_empty(req, 304);
	}
	range = wanted(req, file, f);
	if (range == RANGE_BEYOND)
		return reply_beyond(req, file->size);
	if (range == RANGE_GOOD)
		reply_header(req, "Content-Range",
			     arena_printf(req->arena, "bytes %lld-%lld/%lld", (long long)f->at,
					  (long long)(f->at + f->n - 1), (long long)file->size));
	TRY(reply_finish(r, range == RANGE_GOOD ? 206 : 200, file->content_type, S("")));
	r->file = f;
	return OK;
}
