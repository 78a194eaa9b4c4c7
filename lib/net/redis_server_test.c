/* See redis_server_test.h. */
#include "lib/net/redis_server_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 2000, MOST = 8 };

static char dir[64], url[160];
static pid_t server;
static struct loop *the_loop;
static struct redis *made[MOST];
static int nmade;

static void remove_dir(void)
{
	char command[96];

	if (server)
		redis_server_stop();
	snprintf(command, sizeof command, "rm -rf %s", dir);
	if (system(command) != 0)
		fprintf(stderr, "%s is left\n", dir);
}

static void exec_server(const char *password)
{
	char socket[96];

	snprintf(socket, sizeof socket, "%s/redis.sock", dir);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen("/dev/null", "w", stdout))
		_exit(127);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket, "--dir", dir,
	       "--save", "", "--appendonly", "no", "--requirepass", password ? password : "", NULL);
	_exit(127);
}

struct redis *redis_server(const char *more)
{
	const char *problem;
	char text[256];
	struct redis *r;

	snprintf(text, sizeof text, "%s%s", url, more);
	r = redis_new(text, &problem);
	assert_non_null(r);
	assert_true(nmade < MOST);
	return made[nmade++] = r;
}

void redis_server_start(const char *password)
{
	const char *problem;
	struct redis *r = redis_new(url, &problem);

	server = fork();
	if (server == 0)
		exec_server(password);
	for (int i = 0; redis_try(r, &problem) == REDIS_AWAY; i++) {
		assert_true(i < TRIES);
		usleep(10000);
	}
	redis_free(r);
}

void redis_server_stop(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = 0;
}

void redis_server_signal(int sig)
{
	assert_int_equal(0, kill(server, sig));
}

void redis_server_await(struct redis *r)
{
	const str ping = S("PING");

	REDIS_UNTIL(redis_ask(r, &ping, 1, SECOND).ok);
}

static void play(void *arg)
{
	void (**body)(void) = arg;

	(*body)();
	loop_stop(the_loop);
}

void redis_server_run(void (*body)(void))
{
	setenv("CMOCKA_TEST_ABORT", "1", 1); /* nothing jumps from a coroutine's stack to another */
	signal(SIGPIPE, SIG_IGN);
	strcpy(dir, "/tmp/sojorn-redis.XXXXXX");
	assert_non_null(mkdtemp(dir));
	atexit(remove_dir);
	snprintf(url, sizeof url, "unix://%s/redis.sock", dir);
	redis_server_start(NULL);
	the_loop = loop_new();
	assert_true(loop_start(the_loop, play, &body));
	loop_run(the_loop);
	loop_free(the_loop);
	while (nmade > 0)
		redis_free(made[--nmade]);
}
