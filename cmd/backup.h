/*
 * Backups by pgBackRest: what its configuration says is made here, what it does it does. Beside its repository
 * stand the media, copied once each, and a list of them with their hashes.
 *
 *	BACKUP_DIR/pgbackrest.conf    made at each call
 *	BACKUP_DIR/repo, log, spool   pgBackRest's
 *	BACKUP_DIR/media, media.txt   uploads; the list is sha256sum's
 *	BACKUP_DIR/drill.json         the last drill, and sojorn_backup.prom for Prometheus' node exporter
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
	struct account account; /* who owns the cluster's files, when we are root */
	const char *data, *port, *socket, *superuser, *database;
	bool archives; /* the cluster hands its WAL to us */
	bool json;
};

/* "BACKUP_DIR/name", in the arena. */
const char *backup_path(const struct backup *b, const char *name);

/* Runs pgBackRest with our configuration: `words`, NULL-terminated, come behind it. False when it fails. */
[[nodiscard]] bool backup_tool(const struct backup *b, const char *out, const char *const *words);

/* Copies uploads that the backup does not have yet, and lists them. *ret_n: how many came. */
[[nodiscard]] bool backup_media(const struct backup *b, int64_t *ret_n);

/* Compares `sample` files of the list, drawn by chance, with their hashes; all when there are fewer. *ret_bad: names
 * the first that differs, NULL: none does. */
[[nodiscard]] bool backup_media_check(const struct backup *b, int sample, const char **ret_bad);

/* Restores to a point in time in a folder of its own, looks at what is there, and says how long it took. */
[[nodiscard]] bool backup_drill(struct backup *b);
