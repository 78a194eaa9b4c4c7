/* A project's database and its dumps (test/supabase/make), made once a run, and how tests move it. */
#pragma once

#include "test/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- the source, its dumps, and one import that the tests share ---- */

static inline const char *read_text(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	return f ? t_fmt("%s", text) : NULL;
}

static inline void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		t_fail("%s cannot be written", path);
}

/* The URL of the source; its dumps are in the folder of dump(). */
static inline const char *source(void)
{
	const char *dir = t_shared_path("dumps"), *known = t_fmt("%s/url", dir), *url;

	url = read_text(known);
	if (url)
		return url;
	mkdir(dir, 0700);
	url = t_empty_database();
	if (system(t_fmt("test/supabase/make '%s' %s >%s/log 2>&1", url, dir, dir)) != 0)
		t_fail("test/supabase/make: %s", read_text(t_fmt("%s/log", dir)));
	write_text(known, url);
	return url;
}

static inline const char *dump(const char *name)
{
	source();
	return t_fmt("%s/%s", t_shared_path("dumps"), name);
}

static inline const char *const *secret(void)
{
	static const char *settings[3];

	settings[0] = t_fmt("JWT_SECRET=%s", t_jwt_secret);
	settings[1] = t_fmt("DATABASE_URL=%s", t_database_url());
	return settings;
}

#define MOVE(...) t_run(secret(), "supabase", __VA_ARGS__)

static inline struct t_run must(struct t_run r)
{
	if (r.status != 0)
		t_fail("status %d: %s%s", r.status, r.out, r.err);
	return r;
}
