/* Child processes of a command that supervises: see process.h. */
#include "cmd/process.h"

#include "lib/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t watched, before;
static int told_to_end;

void process_setup(void)
{
	sigemptyset(&watched);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGHUP);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, &before);
}

int process_told_to_end(void)
{
	return told_to_end;
}

/* ---- in the child ---- */

[[gnu::noreturn]] static void give_up(const char *what)
{
	fprintf(stderr, "sojorn: %s: %s\n", what, strerror(errno));
	_exit(126);
}

static void redirect(const char *file, int flags, int to)
{
	int fd = open(file, flags | O_CLOEXEC, 0600);

	if (fd < 0 || dup2(fd, to) < 0)
		give_up(file);
}

static void redirect_all(const struct spawn *s)
{
	if (!s->foreground || s->in)
		redirect(s->in ? s->in : "/dev/null", O_RDONLY, STDIN_FILENO);
	if (s->out)
		redirect(s->out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	if (s->log && !s->out)
		redirect(s->log, O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
	if (s->log)
		redirect(s->log, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
}

static void become(const struct account *a)
{
	if (setgroups(0, NULL) < 0 || setgid(a->gid) < 0 || setuid(a->uid) < 0)
		give_up("cannot change the account");
	umask(0077);
}

[[gnu::noreturn]] static void run_child(const struct spawn *s, pid_t parent)
{
	redirect_all(s); /* with our own rights: the files are ours */
	if (!s->foreground)
		setpgid(0, 0);
	if (s->as && s->as->change)
		become(s->as);
	if (s->end_signal)
		prctl(PR_SET_PDEATHSIG, s->end_signal);
	if (getppid() != parent)
		_exit(126);
	sigprocmask(SIG_SETMASK, &before, NULL);
	execvp(s->argv[0], (char *const *)(uintptr_t)s->argv);
	give_up(s->argv[0]);
}

/* ---- in the supervisor ---- */

pid_t process_start(const struct spawn *s)
{
	pid_t parent = getpid(), child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		run_child(s, parent);
	if (child < 0)
		perror("sojorn: cannot start a process");
	return child;
}

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

bool process_alive(pid_t pid, int *ret_status)
{
	int status = 0;
	pid_t ended = waitpid(pid, &status, WNOHANG);

	if (ended == 0)
		return true;
	if (ret_status)
		*ret_status = ended == pid ? status_of(status) : -1;
	return false;
}

void process_wait_event(int64_t timeout)
{
	struct timespec t = { timeout / SECOND, timeout % SECOND * 1000 };
	int sig = sigtimedwait(&watched, NULL, &t);

	if (sig > 0 && sig != SIGCHLD)
		told_to_end = sig;
}

int process_run(const struct spawn *s)
{
	pid_t child = process_start(s);
	bool passed_on = false;
	int status;

	if (child < 0)
		return -1;
	while (process_alive(child, &status)) {
		process_wait_event(SECOND);
		if (told_to_end && !passed_on && !s->foreground)
			kill(child, SIGTERM);
		passed_on = told_to_end;
	}
	return status;
}

void process_stop(pid_t pid, int signal, int64_t timeout)
{
	int64_t end = time_monotonic() + timeout;

	kill(pid, signal);
	while (process_alive(pid, NULL)) {
		if (time_monotonic() >= end)
			kill(pid, SIGKILL);
		process_wait_event(50 * MILLISECOND);
	}
}
