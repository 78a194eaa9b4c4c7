/*
 * Backups by pgBackRest: what its configuration says is made here, what it does it does. Beside its repository
 * stand the media, copied once each, and a list of them with their hashes.
 *
 *	BACKUP_DIR/pgbackrest.conf    made at each call; restore.conf when there is no cluster to ask
 *	BACKUP_DIR/repo, log, spool   pgBackRest's; the repository is in a bucket when BACKUP_S3_BUCKET names one,
 *	BACKUP_DIR/media, media.txt   and so are the media and a copy of their list, which is sha256sum's
 *	BACKUP_DIR/drill.json         the last drill; all runs are rows of backup_runs, too, for metrics and alerts
 *
 * Private to cmd/backup*.c. All of it blocks; what goes wrong is said on stderr.
 */
#pragma once

#include "cmd/process.h"
#include "lib/base/arena.h"
#include "lib/base/config.h"

#define BACKUP_STANZA "sojorn"

struct backup {
	struct arena *arena;
	struct config *config;
	const char *dir, *conf;
	const char *data, *port, *socket, *superuser, *database; /* of the cluster */
	const char *archive_command;				 /* "": it archives nothing */
	bool json;
};

/* "BACKUP_DIR/name", in the arena. */
const char *backup_path(const struct backup *b, const char *name);

/* What goes wrong, on stderr; false. */
bool backup_complain(const char *what, const char *why);

/* Where the cluster is asked as a superuser. */
const char *backup_url(const struct backup *b);

/*
 * backup_place.c: finds the place and who works there, beside a cluster that answers (online), or without one, to bring
 * it back into `to` (NULL: not now). Root becomes the account that owns the cluster's files, with the group that may
 * read the uploads, for good: what it makes is the same whether an operator or a timer has called. `as_root`: not so,
 * as the uploads are somebody else's.
 */
[[nodiscard]] bool backup_open_online(struct backup *b);
[[nodiscard]] bool backup_open_offline(struct backup *b, const char *to, bool as_root);

/* Runs pgBackRest with our configuration: `words`, NULL-terminated, come behind it. False when it fails. */
[[nodiscard]] bool backup_tool(const struct backup *b, const char *out, const char *const *words);

/* ---- backup_list.c: what pgBackRest has ---- */

/* When the newest backup ended and the newest full one, seconds since 1970; 0: there is none. */
struct backup_list {
	int64_t newest, newest_full;
};
[[nodiscard]] bool backup_list(const struct backup *b, struct backup_list *out,
			       const char **problem);

/* ---- backup_media.c ---- */

/* Copies media that the backup does not have yet, and lists them. *ret_n: how many came. */
[[nodiscard]] bool backup_media(const struct backup *b, int64_t *ret_n);

/* Compares `sample` files of the list, drawn by chance, with their hashes; all when there are fewer. *ret_bad: names
 * the first that differs, NULL: none does. */
[[nodiscard]] bool backup_media_check(const struct backup *b, int sample, const char **ret_bad);

/* Brings back what the list has and the server's own store has not. *ret_n: how many. */
[[nodiscard]] bool backup_media_restore(const struct backup *b, int64_t *ret_n);

/* ---- backup_drill.c ---- */

/* Restores to a point in time in a folder of its own, looks at what is there, and says how long it took. */
[[nodiscard]] bool backup_drill(struct backup *b);

/* ---- what has happened ---- */

/* A row of backup_runs; `problem` NULL: it went well. `rpo`: seconds, as text; NULL: not measured. */
void backup_record(const struct backup *b, const char *kind, const char *problem, double seconds,
		   const char *rpo);
