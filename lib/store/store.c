/* The front of every store: keys are checked here, once, then its kind takes over. */
#include "lib/store/ops.h"

#include "lib/net/offload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART_MAX = 255 };

static const struct err_info full_info = { .status = 507,
					   .code = "storage_full",
					   .message = "there is no room for this file" };
static const struct err_info unavailable_info = {
	.status = 503,
	.code = "storage_unavailable",
	.message = "files cannot be stored at the moment, try again later"
};
const err err_store_full = { &full_info };
const err err_store_unavailable = { &unavailable_info };

/* ---- keys ---- */

static bool is_good_part(str part)
{
	if (str_empty(part) || part.n > PART_MAX)
		return false;
	return !str_eq(part, S(".")) && !str_eq(part, S(".."));
}

static bool is_good_key(str key)
{
	str rest = key;

	if (str_empty(key) || key.n > STORE_KEY_MAX || str_utf8_length(key) < 0)
		return false;
	for (size_t i = 0; i < key.n; i++)
		if ((unsigned char)key.p[i] < ' ' || key.p[i] == 0x7f)
			return false;
	if (str_starts(key, S(STORE_SPOOLS "/")) || str_eq(key, S(STORE_SPOOLS)))
		return false;
	while (rest.p)
		if (!is_good_part(str_cut(&rest, '/')))
			return false;
	return true;
}

/* ---- what kinds share ---- */

err store_failure(int number)
{
	switch (number) {
	case 0:
		return OK;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return err_store_full;
	case ENOENT:
		return err_not_found;
	case ENOTDIR:
	case EISDIR:
	case ENOTEMPTY:
		return err_conflict;
	default:
		return err_store_unavailable;
	}
}

err store_offload(struct store *s, void (*fn)(void *), void *arg)
{
	return offload_run(s->offload, fn, arg);
}

void store_path(const struct store *s, str key, char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%.*s", s->dir, (int)key.n, key.p);
}

/* The folder of a path; the byte that was cut is put back by the caller. */
static char *cut_folder(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	return slash;
}

int store_sync_folder(char *path)
{
	char *slash = cut_folder(path);
	int fd = open(!slash ? "." : *path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (slash)
		*slash = '/';
	return failed;
}

int store_make_folders(char *path, size_t from)
{
	for (char *p = strchr(path + from, '/'); p; p = strchr(p + 1, '/')) {
		int failed = 0;

		*p = '\0';
		if (mkdir(path, 0755) == 0)
			failed = store_sync_folder(path);
		else if (errno != EEXIST)
			failed = errno;
		*p = '/';
		if (failed)
			return failed;
	}
	return 0;
}

struct store *store_new(const struct store_ops *ops, const char *dir, struct offload *offload)
{
	struct store *s = calloc(1, sizeof(*s));
	size_t n = strlen(dir);

	if (!s)
		return NULL;
	s->ops = ops;
	s->offload = offload;
	while (n > 1 && dir[n - 1] == '/')
		n--;
	snprintf(s->dir, sizeof(s->dir), "%.*s", (int)n, dir);
	return s;
}

void store_free(struct store *s)
{
	free(s);
}

/* ---- the front ---- */

err store_put(struct store *s, struct spool *from, str key, str mime)
{
	return is_good_key(key) ? s->ops->put(s, from, key, mime) : err_invalid;
}

err store_head(struct store *s, struct arena *a, str key, struct store_object *out)
{
	return is_good_key(key) ? s->ops->head(s, a, key, out) : err_invalid;
}

err store_read(struct store *s, str key, int64_t at, void *buf, size_t n, size_t *got)
{
	return is_good_key(key) ? s->ops->read(s, key, at, buf, n, got) : err_invalid;
}

err store_delete(struct store *s, str key)
{
	return is_good_key(key) ? s->ops->remove(s, key) : err_invalid;
}

err store_list(struct store *s, struct arena *a, str prefix, str after, size_t limit,
	       struct list *out)
{
	return s->ops->list(s, a, prefix, after, limit, out);
}

err store_open(struct store *s, str key, int *ret_fd)
{
	return is_good_key(key) ? s->ops->open(s, key, ret_fd) : err_invalid;
}

str store_url(struct store *s, struct arena *a, str key, int64_t seconds)
{
	return s->ops->url && is_good_key(key) ? s->ops->url(s, a, key, seconds) : (str){ 0 };
}
