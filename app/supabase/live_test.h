/* A live project for a test: its database, reached as the limited role, and its old servers' writing. */
#pragma once

#include "app/supabase/supabase_test.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A project of its own, as a superuser reaches it; live_url is what the move gets. */
static inline const char *live_project(void)
{
	const char *url = t_empty_database(), *log = t_shared_path("live-log");

	for (int i = 0; i < 5; i++)
		if (system(t_fmt(
			    "%s/psql -X -q -v ON_ERROR_STOP=1 -o /dev/null -d '%s' -f test/supabase/%s.sql >%s 2>&1",
			    getenv("TEST_PG_BIN"), url,
			    ((const char *[]){ "platform", "app", "fill", "triggers", "live" })[i],
			    log))
		    != 0)
			t_fail("a project: %s", read_text(log));
	return url;
}

static inline const char *live_url(const char *project)
{
	const char *rest = strchr(strstr(project, "//") + 2, '@');

	return t_fmt("postgresql://project_owner%s", rest);
}

/* SQL there. */
static inline const char *there(const char *project, const char *sql)
{
	const char *here = t_database_url(), *value;

	t_database_use(project);
	value = t_sql("%s", sql);
	t_database_use(here);
	return value;
}

/* Starts what the old servers write; ends by itself after so many seconds. */
static inline pid_t churn_start(const char *project, int rate, int seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		char rate_text[16], seconds_text[16];

		snprintf(rate_text, sizeof(rate_text), "%d", rate);
		snprintf(seconds_text, sizeof(seconds_text), "%d", seconds);
		if (!freopen(t_shared_path("churn-log"), "w", stdout) || dup2(1, 2) < 0)
			_exit(126);
		execl("test/supabase/churn/run", "run", project, rate_text, seconds_text, NULL);
		_exit(127);
	}
	return pid;
}

static inline void churn_wait(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		t_fail("churn: %s", read_text(t_shared_path("churn-log")));
}

/* `sojorn supabase …` of this test's database, in the background. */
#define MOVE_START(...) move_start(T_LIST(__VA_ARGS__))
static inline pid_t move_start(const char *const *arguments)
{
	const char *args[16] = { t_program(), "supabase" };
	pid_t pid;

	for (int i = 0; arguments[i]; i++)
		args[i + 2] = arguments[i];
	pid = fork();
	if (pid == 0) {
		if (!freopen(t_shared_path("move-log"), "w", stdout) || dup2(1, 2) < 0)
			_exit(126);
		setenv("DATABASE_URL", t_database_url(), 1);
		setenv("JWT_SECRET", t_jwt_secret, 1);
		execv(t_program(), (char *const *)(uintptr_t)args);
		_exit(127);
	}
	return pid;
}

/* Ends a follower, which must have had no trouble. */
static inline void move_stop_follower(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	if (status != 0)
		t_fail("follow: %s", read_text(t_shared_path("move-log")));
}

/* A project that has come over into a database of this test's own, with a server, in use, and a follower. */
static inline const char *move_come_over(struct t_server **ret_server, pid_t *ret_follower)
{
	const char *project = live_project();

	t_database_of_my_own();
	must(MOVE("import", "--source", live_url(project)));
	*ret_server =
		t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "ALTCHA_REQUIRED=off");
	*ret_follower = MOVE_START("follow");
	return project;
}
