/*
 * Child processes of a command that supervises. Each gets a process group of its own, so that Ctrl-C
 * reaches the supervisor alone and it decides the order of ending; and ends with the supervisor even
 * if that is killed.
 */
#pragma once

#include "lib/base/str.h"

#include <sys/types.h>

struct account { /* whom a child becomes; only root can */
	bool change;
	uid_t uid;
	gid_t gid;
};

struct spawn {
	const char *const *argv;  /* NULL-terminated; argv[0] is a path or is looked up in PATH */
	const struct account *as; /* NULL: ourselves */
	const char *in;		  /* file to read from; NULL: /dev/null */
	const char *out;	  /* file that gets stdout; NULL: our own */
	const char *
		log; /* file to which stderr, and stdout unless `out`, is appended; NULL: our own */
	int end_signal;	 /* what it gets when we die */
	bool foreground; /* ours is the terminal: same group, same stdin */
};

/* Takes over the signals that end us or tell of children. Once, before any of the rest. */
void process_setup(void);

/* The pid, or -1 with a line on stderr. */
pid_t process_start(const struct spawn *s);

/* Starts a child and waits for its end; one of the ending signals is passed on to it.
 * Its exit status, 128 + signal, or -1 when it could not be started. */
int process_run(const struct spawn *s);

/* Sends the signal and waits; SIGKILL when `timeout` microseconds were not enough. */
void process_stop(pid_t pid, int signal, int64_t timeout);

/* False once the child has ended; then *ret_status (may be NULL) is as process_run's. */
bool process_alive(pid_t pid, int *ret_status);

/* Sleeps until a child ended, a signal to end came or the time (microseconds) is over. */
void process_wait_event(int64_t timeout);

/* The signal that told us to end, or 0. */
int process_told_to_end(void);
