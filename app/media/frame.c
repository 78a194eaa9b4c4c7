/*
 * ffmpeg as a child that can do little: its demuxer is named, so a playlist is never taken for a film; it may
 * open nothing but the descriptor it is given; it has no network where the kernel lets us take it away; and
 * it ends after 10 s of computing, 20 s of waiting, or with us.
 */
#include "app/media/frame.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, INPUT = 3, NOT_THERE = 127 };

static const struct {
	int what;
	rlim_t most;
} limits[] = {
	{ RLIMIT_CPU, 10 },	   { RLIMIT_AS, (rlim_t)1 << 30 },
	{ RLIMIT_FSIZE, 8 << 20 }, { RLIMIT_NOFILE, 32 },
	{ RLIMIT_CORE, 0 },
};

static void set_limits(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct rlimit l = { limits[i].most, limits[i].most };

		if (setrlimit((__rlimit_resource_t)limits[i].what, &l) != 0)
			_exit(NOT_THERE);
	}
}

/* Between fork and exec of a process with threads: system calls only. */
[[gnu::noreturn]] static void become_ffmpeg(int from, int to, char *const *argv, pid_t parent)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	static char *const environment[] = { path, NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (unshare(CLONE_NEWNET) != 0)
		(void)unshare(CLONE_NEWUSER | CLONE_NEWNET);
	/* first out of the way of each other */
	from = fcntl(from, F_DUPFD, 16);
	to = fcntl(to, F_DUPFD, 16);
	if (getppid() != parent || dup2(from, INPUT) < 0 || dup2(to, STDOUT_FILENO) < 0)
		_exit(NOT_THERE);
	if (lseek(INPUT, 0, SEEK_SET) != 0 || close_range(INPUT + 1, ~0U, 0) != 0)
		_exit(NOT_THERE);
	set_limits();
	execvpe("ffmpeg", argv, environment);
	_exit(NOT_THERE);
}

/* Its exit status; whoever takes too long is killed. */
static int wait_for(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&p, 1, PATIENCE_MS) != 1)
		kill(pid, SIGKILL);
	if (fd >= 0)
		close(fd);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_THERE;
}

bool frame_extract(int from, enum media_form form, int to)
{
	char *demuxer = form == FORM_WEBM ? "matroska" : "mov";
	char *const argv[] = {
		"ffmpeg",
		"-nostdin",
		"-v",
		"quiet",
		"-threads",
		"1",
		"-protocol_whitelist",
		"file,pipe",
		"-f",
		demuxer,
		"-i",
		"/proc/self/fd/3",
		"-frames:v",
		"1",
		"-vf",
		"scale='min(960,iw)':-2",
		"-map_metadata",
		"-1",
		"-f",
		"mjpeg",
		"pipe:1",
		NULL,
	};
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return false;
	if (pid == 0)
		become_ffmpeg(from, to, argv, parent);
	return wait_for(pid) == 0;
}
