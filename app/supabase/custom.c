/* See landing.h. The format is pg_dump's own affair and changes with it, so its own program reads it; a truncated or
 * damaged file is found by it, too. The script takes as much room in TMPDIR as the rows of the dump are long. */
#include "app/supabase/landing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *temporary_folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

/* A file that is gone with its descriptor; -1: there can be none. */
static int open_nameless(struct arena *a)
{
	const char *dir = temporary_folder();
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *name;

	if (fd >= 0)
		return fd;
	name = arena_alloc(a,
			   strlen(dir) + sizeof "/sojorn-XXXXXX"); /* not every file system can */
	stpcpy(stpcpy(name, dir), "/sojorn-XXXXXX");
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

static int restore_into(int fd, const char *file)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(fd, STDOUT_FILENO) >= 0)
			execlp("pg_restore", "pg_restore", "--no-owner", "--no-privileges",
			       "--file=-", "--", file, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status;
}

bool custom_script(struct move *m, const char *file, str *out)
{
	int fd = open_nameless(m->arena), status;
	bool good;

	if (fd < 0)
		return move_fail(m, "%s: no file can be made there for the dump's script",
				 temporary_folder());
	status = restore_into(fd, file);
	good = status == 0
		&& dump_map(m->arena, arena_printf(m->arena, "/proc/self/fd/%d", fd).p, out,
			    &m->problem);
	close(fd);
	if (good || m->problem)
		return good;
	return move_fail(
		m, "%s: %s", file,
		WIFEXITED(status) && WEXITSTATUS(status) == 127
			? "a dump in custom format, and pg_restore is not installed; package "
			  "postgresql-client has it"
			: "pg_restore has failed; it says above why");
}
