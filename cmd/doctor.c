/*
 * sojorn doctor: looks a machine over point by point. Each point is one function, which says what it found
 * and, unless all is well, what to do about it. Nothing is changed.
 */
#include "app/ops/health.h"
#include "app/ops/health.sql.h"
#include "cmd/command.h"
#include "cmd/doctor.sql.h"
#include "cmd/options.h"
#include "cmd/serve_checks.h"
#include "lib/base/json.h"
#include "lib/base/time.h"
#include "lib/db/script.h"

#include <grp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ENV_FILE	"/etc/sojorn/sojorn.env"
#define POSTGRES_OLDEST 15
#define CLOCK_MAX	5 /* seconds apart */
#define SPACE_MIN	(INT64_C(2) << 30)
#define DAYS_LEFT_MIN	14
#define BACKUP_HOURS	26 /* one a night, and some patience */
#define RESTART		2  /* the old server's connections beside the new one's */
#define OTHERS		5  /* connections for people and jobs of the operator */

enum { POINTS_MAX = 32, CONNECT_SECONDS = 5 };

struct point {
	str name, status, found, fix;
};
struct verdict {
	bool ok;
	struct list checks;
};
static const struct field point_fields[] = {
	FIELD(struct point, name),
	FIELD(struct point, status),
	FIELD(struct point, found),
	FIELD(struct point, fix, .omit_absent = true),
	{ 0 },
};
static const struct field verdict_fields[] = {
	FIELD(struct verdict, ok),
	FIELD(struct verdict, checks, .of = point_fields),
	{ 0 },
};

struct doctor {
	struct arena *arena;
	struct config *config;
	struct script *script; /* NULL: no database */
	struct point points[POINTS_MAX];
	size_t n;
	bool failed;
};

/* Root may read and write everything, so it would miss what the server may not: look with the eyes of the account
 * whom the uploads belong to. */
static void become_server(const struct config *config)
{
	const struct passwd *account;
	struct stat st;

	if (geteuid() != 0 || stat(config_cstr(config, "UPLOAD_DIR"), &st) < 0 || st.st_uid == 0)
		return;
	account = getpwuid(st.st_uid);
	if (!account || initgroups(account->pw_name, account->pw_gid) < 0
	    || setgid(account->pw_gid) < 0 || setuid(account->pw_uid) < 0)
		fprintf(stderr, "sojorn doctor: looks as root, who may more than the server\n");
}

/* ---- saying ---- */

static void say(struct doctor *d, const char *name, const char *status, str found, const char *fix)
{
	d->points[d->n++] = (struct point){ str_of(name), str_of(status), found, str_of(fix) };
	d->failed |= strcmp(status, "fail") == 0;
}

#define GOOD(d, name, ...)	say(d, name, "ok", arena_printf((d)->arena, __VA_ARGS__), NULL)
#define WARN(d, name, fix, ...) say(d, name, "warn", arena_printf((d)->arena, __VA_ARGS__), fix)
#define FAIL(d, name, fix, ...) say(d, name, "fail", arena_printf((d)->arena, __VA_ARGS__), fix)

/* ---- configuration ---- */

static void look_at_config(struct doctor *d)
{
	const char *refusal = serve_refusal(d->config);
	struct stat st;

	if (refusal)
		FAIL(d, "configuration",
		     "set it in " ENV_FILE " or .env; `sojorn config` lists all", "%s", refusal);
	else if (!config_is(d->config, "ENV", "production"))
		WARN(d, "configuration", "ENV=production turns the strict defaults on",
		     "ENV is development");
	else
		GOOD(d, "configuration", "complete");
	if (stat(ENV_FILE, &st) == 0 && (st.st_mode & S_IRWXO))
		FAIL(d, "secrets", "chmod 600 " ENV_FILE, "%s can be read by everybody", ENV_FILE);
}

/* ---- the database ---- */

static const char *value(struct doctor *d, int column)
{
	const char *v = script_value(d->script, 0, column);

	return v ? v : "";
}

static bool is_true(struct doctor *d, int column)
{
	return strcmp(value(d, column), "t") == 0;
}

static void look_at_connections(struct doctor *d, long offered)
{
	long loops = (long)config_int(d->config, "LOOPS");
	long each = (long)(config_int(d->config, "DB_SHARED") + config_int(d->config, "DB_LEASED"));
	long need = (loops ? loops : sysconf(_SC_NPROCESSORS_ONLN)) * each * RESTART + OTHERS;

	if (offered < need)
		FAIL(d, "connections", "raise max_connections, or lower DB_SHARED and DB_LEASED",
		     "PostgreSQL offers %ld; a restart under load takes %ld", offered, need);
	else
		GOOD(d, "connections", "%ld of %ld at most", need, offered);
}

static void look_at_role(struct doctor *d, bool super, bool owner)
{
	if (super || owner)
		WARN(d, "role",
		     "let the server use a role that owns nothing: roles.sql in /usr/share/sojorn",
		     "the server's role %s", super ? "is a superuser" : "owns the schema");
	else
		GOOD(d, "role", "owns nothing");
}

static void look_at_clock(struct doctor *d, long long theirs)
{
	long long apart = llabs(theirs - time_now().us / SECOND);

	if (apart > CLOCK_MAX)
		FAIL(d, "clock", "run a time service such as chrony on both machines",
		     "%lld s away from the database's", apart);
	else
		GOOD(d, "clock", "as the database's");
}

static void look_at_server(struct doctor *d, const char *missing)
{
	if (atoi(value(d, 0)) < POSTGRES_OLDEST)
		FAIL(d, "database", "install PostgreSQL 15 or newer", "PostgreSQL %s", value(d, 0));
	else if (*missing)
		FAIL(d, "database", "as a superuser: psql -f /usr/share/sojorn/roles.sql",
		     "these extensions are missing: %s", missing);
	else
		GOOD(d, "database", "PostgreSQL %s with its extensions", value(d, 0));
	if (!is_true(d, 5))
		FAIL(d, "durability", "fsync, full_page_writes and synchronous_commit must be on",
		     "PostgreSQL may lose what it has acknowledged");
	else
		GOOD(d, "durability", "what is acknowledged is on disk");
}

static void look_at_schema(struct doctor *d, bool there)
{
	const char *version = "none";

	if (there && script_run(d->script, &sql_health_schema, NULL)
	    && script_rows(d->script) == 1) {
		version = value(d, 0);
		if (strtoll(version, NULL, 10) >= health_newest_version() && !is_true(d, 1)) {
			GOOD(d, "schema", "version %s", version);
			return;
		}
	}
	FAIL(d, "schema", "sojorn migrate up", "version %s, this program needs %lld", version,
	     (long long)health_newest_version());
}

static void look_at_backup(struct doctor *d)
{
	const char *hours, *drill;

	if (!script_run(d->script, &sql_doctor_backup, NULL))
		return; /* the schema is behind, as has been said */
	hours = script_value(d->script, 0, 0), drill = script_value(d->script, 0, 1);
	if (!hours)
		WARN(d, "backup", "docs/operations.md, Back up", "there is none");
	else if (atoi(hours) > BACKUP_HOURS)
		FAIL(d, "backup", "systemctl status sojorn-backup", "%s hours old", hours);
	else if (drill)
		FAIL(d, "backup", "drill.json in BACKUP_DIR; sojorn backup drill",
		     "the newest could not be restored: %s", drill);
	else
		GOOD(d, "backup", "%s hours old", hours);
}

static void look_at_database(struct doctor *d)
{
	const char *url = config_cstr(d->config, "DATABASE_URL");
	bool super, owner, schema;
	long connections;
	long long clock;

	if (!url)
		return; /* the configuration has said so */
	d->script = script_open(url, CONNECT_SECONDS);
	if (!script_run(d->script, &sql_doctor_database, NULL)) {
		FAIL(d, "database", "is it running, and does DATABASE_URL name it?", "%s",
		     script_problem(d->script));
		return;
	}
	super = is_true(d, 2), owner = is_true(d, 3), schema = is_true(d, 7);
	connections = strtol(value(d, 4), NULL, 10);
	clock = strtoll(value(d, 6), NULL, 10);
	look_at_server(d, value(d, 1));
	look_at_role(d, super, owner);
	look_at_connections(d, connections);
	look_at_clock(d, clock);
	look_at_schema(d, schema);
	look_at_backup(d);
}

/* ---- the machine ---- */

/* A live move copies by CREATE SUBSCRIPTION, which PostgreSQL lets few do. */
static void look_at_move(struct doctor *d)
{
	if (!config_cstr(d->config, "SUPABASE_UPSTREAM") || !d->script)
		return;
	if (!script_run(d->script, &sql_doctor_move, NULL))
		return; /* the database has been complained of */
	if (is_true(d, 0))
		GOOD(d, "leaving Supabase", "%s may subscribe to the project", value(d, 1));
	else
		WARN(d, "leaving Supabase",
		     "ALTER ROLE … SUPERUSER for the time of the move (16 or newer: GRANT pg_create_subscription); "
		     "take it back after `supabase archive`",
		     "%s may not CREATE SUBSCRIPTION: import --source and follow need it",
		     value(d, 1));
}

static void look_at_uploads(struct doctor *d)
{
	const char *dir = config_cstr(d->config, "UPLOAD_DIR");
	struct statvfs fs;
	int64_t space;

	if (!str_empty(config_str(d->config, "R2_ENDPOINT"))
	    || !str_empty(config_str(d->config, "R2_ACCOUNT_ID")))
		return;
	if (access(dir, W_OK | X_OK) != 0 || statvfs(dir, &fs) != 0) {
		FAIL(d, "uploads", "make the folder and give it to the server's account",
		     "%s cannot be written", dir);
		return;
	}
	space = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (space < SPACE_MIN)
		FAIL(d, "uploads", "free some space, or move the media to R2 or S3",
		     "%s has %lld MB left", dir, (long long)(space >> 20));
	else
		GOOD(d, "uploads", "%s has %lld GB left", dir, (long long)(space >> 30));
}

static void look_at_limits(struct doctor *d)
{
	int64_t need = config_int(d->config, "CONNECTIONS");
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max != RLIM_INFINITY
	    && (int64_t)r.rlim_max < need)
		WARN(d, "descriptors", "LimitNOFILE in the unit, `ulimit -Hn` in a shell",
		     "%lld may be open, CONNECTIONS wants %lld", (long long)r.rlim_max,
		     (long long)need);
	else
		GOOD(d, "descriptors", "enough for %lld connections", (long long)need);
}

/* ---- the neighbours ---- */

static void look_at_mail(struct doctor *d)
{
	if (config_cstr(d->config, "SMTP_HOST"))
		GOOD(d, "mail", "by %s", config_cstr(d->config, "SMTP_HOST"));
	else if (config_is(d->config, "ENV", "production"))
		FAIL(d, "mail", "set SMTP_HOST, SMTP_USER, SMTP_PASS and SMTP_FROM",
		     "nobody can verify an address or reset a password");
	else
		WARN(d, "mail", "set SMTP_HOST when mails are to be sent", "is written to files");
}

static void look_at_push(struct doctor *d)
{
	const char *file = config_cstr(d->config, "FIREBASE_CREDENTIALS_FILE");

	if (!file)
		WARN(d, "push", "set FIREBASE_CREDENTIALS_FILE to the service account's JSON file",
		     "phones are not told of anything");
	else if (access(file, R_OK) != 0)
		FAIL(d, "push", "give the file to the server's account", "%s cannot be read", file);
	else
		GOOD(d, "push", "%s", file);
}

/* Days until the certificate ends that answers at host:port; false: there is none. Its chain is not
 * looked at, so that a self-signed one is judged by its age, too. */
static bool days_left(const char *address, const char *host, int *ret_days)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *bio = ctx ? BIO_new_ssl_connect(ctx) : NULL;
	SSL *ssl = NULL;
	X509 *cert;
	int seconds;
	bool good = false;

	if (bio) {
		BIO_get_ssl(bio, &ssl);
		BIO_set_conn_hostname(bio, (uintptr_t)address); /* macros that cast to char *, */
		SSL_set_tlsext_host_name(ssl, (uintptr_t)host); /* and change nothing there */
		cert = BIO_do_connect_retry(bio, CONNECT_SECONDS, 0) > 0
			? SSL_get1_peer_certificate(ssl)
			: NULL;
		good = cert && ASN1_TIME_diff(ret_days, &seconds, NULL, X509_get0_notAfter(cert));
		X509_free(cert);
		BIO_free_all(bio);
	}
	SSL_CTX_free(ctx);
	return good;
}

static void look_at_certificate(struct doctor *d)
{
	str url = config_str(d->config, "API_BASE_URL");
	str rest = str_slice(url, 8, url.n), port = str_cut(&rest, '/');
	str host = str_cut(&port, ':');
	const char *address, *name;
	int days;

	if (!str_starts(url, S("https://")))
		return;
	name = arena_printf(d->arena, "%.*s", (int)host.n, host.p).p;
	address = arena_printf(d->arena, "%s:%.*s", name, port.p ? (int)port.n : 3,
			       port.p ? port.p : "443")
			  .p;
	if (!days_left(address, name, &days))
		WARN(d, "certificate", "look at nginx, DNS and the firewall",
		     "nothing speaks TLS at %s", address);
	else if (days < DAYS_LEFT_MIN)
		FAIL(d, "certificate", "certbot renew; systemctl status certbot.timer",
		     "ends in %d days", days);
	else
		GOOD(d, "certificate", "good for %d days", days);
}

static void (*const looks[])(struct doctor *) = {
	look_at_config, look_at_database, look_at_move, look_at_uploads,
	look_at_limits, look_at_mail,	  look_at_push, look_at_certificate,
};

/* ---- the command ---- */

static void print_text(const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct point *p = &d->points[i];

		printf("%-5.*s %-14.*s %.*s\n", (int)p->status.n, p->status.p, (int)p->name.n,
		       p->name.p, (int)p->found.n, p->found.p);
		if (p->fix.p)
			printf("%21s%.*s\n", "-> ", (int)p->fix.n, p->fix.p);
	}
}

static void print_json(struct doctor *d)
{
	struct verdict v = { !d->failed, { d->points, d->n, sizeof(*d->points) } };
	struct json_writer w;
	str text;

	json_init(&w, d->arena, 1024);
	json_record(&w, verdict_fields, &v);
	text = json_text(&w);
	printf("%.*s\n", (int)text.n, text.p);
}

static int doctor(int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct doctor d = { 0 };

	if (argc > 2 || (argc == 2 && !json))
		return command_usage(&cmd_doctor, "takes --json at most");
	d.config = options_load();
	if (!d.config)
		return FAILED;
	become_server(d.config);
	d.arena = arena_new();
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		looks[i](&d);
	if (json)
		print_json(&d);
	else
		print_text(&d);
	script_close(d.script);
	arena_free(d.arena);
	config_free(d.config);
	return d.failed ? FAILED : DONE;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.args = "[--json]",
	.help = "look this machine over, and say how to fix what is wrong",
	.details =
		"Changes nothing. Exit status 1 when a point fails; warnings do not count. Run as root it\n"
		"looks as the account that owns the uploads.",
	.run = doctor,
};
