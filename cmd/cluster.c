/* A private PostgreSQL: see cluster.h. */
#include "cmd/cluster.h"

#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define POSTGRES_HOME "/usr/lib/postgresql"
enum {
	FILE_MAX = 64 * 1024,
	OLDEST_POSTGRES = 15,
	START_TIMEOUT_S = 60,
	STOP_TIMEOUT_S = 60,
	LOG_MAX = 16 << 20
};

static bool complain(const char *what, const char *detail)
{
	fprintf(stderr, "sojorn: %s: %s\n", what, detail);
	return false;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static const char *path_in(const struct cluster *c, const char *name)
{
	return arena_printf(c->arena, "%s/%s", c->dir, name).p;
}

const char *cluster_program(const struct cluster *c, const char *name)
{
	return arena_printf(c->arena, "%s/%s", c->programs, name).p;
}

/* The first line of a small file, absent when it cannot be read. */
static str read_line(struct arena *a, const char *path)
{
	str text;

	if (!file_read(a, path, FILE_MAX, &text) || text.n == 0)
		return (str){ 0 };
	return arena_copy(a, str_trim(str_cut(&text, '\n')));
}

/* A small file of the cluster's account, which it alone can read. */
static bool write_private(const struct cluster *c, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (ok && c->account.change)
		ok = fchown(fd, c->account.uid, c->account.gid) == 0;
	if (fd >= 0)
		close(fd);
	return ok || complain(path, strerror(errno));
}

static int remove_entry(const char *path, [[maybe_unused]] const struct stat *st,
			[[maybe_unused]] int kind, [[maybe_unused]] struct FTW *at)
{
	return remove(path);
}

static bool remove_tree(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT
		|| complain(path, strerror(errno));
}

/* ---- whose it is ---- */

static bool make_account(const char *name)
{
	const char *const argv[] = { "useradd",	     "--system",
				     "--user-group", "--no-create-home",
				     "--home-dir",   "/nonexistent",
				     "--shell",	     "/usr/sbin/nologin",
				     name,	     NULL };

	if (process_run(&(struct spawn){ .argv = argv }) == 0)
		return true;
	return complain(name,
			"cannot make this account, which PostgreSQL needs because it refuses "
			"to run as root");
}

static bool find_account(struct cluster *c, const char *name)
{
	struct passwd *pw;

	if (geteuid() != 0)
		return true;
	pw = getpwnam(name);
	if (!pw && make_account(name))
		pw = getpwnam(name);
	if (!pw)
		return false;
	if (pw->pw_uid == 0)
		return complain(name, "PostgreSQL refuses to run as root");
	c->account = (struct account){ .change = true, .uid = pw->pw_uid, .gid = pw->pw_gid };
	return true;
}

/* ---- which programs ---- */

static bool has_postgis(struct arena *a, int version)
{
	return exists(arena_printf(a, "/usr/share/postgresql/%d/extension/postgis.control", version)
			      .p)
		&& exists(arena_printf(a, POSTGRES_HOME "/%d/bin/initdb", version).p);
}

/* The newest version installed that will do, or 0. */
static int newest_version(struct arena *a)
{
	DIR *dir = opendir(POSTGRES_HOME);
	int newest = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		int64_t n;

		if (str_to_i64(str_of(e->d_name), &n) && n >= OLDEST_POSTGRES && n < INT_MAX
		    && n > newest && has_postgis(a, (int)n))
			newest = (int)n;
	}
	if (dir)
		closedir(dir);
	return newest;
}

/* Existing data can be read only by the version that wrote it. */
static bool find_programs(struct cluster *c, const char *given)
{
	str written_by = read_line(c->arena, arena_printf(c->arena, "%s/PG_VERSION", c->data).p);
	int64_t version = 0;

	c->programs = given;
	if (given)
		return exists(cluster_program(c, "postgres"))
			|| complain(given, "no PostgreSQL there");
	if (!written_by.p)
		version = newest_version(c->arena);
	else if (!str_to_i64(written_by, &version) || !has_postgis(c->arena, (int)version))
		return complain(c->data, "its PostgreSQL version is no longer installed");
	if (!version)
		return complain("PostgreSQL",
				"needs version 15 or newer with PostGIS under " POSTGRES_HOME);
	c->programs = arena_printf(c->arena, POSTGRES_HOME "/%d/bin", (int)version).p;
	return true;
}

/* ---- where ---- */

static bool make_dirs(struct arena *a, const char *path, mode_t mode)
{
	for (const char *p = path + 1; *p; p++)
		if (*p == '/' && mkdir(arena_printf(a, "%.*s", (int)(p - path), path).p, 0755) < 0
		    && errno != EEXIST)
			return false;
	return mkdir(path, mode) == 0 || errno == EEXIST;
}

/* Makes a directory of the account's and sees whether the account can reach it. */
static bool usable(const struct cluster *c, const char *dir)
{
	const char *const argv[] = { "test", "-w", dir, "-a", "-x", dir, NULL };

	if (!make_dirs(c->arena, dir, 0700))
		return false;
	if (!c->account.change)
		return access(dir, W_OK | X_OK) == 0;
	if (chown(dir, c->account.uid, c->account.gid) < 0)
		return false;
	return process_run(&(struct spawn){ .argv = argv, .as = &c->account }) == 0;
}

/* A place under a name of its own, for a checkout whose path the account cannot enter (/root/…) or
 * which is too long for a socket's address. */
static const char *other_dir(const struct cluster *c, const struct cluster_options *o)
{
	const char *home = getenv("HOME");
	uint64_t id = hash_bytes(o->dir, strlen(o->dir), 0);

	if (c->account.change)
		return arena_printf(c->arena, "/var/lib/%s/%016" PRIx64, o->account, id).p;
	return arena_printf(c->arena, "%s/.local/share/sojorn-dev/%016" PRIx64,
			    home ? home : "/tmp", id)
		.p;
}

static bool fits_socket(const char *dir)
{
	return strlen(dir) + sizeof("/.s.PGSQL.65535")
		<= sizeof(((struct sockaddr_un *)0)->sun_path);
}

static bool find_dir(struct cluster *c, const struct cluster_options *o)
{
	c->dir = o->dir;
	if (!fits_socket(c->dir) || !usable(c, c->dir)) {
		rmdir(c->dir);
		c->dir = other_dir(c, o);
	}
	if (!fits_socket(c->dir) || !usable(c, c->dir))
		return complain(c->dir, "cannot keep a database there");
	c->data = path_in(c, "data");
	return true;
}

bool cluster_open(struct cluster *c, struct arena *a, const struct cluster_options *o)
{
	*c = (struct cluster){ .arena = a };
	return find_account(c, o->account) && find_dir(c, o) && find_programs(c, o->programs);
}

/* ---- making it ---- */

static int run_as_owner(const struct cluster *c, const char *const *argv, const char *in)
{
	return process_run(&(struct spawn){ .argv = argv,
					    .as = &c->account,
					    .in = in,
					    .log = path_in(c, "postgres.log"),
					    .end_signal = SIGKILL });
}

/* In a directory of another name until all of it is there, so a broken start leaves none behind. */
static bool make_data(struct cluster *c)
{
	const char *unfinished = path_in(c, "data.unfinished"), *sql = path_in(c, "create.sql");
	const char *pwfile = arena_printf(c->arena, "--pwfile=%s", path_in(c, "password")).p;
	const char *const initdb[] = { cluster_program(c, "initdb"),
				       "-D",
				       unfinished,
				       "-U",
				       "sojorn",
				       "--auth-local=trust",
				       "--auth-host=scram-sha-256",
				       pwfile,
				       "-E",
				       "UTF8",
				       "--locale=C.UTF-8",
				       "--no-instructions",
				       NULL };
	const char *const create[] = {
		cluster_program(c, "postgres"), "--single", "-D", unfinished, "template1", NULL
	};

	if (exists(unfinished) && !remove_tree(unfinished))
		return false;
	if (!write_private(c, path_in(c, "password"), rand_token(c->arena, 18).p)
	    || !write_private(c, sql, "CREATE DATABASE sojorn\n"))
		return false;
	if (run_as_owner(c, initdb, NULL) != 0 || run_as_owner(c, create, sql) != 0)
		return process_told_to_end()
			? false
			: complain("cannot make a database; see", path_in(c, "postgres.log"));
	unlink(sql);
	return rename(unfinished, c->data) == 0 || complain(c->data, strerror(errno));
}

/* ---- running it ---- */

static bool port_free(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0
		&& bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The port of the last time, unless it is taken now; below the range of outgoing connections. */
static bool choose_port(struct cluster *c)
{
	int64_t port;

	if (!str_to_i64(read_line(c->arena, path_in(c, "port")), &port) || port < 1024
	    || port > 65535)
		port = 0;
	for (int tries = 0; tries < 50 && (!port || !port_free((int)port)); tries++) {
		uint16_t random;

		rand_bytes(&random, sizeof(random));
		port = 20000 + random % 12000;
	}
	c->port = (int)port;
	return write_private(c, path_in(c, "port"), arena_printf(c->arena, "%d\n", c->port).p);
}

/* The directory as part of a URL. */
static const char *percent_encoded(struct arena *a, const char *s)
{
	str out = S("");

	for (; *s; s++)
		out = arena_printf(a,
				   strchr("/-._", *s) || isalnum((unsigned char)*s) ? "%.*s%c"
										    : "%.*s%%%02X",
				   (int)out.n, out.p, (unsigned char)*s);
	return out.p;
}

static void set_urls(struct cluster *c)
{
	c->url = arena_printf(c->arena, "postgresql://sojorn@/sojorn?host=%s&port=%d",
			      percent_encoded(c->arena, c->dir), c->port)
			 .p;
	c->password = read_line(c->arena, path_in(c, "password")).p;
}

/* The server's own note: line 1 its pid, line 8 "ready" once it answers. */
static bool is_ready(const struct cluster *c, pid_t *ret_pid)
{
	char line[256]; /* no path here is longer: it holds a socket */
	FILE *f = fopen(path_in(c, "data/postmaster.pid"), "re");
	bool ready = false;

	for (int n = 1; f && fgets(line, sizeof(line), f); n++) {
		if (n == 1)
			*ret_pid = (pid_t)strtol(line, NULL, 10);
		ready = n == 8 && strncmp(line, "ready", 5) == 0;
	}
	if (f)
		fclose(f);
	return ready;
}

static bool wait_until_ready(struct cluster *c)
{
	int64_t end = time_monotonic() + START_TIMEOUT_S * SECOND;
	pid_t pid = 0;

	while (!is_ready(c, &pid) || pid != c->server) {
		if (!process_alive(c->server, NULL)) {
			c->server = 0;
			return complain("PostgreSQL did not start; see",
					path_in(c, "postgres.log"));
		}
		if (process_told_to_end())
			return false;
		if (time_monotonic() > end)
			return complain("PostgreSQL takes too long; see",
					path_in(c, "postgres.log"));
		process_wait_event(10 * MILLISECOND);
	}
	return true;
}

static void cut_log(const char *log)
{
	struct stat st;

	if (stat(log, &st) == 0 && st.st_size > LOG_MAX && truncate(log, 0) < 0)
		perror(log);
}

/* Logical replication is on, because moving a live app here needs it. */
static bool start_server(struct cluster *c)
{
	const char *log = path_in(c, "postgres.log");
	const char *port = arena_printf(c->arena, "%d", c->port).p;
	const char *const argv[] = { cluster_program(c, "postgres"),
				     "-D",
				     c->data,
				     "-k",
				     c->dir,
				     "-p",
				     port,
				     "-c",
				     "listen_addresses=127.0.0.1",
				     "-c",
				     "wal_level=logical",
				     "-c",
				     "max_connections=200",
				     "-c",
				     "timezone=UTC",
				     "-c",
				     "log_timezone=UTC",
				     "-c",
				     "logging_collector=off",
				     NULL };

	cut_log(log);
	c->server = process_start(&(
		struct spawn){ .argv = argv, .as = &c->account, .log = log, .end_signal = SIGINT });
	if (c->server > 0 && wait_until_ready(c))
		return true;
	cluster_stop(c);
	return false;
}

bool cluster_start(struct cluster *c)
{
	if (!exists(c->data)) {
		fprintf(stderr, "making a database in %s\n", c->dir);
		if (!make_data(c))
			return false;
	}
	if (!choose_port(c) || !start_server(c))
		return false;
	set_urls(c);
	return true;
}

void cluster_stop(struct cluster *c)
{
	if (c->server > 0)
		process_stop(c->server, SIGINT, STOP_TIMEOUT_S * SECOND);
	c->server = 0;
}

bool cluster_attach(struct cluster *c)
{
	int64_t port;
	pid_t pid = 0;

	if (!is_ready(c, &pid) || kill(pid, 0) < 0
	    || !str_to_i64(read_line(c->arena, path_in(c, "port")), &port))
		return false;
	c->port = (int)port;
	set_urls(c);
	return true;
}

bool cluster_remove(struct cluster *c)
{
	return remove_tree(c->dir);
}
