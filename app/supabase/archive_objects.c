/* See archive.h. Objects are named by their ids: names may be anything, "a" beside "a/b", or longer than a disk takes. */
#include "app/supabase/archive.h"

#include "app/supabase/objects.h"
#include "app/supabase/objects.sql.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"

#include <errno.h>
#include <sys/stat.h>

enum { READ = 1 << 18 };

struct copying {
	struct archive *r;
	FILE *list;
};

/* What stands in the store under the key, into a file; its digest in hexadecimal. */
static const char *copy_bytes(struct archive *r, struct arena *a, const char *key, FILE *to,
			      int64_t *ret_size, char *ret_hex)
{
	struct sha256 *sum = sha256_new();
	uint8_t digest[SHA256_BYTES];
	char *buf = arena_alloc(a, READ);
	const char *problem = NULL;
	size_t got = 0;

	*ret_size = 0;
	do {
		err e = store_read(r->store, str_of(key), *ret_size, buf, READ, &got);

		if (e.info)
			problem = e.info->message;
		else if (fwrite(buf, 1, got, to) != got)
			problem = "the archive cannot be written";
		else
			sha256_add(sum, buf, got);
		*ret_size += (int64_t)got;
	} while (!problem && got == READ);
	sha256_end(sum, digest);
	hex_encode(digest, sizeof(digest), ret_hex);
	return problem;
}

static const char *place(struct archive *r, struct arena *a, const char *id)
{
	const char *folder = archive_path(r, arena_printf(a, "objects/%.2s", id).p);

	return mkdir(folder, 0700) == 0 || errno == EEXIST ? arena_printf(a, "%s/%s", folder, id).p
							   : NULL;
}

static void tell_of(struct copying *c, struct arena *a, const struct object *o, int64_t size,
		    const char *hex)
{
	struct json_writer w;

	json_init(&w, a, 512);
	json_object_begin(&w);
	json_key(&w, S("id"));
	json_str(&w, str_of(o->id));
	json_key(&w, S("bucket"));
	json_str(&w, str_of(o->bucket));
	json_key(&w, S("name"));
	json_str(&w, str_of(o->name));
	json_key(&w, S("version"));
	json_str(&w, str_of(o->version));
	json_key(&w, S("mime"));
	json_str(&w, str_of(o->mime));
	json_key(&w, S("size"));
	json_int(&w, size);
	json_key(&w, S("sha256"));
	json_str(&w, str_of(hex));
	json_key(&w, S("state"));
	json_str(&w, str_of(o->state));
	json_object_end(&w);
	fprintf(c->list, "%.*s\n", (int)json_text(&w).n, json_text(&w).p);
}

static bool failed(struct archive *r, const struct object *o, const char *problem)
{
	return move_fail(&r->c.m, "%s/%s: %s", o->bucket, o->name, problem);
}

static bool copy_one(void *arg, struct arena *a, const struct object *o)
{
	struct copying *c = arg;
	struct archive *r = c->r;
	char hex[HEX_LENGTH(SHA256_BYTES) + 1] = "";
	const char *path, *problem;
	int64_t size;
	FILE *to;

	if (strcmp(o->state, "stored") != 0) {
		r->not_stored++;
		tell_of(c, a, o, o->size, NULL);
		return true;
	}
	path = place(r, a, o->id);
	to = path ? fopen(path, "w") : NULL;
	if (!to)
		return failed(r, o, "the archive cannot be written");
	problem = copy_bytes(r, a, o->key, to, &size, hex);
	if (fclose(to) != 0 && !problem)
		problem = "the archive cannot be written";
	if (problem)
		return failed(r, o, problem);
	r->stored++;
	r->bytes += size;
	fprintf(r->sums, "%s  objects/%.2s/%s\n", hex, o->id, o->id);
	tell_of(c, a, o, size, hex);
	return true;
}

bool archive_objects(struct archive *r)
{
	struct copying c = { .r = r, .list = fopen(archive_path(r, "objects.jsonl"), "w") };
	struct object_walk w = { .m = &r->c.m,
				 .list = &sql_move_objects_all,
				 .one = copy_one,
				 .arg = &c };
	const char *folder = archive_path(r, "objects");
	bool good;

	if (!c.list)
		return move_fail(&r->c.m, "%s: cannot be written", r->folder);
	good = mkdir(folder, 0700) == 0 || errno == EEXIST;
	good = good && object_walk(&w) && !ferror(c.list);
	good = fclose(c.list) == 0 && good;
	return good ? archive_enter(r, "objects.jsonl")
		    : move_fail(&r->c.m, "%s: cannot be written", r->folder);
}
