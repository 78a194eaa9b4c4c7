/* Whether an archive is what was written: see supabase.h. */
#include "app/supabase/dump.h"
#include "app/supabase/supabase.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"

struct manifest {
	str sums_sha256;
};
static const struct field manifest_fields[] = {
	FIELD(struct manifest, sums_sha256, .required = true),
	{ 0 },
};

static bool map(struct arena *a, const char *folder, str name, str *out, const char **problem)
{
	return dump_map(a, arena_printf(a, "%s/%.*s", folder, (int)name.n, name.p).p, out, problem);
}

/* "DIGEST  NAME" */
static bool check_line(struct arena *a, const char *folder, str line, const char **problem)
{
	str rest = line, digest = str_cut(&rest, ' '), name, content;

	if (!rest.p || !str_starts(rest, S(" ")) || digest.n != 64) {
		*problem = "SHA256SUMS: a line that is none";
		return false;
	}
	name = str_slice(rest, 1, rest.n);
	if (!map(a, folder, name, &content, problem))
		return false;
	if (str_eq(sha256_hex(a, content), digest))
		return true;
	*problem = arena_printf(a, "%.*s: is not what was written", (int)name.n, name.p).p;
	return false;
}

static bool check_sums(struct arena *a, const char *folder, str sums, int *ret_files,
		       const char **problem)
{
	*ret_files = 0;
	while (!str_empty(sums)) {
		struct arena *one = arena_new(); /* a file's mapping goes with it */
		str line = str_cut(&sums, '\n');
		bool good = check_line(one, folder, line, problem);

		if (!good)
			*problem = arena_cstr(a, str_of(*problem));
		arena_free(one);
		if (!good)
			return false;
		++*ret_files;
	}
	return true;
}

bool move_archive_check(struct arena *a, const char *folder, int *ret_files, const char **problem)
{
	struct manifest in = { 0 };
	str manifest, sums;

	if (!map(a, folder, S("manifest.json"), &manifest, problem)
	    || !map(a, folder, S("SHA256SUMS"), &sums, problem))
		return false;
	if (fields_from_json(a, manifest, manifest_fields, &in, NULL).info
	    || !str_eq(sha256_hex(a, sums), in.sums_sha256)) {
		*problem = "SHA256SUMS: is not the one of manifest.json";
		return false;
	}
	return check_sums(a, folder, sums, ret_files, problem);
}
