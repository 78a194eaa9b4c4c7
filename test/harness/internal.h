/* What the files of the harness share: names begin with h_. */
#pragma once

#include "test/harness/harness.h"

#include <stdarg.h>
#include <sys/types.h>

enum { H_SETTINGS = 48 };

struct t_server {
	pid_t pid; /* 0: not running */
	int port,
		reserved; /* the port stays bound, so that nobody else gets it between two starts */
	const char *dir;  /* log, admin.sock, mail/, uploads/ */
	const char *settings[H_SETTINGS + 1];
	const char *database_url;
	struct t_server *next;
};

/* ---- memory.c ---- */

/* Zeroed memory until the process ends. Thread-safe, as all of this file. */
const char *h_keep_text(const char *p, size_t n);
const char *h_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* A file's contents; NULL when it cannot be read. */
const char *h_read_file(const char *path);

/* ---- database.c ---- */

/* Makes the migrated template; false with a message on stderr. */
bool h_databases_begin(void);
void h_databases_end(void);

/* A new database, a copy of the migrated template or empty; its URL, NULL with a message on stderr. */
const char *h_database_new(bool migrated);

/* ---- server.c ---- */

/* Sends what follows to it. */
extern struct t_server *h_server;

/* A file in the run's directory that nobody else has. */
const char *h_run_path(const char *name);

/* ---- client.c ---- */

/* Closes this thread's connection. */
void h_client_thread_end(void);

/* ---- program.c ---- */

/* Starts it with these settings as its whole environment (but for what sanitizers need) in `dir`;
 * stdout and stderr go to the files named. */
pid_t h_spawn(const char *const *settings, const char *const *argv, const char *dir,
	      const char *out, const char *err);

/* Waits for its end, so long at most, then kills it; its status as in struct t_run. */
int h_wait(pid_t pid, int milliseconds);

struct t_run h_run(const char *const *settings, const char *const *argv);
