/* A project's database and its dumps (test/supabase/make), made once a run, and how tests move it. */
#pragma once

#include "test/harness/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static inline const char *dumps_of(const char *shape)
{
	return t_shared_path(t_fmt("dumps-%s", shape));
}

/* The URL of the source in this shape (test/supabase/make); its dumps are beside it. */
static inline const char *source_of(const char *shape)
{
	const char *dir = dumps_of(shape), *known = t_fmt("%s/url", dir), *url = read_text(known);

	if (url)
		return url;
	mkdir(dir, 0700);
	url = t_empty_database();
	if (system(t_fmt("test/supabase/make '%s' %s %s >%s/log 2>&1", url, dir, shape, dir)) != 0)
		t_fail("test/supabase/make: %s", read_text(t_fmt("%s/log", dir)));
	write_text(known, url);
	return url;
}

static inline const char *source(void)
{
	return source_of("now");
}

static inline const char *dump_of(const char *shape, const char *name)
{
	source_of(shape);
	return t_fmt("%s/%s", dumps_of(shape), name);
}

static inline const char *dump(const char *name)
{
	return dump_of("now", name);
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

/* Makes the source from SQL, imports its dump into a database of this test's own; the source's URL. */
static inline const char *small_project(const char *sql)
{
	const char *file = t_shared_path("small.sql"), *url = t_empty_database();

	t_database_use(url);
	t_sql("%s", sql);
	if (system(t_fmt("%s/pg_dump -d '%s' -f %s", getenv("TEST_PG_BIN"), url, file)) != 0)
		t_fail("pg_dump");
	t_database_of_my_own();
	must(MOVE("import", "--dump", file));
	return url;
}

/* Starts `sojorn supabase` with these arguments and kills it after so long; true when it was done before. */
static inline bool killed_after(int milliseconds, const char *const *arguments)
{
	const char *argv[16] = { t_program(), "supabase" };
	int status;
	pid_t pid;

	for (int i = 0; i < 12 && arguments[i]; i++)
		argv[i + 2] = arguments[i];
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		setenv("DATABASE_URL", t_database_url(), 1);
		setenv("JWT_SECRET", t_jwt_secret, 1);
		execv(t_program(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	usleep((useconds_t)milliseconds * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
