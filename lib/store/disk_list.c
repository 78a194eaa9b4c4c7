/*
 * The keys on a disk in the order of their bytes, as S3 lists them. A folder stands where its name with a
 * slash would, so "a-b" comes before what is in "a"; folders that hold nothing of the answer are passed by.
 */
#include "lib/store/ops.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct found {
	struct found *next;
	int64_t size;
	usec modified;
	char key[];
};

struct walk {
	str prefix, after;
	size_t limit, n;
	struct found *first, **end;
	char *path; /* of the folder or file looked at */
	size_t root;
	int failed; /* errno */
};

/* A folder's entries, folders with a slash at their ends. */
struct names {
	char **v;
	size_t n, room;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static bool names_add(struct names *names, const char *name, bool folder)
{
	char *text;

	if (names->n == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		char **v = realloc(names->v, room * sizeof(*v));

		if (!v)
			return false;
		names->v = v;
		names->room = room;
	}
	if (asprintf(&text, "%s%s", name, folder ? "/" : "") < 0)
		return false;
	names->v[names->n++] = text;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a key of this beginning could still be. */
static bool is_of_interest(const struct walk *w, str begin)
{
	size_t n = begin.n < w->prefix.n ? begin.n : w->prefix.n;

	if (memcmp(begin.p, w->prefix.p, n) != 0)
		return false;
	n = begin.n < w->after.n ? begin.n : w->after.n;
	return n == 0 || memcmp(begin.p, w->after.p, n) >= 0;
}

static bool is_wanted(const struct walk *w, str key)
{
	size_t n = key.n < w->after.n ? key.n : w->after.n;
	int order = n ? memcmp(key.p, w->after.p, n) : 0;

	return str_starts(key, w->prefix) && (order > 0 || (order == 0 && key.n > w->after.n));
}

static bool is_folder(const struct walk *w, const struct dirent *e, size_t at)
{
	struct stat st;
	bool yes;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	snprintf(w->path + at, PATH_MAX - at, "/%s", e->d_name);
	yes = stat(w->path, &st) == 0 && S_ISDIR(st.st_mode);
	w->path[at] = '\0';
	return yes;
}

static bool is_passed_by(const struct walk *w, const char *name, size_t at)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0
		|| (at == w->root && strcmp(name, STORE_SPOOLS) == 0);
}

/* The entries of the folder w->path, `at` bytes long, in order. An errno. */
static int read_folder(struct walk *w, size_t at, struct names *names)
{
	DIR *dir = opendir(w->path);
	struct dirent *e;
	int failed = 0;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	while (!failed && (e = readdir(dir)))
		if (!is_passed_by(w, e->d_name, at)
		    && !names_add(names, e->d_name, is_folder(w, e, at)))
			failed = ENOMEM;
	closedir(dir);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), compare);
	return failed;
}

/* The file w->path; one that has just gone is no mistake. */
static int take(struct walk *w, str key)
{
	struct found *f;
	struct stat st;

	if (!is_wanted(w, key) || stat(w->path, &st) != 0)
		return 0;
	f = calloc(1, sizeof(*f) + key.n + 1);
	if (!f)
		return ENOMEM;
	memcpy(f->key, key.p, key.n);
	f->size = st.st_size;
	f->modified.us = st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000;
	*w->end = f;
	w->end = &f->next;
	w->n++;
	return 0;
}

/* Folders within folders are as deep as keys have parts: 512 at most. */
static int walk_folder(struct walk *w, size_t at)
{
	struct names names = { 0 };
	int failed = read_folder(w, at, &names);

	for (size_t i = 0; !failed && i < names.n && w->n < w->limit; i++) {
		int n = snprintf(w->path + at, PATH_MAX - at, "/%s", names.v[i]);
		str key = str_of(w->path + w->root + 1);

		if ((size_t)n >= PATH_MAX - at || !is_of_interest(w, key))
			continue;
		if (str_ends(key, S("/"))) {
			w->path[at + (size_t)n - 1] = '\0';
			failed = walk_folder(w, at + (size_t)n - 1);
		} else {
			failed = take(w, key);
		}
	}
	w->path[at] = '\0';
	names_free(&names);
	return failed;
}

static void walk(void *arg)
{
	struct walk *w = arg;

	w->failed = walk_folder(w, w->root);
}

static void keep(struct walk *w, struct arena *a, struct list *out)
{
	struct store_object *v = arena_zalloc(a, w->n * sizeof(*v));
	size_t i = 0;

	for (const struct found *f = w->first; f; f = f->next, i++)
		v[i] = (struct store_object){ .key = arena_copy(a, str_of(f->key)),
					      .size = f->size,
					      .modified = f->modified };
	*out = (struct list){ v, w->n, sizeof(*v) };
}

static void walk_free(void *arg)
{
	struct walk *w = arg;

	while (w->first) {
		struct found *next = w->first->next;

		free(w->first);
		w->first = next;
	}
	free(w->path);
}

err disk_list(struct store *s, struct arena *a, str prefix, str after, size_t limit,
	      struct list *out)
{
	struct walk *w = arena_zalloc(a, sizeof(*w));

	*w = (struct walk){ .prefix = prefix.p ? prefix : S(""),
			    .after = after,
			    .limit = limit,
			    .root = strlen(s->dir) };
	w->end = &w->first;
	arena_defer(a, walk_free, w);
	w->path = malloc(PATH_MAX);
	if (!w->path)
		return err_no_memory;
	snprintf(w->path, PATH_MAX, "%s", s->dir);
	TRY(store_offload(s, walk, w));
	if (w->failed)
		return store_failure(w->failed);
	keep(w, a, out);
	return OK;
}
