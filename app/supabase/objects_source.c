/* See objects.h. A folder has <bucket>/<name>/<version>, as the old storage lays its files, or <bucket>/<name>. */
#include "app/supabase/objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ = 1 << 16, DEPTH_MAX = 64 };

/* ---- a folder ---- */

/* A name is a way down from its bucket, whatever it says. */
static bool leads_outside(str name)
{
	while (name.p) {
		str part = str_cut(&name, '/');

		if (str_eq(part, S(".")) || str_eq(part, S("..")) || str_empty(part))
			return true;
	}
	return false;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EISDIR;
		return -1;
	}
	return fd;
}

static enum object_fate read_file(struct arena *a, int fd, struct spool *to, const char **problem)
{
	char *buf = arena_alloc(a, READ);
	ssize_t n;

	while ((n = read(fd, buf, READ)) > 0)
		if (spool_write(to, buf, (size_t)n).info) {
			*problem = "the store takes no more";
			return OBJECT_BROKEN;
		}
	if (n == 0)
		return OBJECT_READ;
	*problem = arena_cstr(a, str_of(strerror(errno)));
	return OBJECT_BROKEN;
}

static enum object_fate from_folder(const struct object_source *s, struct arena *a,
				    const struct object *o, struct spool *to, const char **problem)
{
	const char *path = arena_printf(a, "%s/%s/%s", s->dir, o->bucket, o->name).p;
	enum object_fate fate;
	int fd = -1;

	*problem = "no such file";
	if (leads_outside(str_of(o->name)) || leads_outside(str_of(o->bucket)))
		return OBJECT_MISSING;
	if (o->version)
		fd = open_file(arena_printf(a, "%s/%s", path, o->version).p);
	if (fd < 0)
		fd = open_file(path);
	if (fd < 0) {
		bool gone =
			errno == ENOENT || errno == ENOTDIR || errno == EISDIR || errno == ELOOP;

		*problem = gone ? *problem : arena_cstr(a, str_of(strerror(errno)));
		return gone ? OBJECT_MISSING : OBJECT_BROKEN;
	}
	fate = read_file(a, fd, to, problem);
	close(fd);
	return fate;
}

/* ---- the files of a folder ---- */

struct walk {
	bool (*fn)(void *arg, const char *path);
	void *arg;
	size_t root;
	char path[4096];
};

static bool walk_folder(struct walk *w, size_t n, int depth);

static bool walk_entry(struct walk *w, size_t n, const char *name, int depth)
{
	int more = snprintf(w->path + n, sizeof(w->path) - n, "/%s", name);
	struct stat st;

	if (more < 0 || n + (size_t)more >= sizeof(w->path))
		return true;
	if (lstat(w->path, &st) != 0)
		return true;
	if (S_ISDIR(st.st_mode))
		return depth >= DEPTH_MAX || walk_folder(w, n + (size_t)more, depth + 1);
	return !S_ISREG(st.st_mode) || w->fn(w->arg, w->path + w->root + 1);
}

static bool walk_folder(struct walk *w, size_t n, int depth)
{
	DIR *d = opendir(w->path);
	struct dirent *e;
	bool good = d != NULL;

	while (good && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			good = walk_entry(w, n, e->d_name, depth);
	if (d)
		closedir(d);
	w->path[n] = '\0';
	return good;
}

static bool folder_files(const struct object_source *s, object_path_fn *fn, void *arg)
{
	struct walk *w = calloc(1, sizeof(*w));
	int n;
	bool good;

	if (!w)
		return false;
	n = snprintf(w->path, sizeof(w->path), "%s", s->dir);
	w->fn = fn;
	w->arg = arg;
	w->root = (size_t)n;
	good = (size_t)n < sizeof(w->path) && walk_folder(w, (size_t)n, 0);
	free(w);
	return good;
}

/* ---- whichever it is ---- */

enum object_fate object_fetch(const struct object_source *s, struct arena *a,
			      const struct object *o, struct spool *to, const char **problem)
{
	if (s->dir)
		return from_folder(s, a, o, to, problem);
	return s->s3 ? object_from_s3(s, a, o, to, problem) : object_from_api(s, a, o, to, problem);
}

bool object_files(const struct object_source *s, struct arena *a, object_path_fn *fn, void *arg,
		  const char **problem)
{
	*problem = "cannot be read";
	if (s->dir)
		return folder_files(s, fn, arg);
	return s->s3 ? object_s3_files(s, fn, arg, problem)
		     : object_api_files(s, a, fn, arg, problem);
}
