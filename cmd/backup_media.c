/*
 * The media of a backup. A key's bytes never change, so what has been copied stays copied; a file appears in the
 * copy under its name only when it is whole, and in the list only after that.
 */
#include "cmd/backup.h"
#include "lib/base/crypt.h"
#include "lib/base/rand.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *what)
{
	fprintf(stderr, "sojorn backup: %s: %s\n", what, strerror(errno));
	return false;
}

/* ---- one file ---- */

static bool copy_bytes(int from, int to, off_t size)
{
	while (size > 0) {
		ssize_t n = sendfile(to, from, NULL, (size_t)size);

		if (n <= 0)
			return false;
		size -= n;
	}
	return fsync(to) == 0;
}

static bool copy_file(const struct backup *b, const char *from, const char *to, off_t size)
{
	const char *unfinished = arena_printf(b->arena, "%s.unfinished", to).p;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = in >= 0 && out >= 0 && copy_bytes(in, out, size);

	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return (good && rename(unfinished, to) == 0) || complain(to);
}

/* False when the file cannot be read. */
static bool hash_file(struct arena *a, const char *path, str *ret_hash)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	p = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (p == MAP_FAILED)
		return false;
	*ret_hash = sha256_hex(a, (str){ p ? p : "", (size_t)st.st_size });
	if (p)
		munmap(p, (size_t)st.st_size);
	return true;
}

/* ---- all of them ---- */

static bool keep_file(const struct backup *b, FILE *list, const char *root, const FTSENT *e,
		      int64_t *n)
{
	const char *key = e->fts_path + strlen(root) + 1;
	const char *to = arena_printf(b->arena, "%s/%s", backup_path(b, "media"), key).p;
	str hash;

	if (access(to, F_OK) == 0)
		return true;
	if (!copy_file(b, e->fts_path, to, e->fts_statp->st_size))
		return false;
	if (!hash_file(b->arena, to, &hash))
		return complain(to);
	++*n;
	return fprintf(list, "%.*s  %s\n", (int)hash.n, hash.p, key) > 0;
}

static bool keep_entry(const struct backup *b, FILE *list, const char *root, FTSENT *e, int64_t *n)
{
	const char *to;

	switch (e->fts_info) {
	case FTS_D:
		to = arena_printf(b->arena, "%s%s", backup_path(b, "media"),
				  e->fts_path + strlen(root))
			     .p;
		return mkdir(to, 0700) == 0 || errno == EEXIST || complain(to);
	case FTS_F:
		return keep_file(b, list, root, e, n);
	case FTS_ERR:
	case FTS_DNR:
		errno = e->fts_errno;
		return complain(e->fts_path);
	default:
		return true;
	}
}

bool backup_media(const struct backup *b, int64_t *ret_n)
{
	const char *root = config_cstr(b->config, "UPLOAD_DIR");
	char *const roots[] = { (char *)(uintptr_t)root, NULL };
	FILE *list = fopen(backup_path(b, "media.txt"), "ae");
	FTS *tree;
	bool good = true;

	*ret_n = 0;
	if (!list)
		return complain(backup_path(b, "media.txt"));
	tree = access(root, R_OK | X_OK) == 0 ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL)
					      : NULL;
	for (FTSENT *e; good && tree && (e = fts_read(tree));)
		good = keep_entry(b, list, root, e, ret_n);
	if (tree)
		fts_close(tree);
	good &= fflush(list) == 0 && fsync(fileno(list)) == 0;
	fclose(list);
	return good;
}

/* ---- looking at them again ---- */

enum { HASH_DIGITS = 2 * SHA256_BYTES };

static bool is_as_listed(const struct backup *b, str line)
{
	str key = str_slice(line, HASH_DIGITS + 2, line.n), now;
	const char *path =
		arena_printf(b->arena, "%s/%.*s", backup_path(b, "media"), (int)key.n, key.p).p;

	return hash_file(b->arena, path, &now) && str_eq(now, str_slice(line, 0, HASH_DIGITS));
}

/* The lines of the list; those behind the last whole one are of a copy that was cut off. */
static size_t read_list(const struct backup *b, str **ret_lines)
{
	FILE *f = fopen(backup_path(b, "media.txt"), "re");
	size_t n = 0, room = 0, size = 0;
	str *lines = NULL;
	char *line = NULL;

	while (f && getline(&line, &size, f) > HASH_DIGITS + 2) {
		if (n == room) {
			lines = arena_grow(b->arena, lines, room * sizeof(*lines),
					   (2 * room + 64) * sizeof(*lines));
			room = 2 * room + 64;
		}
		lines[n++] = arena_copy(b->arena, str_trim(str_of(line)));
	}
	free(line);
	if (f)
		fclose(f);
	*ret_lines = lines;
	return n;
}

bool backup_media_check(const struct backup *b, int sample, const char **ret_bad)
{
	str *lines;
	size_t n = read_list(b, &lines), look = n < (size_t)sample ? n : (size_t)sample;

	*ret_bad = NULL;
	for (size_t i = 0; i < look; i++) {
		uint64_t at;

		rand_bytes(&at, sizeof(at));
		at = n == look ? i : at % n;
		if (!is_as_listed(b, lines[at])) {
			*ret_bad = arena_cstr(b->arena,
					      str_slice(lines[at], HASH_DIGITS + 2, lines[at].n));
			return false;
		}
	}
	return true;
}
