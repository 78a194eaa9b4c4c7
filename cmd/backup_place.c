/* The place of backups, whose it is, and pgBackRest's configuration. See backup.h. */
#include "cmd/backup.h"
#include "cmd/backup.sql.h"
#include "lib/db/script.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POSTGRES "postgres" /* Debian's account of all clusters */

enum { CONNECT_SECONDS = 10 };

/* ---- whose it is ---- */

/* For good; the uploads' group may read what is to be kept. */
static bool become(const struct backup *b, uid_t uid, gid_t gid)
{
	gid_t groups[2] = { gid, gid };
	struct stat uploads;

	if (geteuid() != 0 || uid == 0)
		return true;
	if (stat(config_cstr(b->config, "UPLOAD_DIR"), &uploads) == 0)
		groups[1] = uploads.st_gid;
	return (setgroups(2, groups) == 0 && setgid(gid) == 0 && setuid(uid) == 0)
		|| backup_complain("becoming the cluster's account", strerror(errno));
}

static bool make_dir(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST || backup_complain(path, strerror(errno));
}

/* A folder that root makes for that account. */
static bool make_dir_of(const char *path, uid_t uid, gid_t gid)
{
	if (!make_dir(path))
		return false;
	return geteuid() != 0 || chown(path, uid, gid) == 0
		|| backup_complain(path, strerror(errno));
}

static bool make_dirs(const struct backup *b)
{
	static const char *const names[] = { "repo", "log", "spool", "media" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!make_dir(backup_path(b, names[i])))
			return false;
	return true;
}

/* ---- pgBackRest's configuration ---- */

static str conf_bucket(const struct backup *b)
{
	str url = config_str(b->config, "BACKUP_S3_ENDPOINT");
	const char *authorities = getenv("SSL_CERT_FILE");
	str host = str_slice(url, (size_t)(str_find(url, S("://")) + 3), url.n), port = host;

	host = str_cut(&port, ':');
	return arena_printf(b->arena,
			    "repo1-type=s3\nrepo1-path=/repo\nrepo1-s3-uri-style=path\n"
			    "repo1-s3-endpoint=%.*s\nrepo1-storage-port=%.*s\n"
			    "repo1-s3-bucket=%s\nrepo1-s3-region=%s\n"
			    "repo1-s3-key=%s\nrepo1-s3-key-secret=%s\n%s%s\n",
			    (int)host.n, host.p, port.p ? (int)port.n : 3, port.p ? port.p : "443",
			    config_cstr(b->config, "BACKUP_S3_BUCKET"),
			    config_cstr(b->config, "BACKUP_S3_REGION"),
			    config_cstr(b->config, "BACKUP_S3_ACCESS_KEY"),
			    config_cstr(b->config, "BACKUP_S3_SECRET_KEY"),
			    authorities ? "repo1-storage-ca-file=" : "",
			    authorities ? authorities : "");
}

static str conf_repository(const struct backup *b)
{
	return config_cstr(b->config, "BACKUP_S3_BUCKET")
		? conf_bucket(b)
		: arena_printf(b->arena, "repo1-path=%s/repo\n", b->dir);
}

static str conf_cluster(const struct backup *b)
{
	if (!b->port)
		return arena_printf(b->arena, "pg1-path=%s\n", b->data);
	return arena_printf(b->arena,
			    "pg1-path=%s\npg1-port=%s\npg1-socket-path=%s\npg1-user=%s\n"
			    "pg1-database=%s\n",
			    b->data, b->port, b->socket, b->superuser, b->database);
}

/* Settings of PGBACKREST_… in the environment come on top. */
static str conf_text(const struct backup *b)
{
	const char *key = config_cstr(b->config, "BACKUP_KEY");

	return arena_printf(b->arena,
			    "[global]\n%slog-path=%s/log\nspool-path=%s/spool\nlock-path=%s/log\n"
			    "repo1-retention-full=%lld\nrepo1-bundle=y\nstart-fast=y\n"
			    "compress-type=zst\nlog-level-console=warn\nlog-level-file=detail\n"
			    "%s%s%s\n[" BACKUP_STANZA "]\n%s",
			    conf_repository(b).p, b->dir, b->dir, b->dir,
			    (long long)config_int(b->config, "BACKUP_KEEP"),
			    key ? "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=" : "",
			    key ? key : "", key ? "\n" : "", conf_cluster(b).p);
}

static bool write_conf(const struct backup *b)
{
	str text = conf_text(b);
	int fd = open(b->conf, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;

	if (fd >= 0)
		close(fd);
	return good || backup_complain(b->conf, strerror(errno));
}

/* ---- the cluster ---- */

static const char *answer(const struct backup *b, struct script *s, int column)
{
	const char *v = script_value(s, 0, column);

	return arena_cstr(b->arena, str_of(v ? v : ""));
}

static void take_answers(struct backup *b, struct script *s)
{
	b->data = answer(b, s, 0);
	b->port = answer(b, s, 1);
	b->socket = answer(b, s, 2);
	b->archive_command = answer(b, s, 3);
	b->superuser = answer(b, s, 4);
	b->database = answer(b, s, 5);
}

static bool look_at_cluster(struct backup *b)
{
	struct script *s = script_open(backup_url(b), CONNECT_SECONDS);
	bool good = script_run(s, &sql_backup_cluster, NULL);

	if (good)
		take_answers(b, s);
	else
		backup_complain("the cluster does not tell (BACKUP_DATABASE_URL is a superuser's)",
				script_problem(s));
	script_close(s);
	return good;
}

/* ---- opening ---- */

static bool find_dir(struct backup *b, const char *conf)
{
	b->dir = config_cstr(b->config, "BACKUP_DIR");
	if (!b->dir || *b->dir != '/')
		return backup_complain("BACKUP_DIR", "must be set to a path from the root on");
	if (config_cstr(b->config, "BACKUP_S3_BUCKET")
	    && (!config_cstr(b->config, "BACKUP_S3_ENDPOINT")
		|| !config_cstr(b->config, "BACKUP_S3_ACCESS_KEY")
		|| !config_cstr(b->config, "BACKUP_S3_SECRET_KEY")))
		return backup_complain("BACKUP_S3_BUCKET",
				       "wants BACKUP_S3_ENDPOINT, BACKUP_S3_ACCESS_KEY and "
				       "BACKUP_S3_SECRET_KEY, too");
	b->conf = backup_path(b, conf);
	return true;
}

bool backup_open_online(struct backup *b)
{
	struct stat st;

	if (!find_dir(b, "pgbackrest.conf") || !look_at_cluster(b))
		return false;
	if (stat(b->data, &st) < 0)
		return backup_complain(b->data, "is not on this machine");
	return make_dir_of(b->dir, st.st_uid, st.st_gid) && become(b, st.st_uid, st.st_gid)
		&& make_dirs(b) && write_conf(b);
}

bool backup_open_offline(struct backup *b, const char *to, bool as_root)
{
	const struct passwd *account = getpwnam(POSTGRES);
	struct stat st = { .st_uid = account ? account->pw_uid : geteuid(),
			   .st_gid = account ? account->pw_gid : getegid() };

	if (!find_dir(b, "restore.conf"))
		return false;
	(void)!stat(b->dir, &st); /* whose a repository on this disk is */
	b->data = to ? to : "/nonexistent";
	if (!make_dir_of(b->dir, st.st_uid, st.st_gid))
		return false;
	if (as_root)
		return true;
	return (!to || make_dir_of(to, st.st_uid, st.st_gid)) && become(b, st.st_uid, st.st_gid)
		&& make_dirs(b) && write_conf(b);
}
