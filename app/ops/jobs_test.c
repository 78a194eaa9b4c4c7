/*
 * Jobs run once, whatever dies meanwhile. The workers run in children of the test, over a database that
 * no server works on; the jobs write rows, so that each run is seen.
 */
#include "app/ops/jobs.h"
#include "app/ops/jobs_test.sql.h"
#include "test/harness/harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4 };

/* ---- the jobs ---- */

/* Writes a row and ends in one transaction, after a while in which the process may die. */
static err run_note(struct job *j)
{
	struct db *tx;

	loop_sleep(3 * MILLISECOND);
	TRY(db_begin(j->db, &tx));
	TRY(db_exec(tx, &sql_test_note, NULL, ARG(j->id)));
	TRY(jobs_end(tx, j));
	return db_commit(tx);
}

static err run_plain(struct job *j)
{
	return db_exec(j->db, &sql_test_run, NULL, ARG(j->payload.text));
}

static err run_fail(struct job *j)
{
	TRY(db_exec(j->db, &sql_test_run, NULL, ARG(S("fail"))));
	return err_unavailable;
}

static err run_periodic(struct job *j)
{
	return db_exec(j->db, &sql_test_run, NULL, ARG(j->kind));
}

static err run_periodic_badly(struct job *j)
{
	(void)j;
	return err_internal;
}

static const struct job_kind kinds[] = {
	{ .kind = "note", .run = run_note },
	{ .kind = "plain", .run = run_plain },
	{ .kind = "fail", .run = run_fail, .attempts = 3 },
	{ 0 },
};
static const struct periodic periodic[] = {
	{ .name = "mend", .every = SECOND, .run = jobs_mend },
	{ .name = "hourly", .every = HOUR, .run = run_periodic },
	{ .name = "badly", .every = HOUR, .run = run_periodic_badly },
	{ 0 },
};

/* ---- workers in a process of their own ---- */

static struct loop *loop;

static void on_term(int sig)
{
	(void)sig;
	loop_stop(loop);
}

static void stopped(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

/* Blocks SIGTERM, or takes it again. */
static void hold_term(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Runs jobs until SIGTERM, which may have come already, then waits for those under way. */
[[gnu::noreturn]] static void work(const char *url)
{
	const struct db_options options = { .url = url,
					    .shared = 2,
					    .leased = WORKERS,
					    .depth = 16 };
	struct jobs_options o = { .workers = WORKERS, .kinds = kinds, .periodic = periodic };
	struct jobs *jobs;

	loop = o.loop = loop_new();
	o.pool = db_pool_new(loop, &options);
	jobs = jobs_start(&o);
	signal(SIGTERM, on_term);
	hold_term(false);
	loop_run(loop);
	jobs_stop(jobs, stopped, NULL);
	loop_run(loop);
	jobs_free(jobs);
	db_pool_free(o.pool);
	loop_free(loop);
	exit(EXIT_SUCCESS);
}

static pid_t start_workers(void)
{
	const char *url = t_database_url();
	pid_t pid;

	fflush(NULL);
	hold_term(true);
	pid = fork();
	if (pid == 0)
		work(url);
	hold_term(false);
	return pid;
}

static void end(pid_t pid, int sig)
{
	int status;

	kill(pid, sig);
	waitpid(pid, &status, 0);
	if (sig == SIGTERM)
		EXPECT_EQ(0, status);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* A database of the test's own, with the tables its jobs write. */
static void begin(void)
{
	t_database_of_my_own();
	t_sql("CREATE TABLE job_notes (id bigint)");
	t_sql("CREATE TABLE job_runs (name text, at timestamptz DEFAULT clock_timestamp())");
}

static long long waiting(void)
{
	return t_sql_int("SELECT count(*) FROM outbox");
}

static long long runs_of(const char *name)
{
	return t_sql_int("SELECT count(*) FROM job_runs WHERE name = '%s'", name);
}

/* ---- tests ---- */

TEST(a_job_runs_and_its_row_goes)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind, payload) VALUES ('plain', '{\"x\": [1, \"two\"]}')");
	pid = start_workers();
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(1, runs_of("{\"x\": [1, \"two\"]}"));
	end(pid, SIGTERM);
}

TEST(many_workers_share_jobs_without_repeating_any)
{
	pid_t pids[3];

	begin();
	t_sql("INSERT INTO outbox (kind) SELECT 'note' FROM generate_series(1, 300)");
	for (int i = 0; i < 3; i++)
		pids[i] = start_workers();
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(300, t_sql_int("SELECT count(*) FROM job_notes"));
	EXPECT_EQ(300, t_sql_int("SELECT count(DISTINCT id) FROM job_notes"));
	for (int i = 0; i < 3; i++)
		end(pids[i], SIGTERM);
}

/* Of a transaction that took long: it is due before those that were taken already. The others take a minute. */
TEST(what_appears_in_front_of_a_long_queue_is_not_left_behind)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind) SELECT 'note' FROM generate_series(1, 80000)");
	pid = start_workers();
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM job_notes") > 100);
	t_sql("INSERT INTO outbox (kind, next_try_at) VALUES ('plain', now() - interval '1 hour')");
	EXPECT_SOON(runs_of("{}") == 1);
	EXPECT_EQ(1, waiting() > 100);
	end(pid, SIGTERM);
}

/* What a dead process had taken comes up again when its time is over, which is brought forward here. */
TEST(killed_workers_lose_nothing_and_repeat_nothing)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind) SELECT 'note' FROM generate_series(1, 400)");
	for (int i = 0; i < 12 && waiting() > 0; i++) {
		pid = start_workers();
		pause_ms(40 + 11 * i);
		end(pid, SIGKILL);
		t_sql("UPDATE outbox SET next_try_at = now()");
	}
	pid = start_workers();
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(400, t_sql_int("SELECT count(*) FROM job_notes"));
	EXPECT_EQ(400, t_sql_int("SELECT count(DISTINCT id) FROM job_notes"));
	end(pid, SIGTERM);
}

TEST(a_taken_job_is_not_taken_again_within_its_time)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind, attempts, next_try_at) VALUES ('plain', 1, now() + interval '59 s')");
	pid = start_workers();
	pause_ms(1500);
	EXPECT_EQ(1, waiting());
	end(pid, SIGTERM);
	EXPECT_EQ(0, runs_of("{}"));
}

/* As after half a day in which the clock was a day ahead. What waits for its next try goes on to wait. */
TEST(a_clock_that_was_set_back_holds_up_no_job)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind, next_try_at) VALUES ('plain', now() + interval '1 day'), "
	      "('plain', now() + interval '59 minutes'), ('plain', 'infinity')");
	t_sql("INSERT INTO periodic_jobs (name, started_at, next_run_at) VALUES "
	      "('hourly', now() + interval '1 day', now() + interval '25 hours')");
	pid = start_workers();
	EXPECT_SOON(runs_of("{}") == 1);
	EXPECT_SOON(runs_of("hourly") == 1);
	pause_ms(1500);
	EXPECT_EQ(1, runs_of("{}"));
	EXPECT_EQ(1, runs_of("hourly"));
	EXPECT_EQ(2, waiting());
	end(pid, SIGTERM);
}

TEST(a_failing_job_is_tried_again_with_doubling_delays_and_then_kept)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind) VALUES ('fail')");
	pid = start_workers();
	EXPECT_SOON(t_sql("SELECT last_error FROM outbox"));
	EXPECT_CSTR("unavailable", t_sql("SELECT last_error FROM outbox"));
	EXPECT_EQ(1, t_sql_int("SELECT attempts FROM outbox"));
	EXPECT_SOON(t_sql_int("SELECT attempts FROM outbox") == 2); /* a second later */
	EXPECT_EQ(
		2,
		t_sql_int(
			"SELECT round(extract(epoch FROM next_try_at - max(at))) FROM outbox, job_runs"
			" GROUP BY next_try_at"));
	t_sql("UPDATE outbox SET next_try_at = now()");
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM outbox WHERE next_try_at = 'infinity'") == 1);
	EXPECT_EQ(3, runs_of("fail"));
	end(pid, SIGTERM);
}

TEST(a_job_of_unknown_kind_waits_for_who_knows_it)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind) VALUES ('of_a_later_version')");
	pid = start_workers();
	EXPECT_SOON(t_sql("SELECT last_error FROM outbox"));
	EXPECT_CSTR("unknown_job", t_sql("SELECT last_error FROM outbox"));
	end(pid, SIGTERM);
	EXPECT_EQ(1, waiting());
}

TEST(workers_told_to_end_finish_what_they_run)
{
	pid_t pid;

	begin();
	t_sql("INSERT INTO outbox (kind) SELECT 'note' FROM generate_series(1, 200)");
	pid = start_workers();
	EXPECT_SOON(waiting() < 190);
	end(pid, SIGTERM);
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM outbox WHERE attempts > 0"));
	EXPECT_EQ(200, waiting() + t_sql_int("SELECT count(*) FROM job_notes"));
}

TEST(one_process_of_many_runs_a_periodic_job)
{
	pid_t pids[3];

	begin();
	for (int i = 0; i < 3; i++)
		pids[i] = start_workers();
	EXPECT_SOON(runs_of("hourly") == 1);
	pause_ms(1500);
	EXPECT_EQ(1, runs_of("hourly"));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT runs FROM periodic_jobs WHERE name = 'hourly' AND last_error IS NULL"));
	EXPECT_TRUE(
		t_sql_int("SELECT extract(epoch FROM next_run_at - started_at) FROM periodic_jobs"
			  " WHERE name = 'hourly'")
		== 3600);
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'hourly'");
	EXPECT_SOON(runs_of("hourly") == 2);
	for (int i = 0; i < 3; i++)
		end(pids[i], SIGTERM);
}

TEST(a_periodic_job_that_failed_runs_again_in_a_minute)
{
	pid_t pid;

	begin();
	pid = start_workers();
	EXPECT_SOON(t_sql("SELECT last_error FROM periodic_jobs WHERE name = 'badly'"));
	EXPECT_CSTR("internal", t_sql("SELECT last_error FROM periodic_jobs WHERE name = 'badly'"));
	EXPECT_EQ(
		60,
		t_sql_int(
			"SELECT round(extract(epoch FROM next_run_at - finished_at)) FROM periodic_jobs"
			" WHERE name = 'badly'"));
	end(pid, SIGTERM);
}

/* The server's own workers, and what they say of themselves. */
TEST(the_server_runs_jobs_and_counts_them)
{
	struct t_server *s = t_server_start();

	t_sql("INSERT INTO outbox (kind) VALUES ('of_a_later_version')");
	EXPECT_SOON(t_sql("SELECT last_error FROM outbox"));
	EXPECT_SOON(strstr(t_admin_get("/metrics")->body,
			   "sojorn_job_tries_total{job=\"\",result=\"failed\"} 1\n"));
	EXPECT_TRUE(strstr(t_admin_get("/metrics")->body, "\nsojorn_jobs_waiting 1\n"));
	t_sql("UPDATE outbox SET next_try_at = 'infinity'");
	EXPECT_TRUE(strstr(t_admin_get("/metrics")->body, "\nsojorn_jobs_dead 1\n"));
	EXPECT_STR("degraded", EXPECT(200, t_get(NULL, "/health/detailed")), "checks.jobs.status");
	t_server_stop(s);
}

/* ---- the server, killed while it sends mails ---- */

static int mails_in(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

TEST(a_killed_server_loses_no_mail_and_sends_none_twice)
{
	struct t_server *s = t_server_start();

	for (int i = 0; i < 6; i++) {
		t_sql("INSERT INTO outbox (kind, payload) SELECT 'mail', jsonb_build_object('mail',"
		      " 'password_changed', 'to', 'a' || g || '.%d@example.org') FROM generate_series(1, 50) g",
		      i);
		pause_ms(30 + 90 * i);
		t_server_kill(s);
		t_sql("UPDATE outbox SET next_try_at = now()");
		t_server_restart(s);
	}
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(300, mails_in(t_path("mail")));
	for (int i = 0; i < 300; i += 17)
		t_mail(t_fmt("a%d.%d@example.org", i % 50 + 1, i / 50));
	t_server_stop(s);
}
