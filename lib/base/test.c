/*
 * The test runner: main() of unit_tests and api_tests. Linked into no other program.
 *
 *   unit_tests [--list] [--filter SUBSTR]... [--verbose]
 *
 * Forks a child for each test. The child hands the one test to cmocka; all output goes to a temporary file,
 * of which a failure shows the end. TEST_TIMEOUT (seconds, default 60) bounds each test. Output is one line
 * a failure and "N passed, M failed" at the end; the exit status is 0 only if something passed and nothing
 * failed.
 */
#include "lib/base/test.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIP = 77, MAX_FILTERS = 32, SHOWN_BYTES = 6000 };

static struct test *first, **last = &first;
static const char *filters[MAX_FILTERS];
static int nfilters, passed, failed, skipped;
static bool verbose;

[[gnu::weak]] bool test_begin(void)
{
	return true;
}

[[gnu::weak]] bool test_end(void)
{
	return true;
}

void test_register(struct test *t)
{
	*last = t;
	last = &t->next;
}

void test_skip(const char *reason)
{
	printf("skipped: %s\n", reason);
	exit(EXIT_SKIP);
}

void test_expect_eq(long long want, long long got, const char *what, const char *file, int line)
{
	if (want == got)
		return;
	print_error("%s is %lld, expected %lld\n", what, got, want);
	_fail(file, line);
}

void test_expect_near(double want, double got, double eps, const char *what, const char *file,
		      int line)
{
	if (fabs(want - got) <= eps)
		return;
	print_error("%s is %.17g, expected %.17g within %g\n", what, got, want, eps);
	_fail(file, line);
}

void test_expect_mem(const void *want, const void *got, size_t n, const char *file, int line)
{
	if (n)
		_assert_memory_equal(got, want, n, file, line);
}

/* ---- in the child ---- */

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS };
enum { NCRASH = sizeof(crash_signals) / sizeof(*crash_signals) };
static struct sigaction before_cmocka[NCRASH];
static struct test *current;

/* cmocka turns a crash into a failed assertion and goes on; the sanitizer's report, or a core, says more. */
static void run_with_our_signals(void **state)
{
	for (int i = 0; i < NCRASH; i++)
		sigaction(crash_signals[i], &before_cmocka[i], NULL);
	current->run(state);
}

[[gnu::noreturn]] static void run_child(struct test *t, FILE *log)
{
	if (dup2(fileno(log), STDOUT_FILENO) < 0 || dup2(fileno(log), STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	setpgid(0, 0);		 /* what the test leaves running ends with it */
	signal(SIGINT, SIG_DFL); /* the handlers are the runner's: they end what all tests share */
	signal(SIGTERM, SIG_DFL);
	current = t;
	for (int i = 0; i < NCRASH; i++)
		sigaction(crash_signals[i], NULL, &before_cmocka[i]);

	const struct CMUnitTest tests[] = { cmocka_unit_test(run_with_our_signals) };
	exit(cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- in the runner ---- */

static volatile sig_atomic_t running;

/* The limit per test has passed, or somebody wants us gone: the whole group of the child goes. */
static void on_alarm([[maybe_unused]] int sig)
{
	if (running)
		kill(-running, SIGKILL);
}

static void on_interrupt(int sig)
{
	on_alarm(sig);
	(void)test_end();
	signal(sig, SIG_DFL);
	raise(sig);
}

static unsigned test_timeout(void)
{
	const char *s = getenv("TEST_TIMEOUT");
	long n = s ? strtol(s, NULL, 10) : 0;

	return n > 0 && n < 100000 ? (unsigned)n : 60;
}

static bool is_noise(const char *line)
{
	return strncmp(line, "[====", 5) == 0 || strncmp(line, "[ RUN", 5) == 0
		|| strncmp(line, "[  PASSED", 9) == 0 || strncmp(line, "[  FAILED", 9) == 0
		|| strstr(line, " FAILED TEST(S)") || line[0] == '\n';
}

/* Prints the end of what a test wrote, indented. */
static void show_log(FILE *log)
{
	char line[1024];
	long size;

	fseek(log, 0, SEEK_END);
	size = ftell(log);
	fseek(log, size > SHOWN_BYTES ? size - SHOWN_BYTES : 0, SEEK_SET);
	if (size > SHOWN_BYTES)
		printf("      … %ld bytes before this\n", size - SHOWN_BYTES);
	while (fgets(line, sizeof(line), log)) {
		line[strcspn(line, "\n")] = '\0';
		if (!is_noise(line) && line[0])
			printf("      %s\n", line);
	}
}

static void report(const struct test *t, int status, FILE *log)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
		passed++;
		if (verbose)
			printf("ok    %s %s\n", t->file, t->name);
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
		skipped++;
		printf("skip  %s %s\n", t->file, t->name);
	} else {
		failed++;
		printf("FAIL  %s %s", t->file, t->name);
		if (WIFSIGNALED(status))
			printf(" (%s)",
			       WTERMSIG(status) == SIGKILL ? "timed out"
							   : strsignal(WTERMSIG(status)));
		putchar('\n');
	}
	show_log(log);
}

static void run_one(struct test *t)
{
	FILE *log = tmpfile();
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = log ? fork() : -1;
	if (child < 0) {
		perror("test runner");
		exit(EXIT_FAILURE);
	}
	if (child == 0)
		run_child(t, log);

	setpgid(child, child); /* in the child, too: whichever runs first */
	running = child;
	alarm(test_timeout());
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	alarm(0);
	kill(-child, SIGKILL);
	running = 0;
	report(t, status, log);
	fclose(log);
	fflush(stdout);
}

static bool wanted(const struct test *t)
{
	char full[512];

	snprintf(full, sizeof(full), "%s %s", t->file, t->name);
	for (int i = 0; i < nfilters; i++)
		if (strstr(full, filters[i]))
			return true;
	return nfilters == 0;
}

static bool parse_args(int argc, char **argv, bool *list)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--list") == 0)
			*list = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc && nfilters < MAX_FILTERS)
			filters[nfilters++] = argv[++i];
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool list = false;

	if (!parse_args(argc, argv, &list)) {
		fprintf(stderr, "usage: %s [--list] [--filter SUBSTR]... [--verbose]\n", argv[0]);
		return 2;
	}
	if (!list) {
		signal(SIGALRM, on_alarm);
		signal(SIGINT, on_interrupt);
		signal(SIGTERM, on_interrupt);
		if (!test_begin()) {
			(void)test_end();
			return EXIT_FAILURE;
		}
	}
	for (struct test *t = first; t; t = t->next)
		if (wanted(t) && list)
			printf("%s %s\n", t->file, t->name);
		else if (wanted(t))
			run_one(t);
	if (list)
		return EXIT_SUCCESS;
	failed += !test_end();
	if (skipped)
		printf("%d skipped\n", skipped);
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
