/* Runs the program under test. */
#include "test/harness/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MAX_ARGS = 32, RUN_MILLISECONDS = 60000 };

const char *t_program(void)
{
	static char path[512];
	const char *given = getenv("SOJORN_BIN");
	ssize_t n;

	if (given)
		return given;
	if (!path[0]) {
		n = readlink("/proc/self/exe", path, sizeof(path) - 16);
		path[n > 0 ? n : 0] = '\0';
		strcpy(strrchr(path, '/') ? strrchr(path, '/') : path, "/sojorn");
	}
	return path;
}

/* What a child needs of our environment: where programs are, and what the sanitizers and coverage go by. */
static bool passes(const char *variable)
{
	static const char *const names[] = { "PATH=", "HOME=", "TMPDIR=", "ASAN_", "UBSAN_",
					     "TSAN_", "LSAN_", "LLVM_",	  "GCOV_" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static char *copy(const char *text)
{
	char *p = t_keep(strlen(text) + 1);

	return strcpy(p, text);
}

/* Ours, then the settings; of several with the same name the last counts. */
static char **environment(const char *const *settings)
{
	size_t n = 0, max = H_SETTINGS + 1;
	char **env;

	for (char **e = environ; *e; e++)
		max++;
	env = t_keep(max * sizeof(*env));
	for (char **e = environ; *e; e++)
		if (passes(*e))
			env[n++] = *e;
	for (; *settings; settings++) {
		size_t name = strcspn(*settings, "=") + 1, i = 0;

		while (i < n && strncmp(env[i], *settings, name) != 0)
			i++;
		env[i] = copy(*settings);
		n += i == n;
	}
	return env;
}

static int open_output(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0) {
		perror(path);
		abort();
	}
	return fd;
}

/* setpgid is left alone: what a test has started ends with the test's process group. */
pid_t h_spawn(const char *const *settings, const char *const *argv, const char *dir,
	      const char *out, const char *err)
{
	int out_fd = open_output(out), err_fd = open_output(err);
	char **env = environment(settings);
	char *args[MAX_ARGS + 2] = { copy(t_program()) };
	pid_t parent = getpid(), pid;

	for (int i = 0; argv[i] && i < MAX_ARGS; i++)
		args[i + 1] = copy(argv[i]);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGALRM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		if (getppid() != parent || chdir(dir) != 0 || dup2(out_fd, STDOUT_FILENO) < 0
		    || dup2(err_fd, STDERR_FILENO) < 0)
			_exit(126);
		execve(args[0], args, env);
		perror(args[0]);
		_exit(127);
	}
	close(out_fd);
	close(err_fd);
	return pid;
}

int h_wait(pid_t pid, int milliseconds)
{
	const struct timespec tick = { .tv_nsec = 2000000 };
	int status = 0;

	for (int waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited += 2) {
		if (waited >= milliseconds)
			kill(pid, SIGKILL);
		nanosleep(&tick, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct t_run h_run(const char *const *settings, const char *const *argv)
{
	const char *out = h_run_path("out"), *err = h_run_path("err");
	struct t_run run = { .status = h_wait(h_spawn(settings, argv, "/", out, err),
					      RUN_MILLISECONDS) };

	run.out = h_read_file(out);
	run.err = h_read_file(err);
	unlink(out);
	unlink(err);
	return run;
}

struct t_run t_run_with(const char *const *settings, const char *const *arguments)
{
	const char *with[H_SETTINGS + 1] = { t_fmt("DATABASE_URL=%s", t_database_url()) };

	for (int i = 0; settings && settings[i] && i < H_SETTINGS - 1; i++)
		with[i + 1] = settings[i];
	return h_run(with, arguments);
}

const struct t_reply *t_run_json(struct t_run r)
{
	struct t_reply *reply = t_keep(sizeof(*reply));

	*reply = (struct t_reply){ r.status, r.out, strlen(r.out), "sojorn" };
	return reply;
}

int t_node_start(const char *script, const char *one, const char *two)
{
	char line[64] = "";
	int port = 0, ends[2];
	FILE *in;

	if (pipe(ends) != 0)
		t_fail("no pipe");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("node", "node", script, one, two, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	if (!in || !fgets(line, sizeof(line), in) || sscanf(line, "ready %d", &port) != 1)
		t_fail("%s does not start", script);
	fclose(in);
	return port;
}
