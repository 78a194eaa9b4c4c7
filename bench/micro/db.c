/*
 * One prepared select by primary key, as pgbench -S does it: through the shared pipelines of one loop,
 * and by pgbench. Prints statements a second, and our own CPU and that of the backends in microseconds a
 * statement, for several numbers of clients and connections; or for those given: db CLIENTS CONNECTIONS.
 *
 *	scripts/with-postgres make micro	(without a database it says so and does nothing)
 */
#include "lib/db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SECONDS = 4, ROWS = 100000 };

struct account {
	int32_t abalance;
};
static const struct field account_fields[] = { FIELD(struct account, abalance), { 0 } };

static const struct stmt select_account = {
	.name = "select_account",
	.text = "SELECT abalance FROM pgbench_accounts WHERE aid = $1",
	.nparams = 1,
	.read = true,
	.kinds = { K_I32 },
};

struct bench {
	struct loop *loop;
	struct db_pool *pool;
	int clients, running, connections;
	int64_t until, done;
	uint32_t random;
};

static double cpu_seconds(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
		+ (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* CPU of all backends that are there, in seconds; 0 when the postmaster's pid is not known. */
static double server_seconds(void)
{
	const char *pid = getenv("TEST_PG_PID");
	char command[256], line[64] = "0";
	FILE *f;

	if (!pid)
		return 0;
	snprintf(
		command, sizeof(command),
		"awk '$4 == %s { t += $14 + $15 } END { print t / %ld }' /proc/[0-9]*/stat 2>/dev/null",
		pid, sysconf(_SC_CLK_TCK));
	f = popen(command, "r");
	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		pclose(f);
	return strtod(line, NULL);
}

static void client(void *arg)
{
	struct bench *b = arg;
	struct arena *a = arena_new();

	while (time_monotonic() < b->until) {
		struct db *db = db_open(b->pool, a, time_monotonic() + 10 * SECOND);
		struct account out;
		int32_t aid = (int32_t)((b->random = b->random * 1664525 + 1013904223) % ROWS + 1);
		err e = db_one(db, &select_account, account_fields, &out, ARG(aid));

		if (e.info) {
			fprintf(stderr, "%s\n", e.info->message);
			exit(1);
		}
		b->done++;
		arena_reset(a);
	}
	arena_free(a);
	if (--b->running == 0)
		loop_stop(b->loop);
}

static void run_ours(struct bench *b)
{
	double cpu = cpu_seconds(RUSAGE_SELF), used, server;
	int64_t begun;
	struct db_options o = { .url = getenv("DATABASE_URL"), .shared = b->connections };

	usleep(300 * 1000); /* the backends of the run before are gone */
	server = server_seconds();
	begun = time_monotonic();
	b->loop = loop_new();
	b->pool = db_pool_new(b->loop, &o);
	b->done = 0;
	b->until = begun + SECONDS * SECOND;
	for (b->running = 0; b->running < b->clients; b->running++)
		if (!loop_start(b->loop, client, b))
			abort();
	loop_run(b->loop);
	used = cpu_seconds(RUSAGE_SELF) - cpu;
	printf("ours     clients %3d connections %2d: %8.0f/s, %5.1f us of CPU each, server's %5.1f\n",
	       b->clients, b->connections,
	       (double)b->done * 1e6 / (double)(time_monotonic() - begun),
	       used * 1e6 / (double)b->done, (server_seconds() - server) * 1e6 / (double)b->done);
	db_pool_free(b->pool);
	loop_free(b->loop);
}

static void run_pgbench(int connections)
{
	const char *bin = getenv("TEST_PG_BIN");
	double cpu = cpu_seconds(RUSAGE_CHILDREN), used, tps = 0;
	char command[512], line[256];
	FILE *f;

	snprintf(command, sizeof(command),
		 "%s/pgbench -n -S -M prepared -c %d -T %d '%s' 2>/dev/null",
		 bin ? bin : "/usr/lib/postgresql/15/bin", connections, SECONDS,
		 getenv("DATABASE_URL"));
	f = popen(command, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "tps = %lf", &tps);
	if (f)
		pclose(f);
	used = cpu_seconds(RUSAGE_CHILDREN) - cpu;
	printf("pgbench              connections %2d: %8.0f/s, %5.1f us of CPU each\n", connections,
	       tps, tps > 0 ? used * 1e6 / (tps * SECONDS) : 0);
}

int main(int argc, char **argv)
{
	char command[512];

	if (!getenv("DATABASE_URL") && getenv("TEST_PG_URL"))
		setenv("DATABASE_URL", getenv("TEST_PG_URL"), 1);
	if (!getenv("DATABASE_URL")) {
		puts("no database: run it by scripts/with-postgres");
		return 0;
	}
	snprintf(command, sizeof(command), "%s/pgbench -i -q '%s' >/dev/null 2>&1",
		 getenv("TEST_PG_BIN") ? getenv("TEST_PG_BIN") : "/usr/lib/postgresql/15/bin",
		 getenv("DATABASE_URL"));
	if (system(command) != 0)
		return 1;
	if (argc == 3) {
		run_ours(&(struct bench){ .clients = atoi(argv[1]), .connections = atoi(argv[2]) });
		return 0;
	}
	for (int connections = 1; connections <= 8; connections *= 2)
		run_pgbench(connections);
	run_pgbench(64);
	for (int connections = 1; connections <= 8; connections *= 2)
		for (int clients = 1; clients <= 256; clients *= 8)
			run_ours(&(struct bench){ .clients = clients, .connections = connections });
	return 0;
}
