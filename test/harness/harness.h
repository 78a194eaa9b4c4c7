/*
 * API tests speak HTTP to a real `sojorn serve` over the real schema in a throw-away database.
 *
 *	TEST(a_second_like_changes_nothing)
 *	{
 *		struct t_user ann = t_user("ann"), bob = t_user("bob");
 *		const char *post = t_new_post(&ann);
 *
 *		EXPECT(200, t_post(&bob, "/api/v1/posts/%s/like", post));
 *		EXPECT(200, t_post(&bob, "/api/v1/posts/%s/like", post));
 *		EXPECT_INT(1, t_get(&ann, "/api/v1/posts/%s", post), "post.like_count");
 *	}
 *
 * One server is shared by all tests of a run: a test makes its own users and counts on nothing else in the
 * database, so tests run in any order. A test that needs other settings, an outage or an empty database
 * starts a server of its own (t_server_start). When a server ends, its log is searched for sanitizer
 * reports, tokens and secrets; a finding fails the test, or the run.
 *
 * Everything returned lives until the test ends; nothing is freed by the caller. A call that cannot do
 * what it is asked to (no server, SQL error) fails the test.
 *
 * Environment: TEST_PG_URL, a superuser's URL of a PostgreSQL cluster (if unset the run starts itself again
 * under scripts/with-postgres); SOJORN_BIN, the program under test (default: beside the test binary);
 * TEST_KEEP=1 keeps the servers' logs.
 */
#pragma once

#include "lib/base/test.h"

#include <stddef.h>

#define T_PRINTF(at, first) __attribute__((format(printf, at, first)))
#define T_LIST(...)	    ((const char *const[]){ NULL, ##__VA_ARGS__, NULL } + 1)

/* ---- people ---- */

#define T_PASSWORD "in-no-log-Gx7" /* password of every t_user; no log may show it */
#define T_SECRET   "in-no-log-Qv3" /* put this into what must never reach a log */

struct t_user {
	char id[37];
	char handle[31];
	char email[64];
	const char *token; /* access token */
};

/* A new active account: verified, on-boarded, with profile, settings and trust. The handle is the name
 * and a suffix of its own; tier elder: 25 posts a day, a vouch counts once. */
struct t_user t_user(const char *name);

/* An access token as the server would sign it; expires in `seconds` from now (negative: has expired). */
const char *t_token(const char *user_id, int seconds);

/* A token of these claims (JSON), signed with this key by HS256; header NULL: the usual one. */
const char *t_token_of(const char *header, const char *claims, const char *key);

/* The secret tokens are signed with. */
extern const char t_jwt_secret[];

/* ---- arranging what the test is not about, straight in the database; counters are kept right ---- */

void t_follow(const struct t_user *follower, const struct t_user *followed); /* accepted */
void t_mutual(const struct t_user *a, const struct t_user *b);
void t_block(const struct t_user *blocker, const struct t_user *blocked); /* ends follows, too */
const char *t_new_post(const struct t_user *author); /* public, uncategorised; its id */

/* A post like that, then UPDATE posts SET …: t_new_post_with(&ann, "visibility = 'circle'"). */
const char *t_new_post_with(const struct t_user *author, const char *set, ...) T_PRINTF(2, 3);

/* ---- requests ---- */

struct t_reply {
	int status;
	const char *body; /* NUL behind its end */
	size_t size;
	const char *request; /* "GET /path", for messages */
};

/* `user` NULL: no token. Writes without a body send the literal null, as the client does. */
const struct t_reply *t_get(const struct t_user *user, const char *path, ...) T_PRINTF(2, 3);
const struct t_reply *t_post(const struct t_user *user, const char *path, ...) T_PRINTF(2, 3);
const struct t_reply *t_put(const struct t_user *user, const char *path, ...) T_PRINTF(2, 3);
const struct t_reply *t_patch(const struct t_user *user, const char *path, ...) T_PRINTF(2, 3);
const struct t_reply *t_delete(const struct t_user *user, const char *path, ...) T_PRINTF(2, 3);

/* With a JSON body. A ' in the format becomes a ": t_post_json(&ann, path, "{'body': %s}", t_quote(text)). */
T_PRINTF(3, 4)
const struct t_reply *t_post_json(const struct t_user *user, const char *path, const char *json,
				  ...);
T_PRINTF(3, 4)
const struct t_reply *t_put_json(const struct t_user *user, const char *path, const char *json,
				 ...);
T_PRINTF(3, 4)
const struct t_reply *t_patch_json(const struct t_user *user, const char *path, const char *json,
				   ...);
T_PRINTF(3, 4)
const struct t_reply *t_delete_json(const struct t_user *user, const char *path, const char *json,
				    ...);

/* Anything else. Headers are "Name: value", NULL at the end; "Name:" leaves out one that we would send. */
struct t_request {
	const char *method, *path;
	const struct t_user *user;
	const char *const *headers;
	const char *body; /* NULL: none */
	size_t size;	  /* of body; 0: up to its NUL */
	bool admin;	  /* to ADMIN_ADDR */
};
const struct t_reply *t_send(const struct t_request *request);

/* GET on the admin address. */
const struct t_reply *t_admin_get(const char *path);

/* The value of a reply's header, its last one if there are several; NULL when it was not sent. */
const char *t_header(const struct t_reply *reply, const char *name);

/* ---- what came back ---- */

#define EXPECT(status, call)		t_expect_status((status), (call), __FILE__, __LINE__)
#define EXPECT_INT(want, reply, path)	t_expect_int((want), (reply), (path), __FILE__, __LINE__)
#define EXPECT_NUM(want, reply, path)	t_expect_num((want), (reply), (path), __FILE__, __LINE__)
#define EXPECT_STR(want, reply, path)	t_expect_str((want), (reply), (path), __FILE__, __LINE__)
#define EXPECT_BOOL(want, reply, path)	t_expect_bool((want), (reply), (path), __FILE__, __LINE__)
#define EXPECT_NONE(reply, path)	t_expect_none((reply), (path), __FILE__, __LINE__)
#define EXPECT_COUNT(want, reply, path) t_expect_count((want), (reply), (path), __FILE__, __LINE__)
#define EXPECT_CODE(want, reply)	t_expect_str((want), (reply), "code", __FILE__, __LINE__)
#define EXPECT_HEADER(want, reply, name) \
	t_expect_header((want), (reply), (name), __FILE__, __LINE__)

/* Waits up to twenty seconds until the condition holds. */
#define EXPECT_SOON(condition)                                                \
	do {                                                                  \
		for (int tries_ = 0; !(condition); tries_++)                  \
			t_wait_again(tries_, #condition, __FILE__, __LINE__); \
	} while (0)

/* EXPECT gives the reply, so that more can be asked of it. Paths: "post.tags[0].name"; "" is the whole.
 * NONE holds for null and for what is absent; COUNT is an array's length. */
const struct t_reply *t_expect_status(int want, const struct t_reply *r, const char *file,
				      int line);
void t_expect_int(long long want, const struct t_reply *r, const char *path, const char *file,
		  int line);
void t_expect_num(double want, const struct t_reply *r, const char *path, const char *file,
		  int line);
void t_expect_str(const char *want, const struct t_reply *r, const char *path, const char *file,
		  int line);
void t_expect_bool(bool want, const struct t_reply *r, const char *path, const char *file,
		   int line);
void t_expect_none(const struct t_reply *r, const char *path, const char *file, int line);
void t_expect_count(size_t want, const struct t_reply *r, const char *path, const char *file,
		    int line);
void t_expect_header(const char *want, const struct t_reply *r, const char *name, const char *file,
		     int line);
void t_wait_again(int tries, const char *what, const char *file, int line);

/* A string member's text, anything else as compact JSON; NULL when there is no such member. */
const char *t_json(const struct t_reply *reply, const char *path);
long long t_json_int(const struct t_reply *reply, const char *path); /* must be an integer */
size_t t_json_count(const struct t_reply *reply, const char *path);  /* must be an array */

/* Index of the first element of the array whose member is `value`, or -1. */
int t_json_find(const struct t_reply *reply, const char *path, const char *member,
		const char *value);

/* Fails the test with a message. */
[[gnu::noreturn]] void t_fail(const char *format, ...) T_PRINTF(1, 2);

/* ---- text ---- */

const char *t_fmt(const char *format, ...) T_PRINTF(1, 2);
const char *t_quote(const char *text); /* a JSON string with its quotes */
const char *t_lit(const char *text);   /* a SQL literal with its quotes; NULL: NULL */
void *t_keep(size_t n);		       /* zeroed, for as long as the test lasts */
const char *t_repeat(const char *text, size_t n);
const char *t_unique(const char *name); /* the name and a suffix nobody else has in this run */

/* ---- SQL, on the database of the server in use ---- */

/* Runs SQL; the first column of the first row as text, NULL if there is none or it is NULL. */
const char *t_sql(const char *sql, ...) T_PRINTF(1, 2);
long long t_sql_int(const char *sql, ...) T_PRINTF(1, 2);

/* ---- servers and programs ---- */

struct t_server;

/* A server of this test's own over an empty database of its own, in use from now on. Settings are
 * "NAME=value"; with "DATABASE_URL=…" it shares that database. */
#define t_server_start(...) t_server_start_with(T_LIST(__VA_ARGS__))
struct t_server *t_server_start_with(const char *const *settings);

/* Ends by SIGTERM and must exit with 0; by SIGKILL; starts again with the same settings. Other tests'
 * servers are out of reach: only for what t_server_start returned. */
void t_server_stop(struct t_server *s);
void t_server_kill(struct t_server *s);
void t_server_restart(struct t_server *s);
void t_server_signal(struct t_server *s, int sig);

/* Waits for a server that ends by itself; its exit status, 128 + signal. */
int t_server_wait(struct t_server *s);

/* An outage of the server's own database: connections break and none is accepted, until it is over. */
void t_database_down(struct t_server *s);
void t_database_up(struct t_server *s);

/* Sends what follows to this server; NULL: to the shared one. */
void t_server_use(struct t_server *s);

/* Of the server in use. */
int t_port(void);
const char *t_database_url(void);
const char *t_log(void);	      /* what it has logged so far */
const char *t_path(const char *name); /* a file in its directory: "mail", "uploads" */

/* A migrated database of this test's own, on which no server works; SQL goes there from now on. */
void t_database_of_my_own(void);

/* SQL goes to this database from now on. */
void t_database_use(const char *url);

/* A path that all tests of this run share, for what is dear to make; it is gone after the last. */
const char *t_shared_path(const char *name);

/* An empty database without any schema; its URL. Gone at the end of the run. */
const char *t_empty_database(void);

/* Runs `sojorn` with these arguments to its end, 60 s at most. `settings`: T_LIST("NAME=value", …) or NULL;
 * without a DATABASE_URL among them it gets that of the server in use. */
struct t_run {
	int status; /* exit status, 128 + signal */
	const char *out, *err;
};
#define t_run(settings, ...) t_run_with((settings), T_LIST(__VA_ARGS__))
struct t_run t_run_with(const char *const *settings, const char *const *arguments);
const char *t_program(void);

/* Starts a server for tests, node SCRIPT ONE [TWO], which prints "ready PORT"; its port. It ends with the test. */
int t_node_start(const char *script, const char *one, const char *two);

/* What it printed, to be asked like a reply; its status is the exit status. */
const struct t_reply *t_run_json(struct t_run r);

/* The newest mail to this address, waiting twenty seconds for one; each is returned once. */
const char *t_mail(const char *address);

/* A mail server on 127.0.0.1 until the test ends; its port. It files what it takes where t_mail looks in
 * the server in use, below the envelope as Return-Path and Delivered-To. To addresses with "refused" in
 * them it answers 550, to those with "later" 451. */
int t_smtp_start(void);

/* A push service on 127.0.0.1 until the test ends; fcm.mjs says what it answers to which device. The members
 * but the first are settings for t_server_start. */
struct t_fcm {
	const char *dir, *account, *base_url, *authority;
};
struct t_fcm t_fcm_start(void);

/* What it took for this device, waiting five seconds: {"at", "message"}; the first, if there are several. */
const struct t_reply *t_fcm_message(const struct t_fcm *f, const char *token);

/* What it has written down so far, and how many lines: "messages", "problems", "grants", "sessions". */
const char *t_fcm_file(const struct t_fcm *f, const char *name);
int t_fcm_lines(const struct t_fcm *f, const char *name);

/* ---- odd requests, byte by byte ---- */

int t_connect(void);
void t_write(int fd, const char *bytes, size_t n);

/* Reads until the peer closes, `until` has come (may be NULL) or so much time has passed. */
const char *t_read(int fd, const char *until, int milliseconds);

/* Connects, writes, reads until the peer closes or is silent for a second, closes. */
const char *t_raw(const char *bytes);

/* ---- a socket ---- */

struct t_socket;

/* Opens /ws with this user's token and further query parameters ("v=2&last=7", or NULL); must be let in. */
struct t_socket *t_socket_open(const struct t_user *user, const char *query);

/* A text message; a ' in the format becomes a ". */
void t_socket_say(struct t_socket *s, const char *json, ...) T_PRINTF(2, 3);

/* The next message, waiting twenty seconds for it; status 101. After the server's goodbye its code, at its end
 * without one 1006 and 0 after a goodbye without a code, with an empty body. */
const struct t_reply *t_socket_next(struct t_socket *s);

/* The next message of this type; others before it are passed over. */
const struct t_reply *t_socket_wait(struct t_socket *s, const char *type);

/* Fails if a message comes within so long. */
void t_socket_silent(struct t_socket *s, int milliseconds);

/* Without a goodbye, as when the network is lost. */
void t_socket_cut(struct t_socket *s);

/* ---- at the same time ---- */

/* Runs fn(i, arg) on n threads and waits for them. Requests and text may be made there, checks must wait
 * until it has returned. */
void t_parallel(int n, void (*fn)(int i, void *arg), void *arg);
