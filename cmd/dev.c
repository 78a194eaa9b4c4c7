/*
 * sojorn dev: everything on one machine for trying out and developing. Starts a private PostgreSQL,
 * migrates, fills an empty database with example data, serves, and ends all of it in the right order.
 * `./dev run` of a checkout is this command after installing and building.
 *
 * Whatever it keeps lies in SOJORN_DEV_DIR (.local): pg/ the cluster and the seeded logins, mail/,
 * uploads/, and the secret that signs tokens, so that sign-ins outlive a restart.
 */
#include "cmd/cluster.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERVE_START_TIMEOUT_S = 30, SERVE_STOP_TIMEOUT_S = 20 };

struct dev {
	struct arena *arena;
	struct config *config;
	struct cluster cluster;
	const char *self;		 /* this program */
	const char *dir;		 /* absolute */
	const char *bind, *port, *admin; /* as serve will read them */
	int lock;
};

static bool complain(const char *what, const char *detail)
{
	fprintf(stderr, "sojorn dev: %s: %s\n", what, detail);
	return false;
}

static const char *path_in(const struct dev *d, const char *name)
{
	return arena_printf(d->arena, "%s/%s", d->dir, name).p;
}

/* ---- before anything runs ---- */

static bool find_places(struct dev *d)
{
	const char *dir = config_cstr(d->config, "SOJORN_DEV_DIR");
	char *self = realpath("/proc/self/exe", NULL), *absolute;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return complain(dir, strerror(errno));
	absolute = realpath(dir, NULL);
	if (self && absolute) {
		d->self = arena_cstr(d->arena, str_of(self));
		d->dir = arena_cstr(d->arena, str_of(absolute));
	}
	free(self);
	free(absolute);
	d->bind = config_cstr(d->config, "BIND");
	d->port = arena_printf(d->arena, "%lld", (long long)config_int(d->config, "PORT")).p;
	d->admin = config_cstr(d->config, "ADMIN_ADDR");
	return d->self && d->dir;
}

/* One at a time in this directory. The lock goes with the process, children do not inherit it. */
static bool take_lock(struct dev *d)
{
	d->lock = open(path_in(d, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	return d->lock >= 0 && flock(d->lock, LOCK_EX | LOCK_NB) == 0;
}

static bool parse_address(const char *host, const char *port, struct sockaddr_in *out)
{
	int64_t n;

	if (!str_to_i64(str_of(port), &n) || n < 1 || n > 65535)
		return false;
	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)n) };
	return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}

/* An address of another family is left to the server to judge. */
static bool address_free(const char *host, const char *port)
{
	struct sockaddr_in to;
	int fd, yes = 1;
	bool busy;

	if (!parse_address(host, port, &to))
		return true;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	busy = bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno == EADDRINUSE;
	close(fd);
	return !busy;
}

static bool ports_free(const struct dev *d)
{
	const char *colon = strrchr(d->admin, ':');
	const char *admin_host =
		colon ? arena_printf(d->arena, "%.*s", (int)(colon - d->admin), d->admin).p : "";

	if (!address_free(d->bind, d->port))
		return complain("PORT",
				"it is taken, maybe by another checkout; choose others, like "
				"PORT=8090 ADMIN_ADDR=127.0.0.1:8091");
	if (colon && !address_free(admin_host, colon + 1))
		return complain("ADMIN_ADDR",
				"it is taken, maybe by another checkout; choose another, "
				"like 127.0.0.1:8091");
	return true;
}

/* ---- the settings of what we start ---- */

/* Made once, kept: a restart must not sign everybody out. */
static const char *token_secret(struct dev *d)
{
	const char *path = path_in(d, "jwt_secret");
	str kept;

	if (file_read(d->arena, path, 128, &kept) && kept.n >= 32)
		return kept.p;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	str fresh = rand_token(d->arena, 48);
	if (fd < 0 || write(fd, fresh.p, fresh.n) != (ssize_t)fresh.n)
		complain(path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return fresh.p;
}

/* A setting of ours where nobody made one. */
static void set_default(struct dev *d, const char *name, const char *value)
{
	if (strcmp(config_source(d->config, name), "default") == 0)
		setenv(name, value, 1);
}

static const char *make_folder(struct dev *d, const char *name)
{
	const char *folder = path_in(d, name);

	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		complain(folder, strerror(errno));
	return folder;
}

/* The private database always: a .env here may name a live one, which must not be seeded. */
static void set_environment(struct dev *d)
{
	setenv("DATABASE_URL", d->cluster.url, 1);
	setenv("ENV", "development", 1);
	set_default(d, "JWT_SECRET", token_secret(d));
	set_default(d, "UPLOAD_DIR", make_folder(d, "uploads"));
	if (!config_cstr(d->config, "SMTP_HOST"))
		set_default(d, "MAIL_DIR", make_folder(d, "mail"));
}

/* ---- the steps ---- */

static bool migrate(struct dev *d)
{
	const char *const argv[] = { d->self, "migrate", "up", NULL };

	return process_run(&(struct spawn){ .argv = argv }) == 0
		|| complain("migrate up", "failed");
}

/* Example data goes into a new database once; what the command says (logins) stays beside it. */
static bool seed(struct dev *d, bool wanted)
{
	const char *done = arena_printf(d->arena, "%s/seed.json", d->cluster.dir).p;
	const char *unfinished = arena_printf(d->arena, "%s.new", done).p;
	const char *const argv[] = { d->self, "seed", "--json", NULL };
	const char *const nothing[] = { "echo", "{}", NULL };

	if (access(done, F_OK) == 0)
		return true;
	if (wanted)
		fputs("filling it with example data\n", stderr);
	if (process_run(&(struct spawn){ .argv = wanted ? argv : nothing, .out = unfinished }) != 0)
		return complain("seed", "failed");
	return rename(unfinished, done) == 0 || complain(done, strerror(errno));
}

/* Whether the server says over HTTP that it can work. */
static bool is_ready(const struct dev *d)
{
	static const char question[] =
		"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char answer[16] = "";
	struct sockaddr_in to;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0
		&& parse_address(strcmp(d->bind, "0.0.0.0") == 0 ? "127.0.0.1" : d->bind, d->port,
				 &to)
		&& connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0
		&& send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) > 0
		&& recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) > 0;

	if (fd >= 0)
		close(fd);
	return ok && strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void tell_end(const char *what, int status)
{
	if (status > 128)
		fprintf(stderr, "sojorn dev: %s ended by itself: %s\n", what,
			strsignal(status - 128));
	else
		fprintf(stderr, "sojorn dev: %s ended by itself: status %d\n", what, status);
}

static pid_t start_serving(struct dev *d)
{
	const char *const argv[] = { d->self, "serve", NULL };
	pid_t server = process_start(&(struct spawn){ .argv = argv, .end_signal = SIGTERM });
	int64_t end = time_monotonic() + SERVE_START_TIMEOUT_S * SECOND;
	int status = 0;

	while (server > 0 && !is_ready(d)) {
		if (!process_alive(server, &status)) {
			if (!process_told_to_end())
				tell_end("the server", status);
			return -1;
		}
		if (process_told_to_end() || time_monotonic() > end) {
			if (!process_told_to_end())
				complain("serve", "takes too long to get ready");
			process_stop(server, SIGTERM, SERVE_STOP_TIMEOUT_S * SECOND);
			return -1;
		}
		process_wait_event(10 * MILLISECOND);
	}
	return server;
}

/* ---- what the user sees ---- */

struct login {
	str email, password;
};
static const struct field login_fields[] = {
	FIELD(struct login, email),
	FIELD(struct login, password),
	{ 0 },
};

struct seeded {
	struct list login;
};
static const struct field seeded_fields[] = {
	FIELD(struct seeded, login, .of = login_fields, .size = sizeof(struct login)),
	{ 0 },
};

static struct login first_login(struct dev *d, const char *file)
{
	struct seeded in = { 0 };
	struct login none = { 0 };
	char *text = arena_alloc(d->arena, 8192);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, 8192) : 0;

	if (fd >= 0)
		close(fd);
	if (n <= 0
	    || fields_from_json(d->arena, (str){ text, (size_t)n }, seeded_fields, &in, NULL).info)
		return none;
	return in.login.n ? ((struct login *)in.login.v)[0] : none;
}

static void tell(struct dev *d)
{
	const char *seeded = arena_printf(d->arena, "%s/seed.json", d->cluster.dir).p;
	struct login who = first_login(d, seeded);

	printf("\nSojorn is running.\n\n");
	printf("  API        http://%s:%s   (try /health, /api/v1/openapi.json)\n", d->bind,
	       d->port);
	printf("  operators  http://%s\n", d->admin);
	printf("  database   %s\n", d->cluster.url);
	if (getenv("MAIL_DIR"))
		printf("  mail       %s\n", getenv("MAIL_DIR"));
	if (who.email.p)
		printf("  sign in    %.*s  password %.*s   (more: %s)\n", (int)who.email.n,
		       who.email.p, (int)who.password.n, who.password.p, seeded);
	printf("\nCtrl-C stops everything; the data stays.\n\n");
	fflush(stdout);
}

/* ---- the command's forms ---- */

/* Serves until told to end or the server or the database ends by itself. */
static int serve_until_end(struct dev *d)
{
	pid_t server = start_serving(d);
	int status = 0;

	if (server < 0)
		return FAILED;
	tell(d);
	while (!process_told_to_end()) {
		if (!process_alive(server, &status)) {
			tell_end("the server", status);
			return FAILED;
		}
		if (!process_alive(d->cluster.server, &status)) {
			tell_end("the database", status);
			d->cluster.server = 0;
			break;
		}
		process_wait_event(60 * SECOND);
	}
	process_stop(server, SIGTERM, SERVE_STOP_TIMEOUT_S * SECOND);
	return process_told_to_end() ? DONE : FAILED;
}

static int run(struct dev *d, bool seeded)
{
	int status = FAILED;

	if (!ports_free(d) || !cluster_start(&d->cluster))
		return process_told_to_end() ? DONE : FAILED;
	set_environment(d);
	if (migrate(d) && seed(d, seeded))
		status = serve_until_end(d);
	cluster_stop(&d->cluster);
	return process_told_to_end() ? DONE : status;
}

/* psql in the running database, or in one started for it. */
static int prompt(struct dev *d, bool running, int argc, char **argv)
{
	const char **args = arena_zalloc(d->arena, ((size_t)argc + 3) * sizeof(*args));
	int status;

	if (running ? !cluster_attach(&d->cluster) : !cluster_start(&d->cluster))
		return FAILED;
	args[0] = cluster_program(&d->cluster, "psql");
	args[1] = d->cluster.url;
	for (int i = 0; i < argc; i++)
		args[i + 2] = argv[i];
	status = process_run(&(struct spawn){ .argv = args, .foreground = true });
	if (!running)
		cluster_stop(&d->cluster);
	return status == 0 ? DONE : FAILED;
}

static int reset(struct dev *d)
{
	if (!cluster_remove(&d->cluster))
		return FAILED;
	fprintf(stderr, "deleted %s\n", d->cluster.dir);
	return DONE;
}

static int dispatch(struct dev *d, int argc, char **argv)
{
	const char *form = argc > 1 ? argv[1] : "";
	bool free = take_lock(d);

	if (strcmp(form, "--psql") == 0)
		return prompt(d, !free, argc - 2, argv + 2);
	if (argc > 2 || (*form && strcmp(form, "--empty") != 0 && strcmp(form, "--reset") != 0))
		return command_usage(&cmd_dev, "unknown arguments");
	if (!free) {
		complain(d->dir,
			 "it runs already in this directory (SOJORN_DEV_DIR names another)");
		return FAILED;
	}
	if (strcmp(form, "--reset") == 0)
		return reset(d);
	return run(d, strcmp(form, "--empty") != 0);
}

static int dev(int argc, char **argv)
{
	struct dev d = { .arena = arena_new(), .config = options_load(), .lock = -1 };
	struct cluster_options o;
	int status = FAILED;

	process_setup();
	if (d.config && find_places(&d)) {
		o = (struct cluster_options){
			.dir = path_in(&d, "pg"),
			.account = config_cstr(d.config, "SOJORN_DEV_USER"),
			.programs = config_cstr(d.config, "PG_BIN"),
		};
		if (cluster_open(&d.cluster, d.arena, &o))
			status = dispatch(&d, argc, argv);
	}
	if (d.lock >= 0)
		close(d.lock);
	config_free(d.config);
	arena_free(d.arena);
	return status;
}

const struct command cmd_dev = {
	.name = "dev",
	.args = "[--empty | --reset | --psql [ARGUMENT...]]",
	.help = "run everything here: a private PostgreSQL, example data, the server",
	.details = "  --empty   no example data in a new database\n"
		   "  --reset   delete the database\n"
		   "  --psql    a SQL prompt; arguments go to psql\n\n"
		   "Options besides those of serve: SOJORN_DEV_DIR (.local), SOJORN_DEV_USER\n"
		   "(sojorn-dev: PostgreSQL's account when root runs it), PG_BIN (its programs).",
	.run = dev,
};
