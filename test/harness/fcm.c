/* The push service of fcm.mjs: its keys, its process, and what it has seen. */
#include "test/harness/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void make(const char *command)
{
	if (system(command) != 0)
		t_fail("cannot do: %s", command);
}

/* The service account as Google writes it; the key's line breaks become \n. */
static void write_account(const char *dir, int port)
{
	const char *pem = h_read_file(t_fmt("%s/account.pem", dir));
	FILE *f = fopen(t_fmt("%s/account.json", dir), "w");

	if (!pem || !f)
		t_fail("no service account");
	fprintf(f,
		"{\"type\": \"service_account\", \"project_id\": \"test-project\", \"private_key_id\": \"key-1\","
		" \"client_email\": \"push@test.iam.gserviceaccount.com\", \"private_key\": %s,"
		" \"token_uri\": \"https://127.0.0.1:%d/token\"}\n",
		t_quote(pem), port);
	fclose(f);
}

struct t_fcm t_fcm_start(void)
{
	const char *dir = h_run_path("fcm");
	int port;

	mkdir(dir, 0700);
	make(t_fmt(
		"cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2"
		" -subj /CN=fcm -addext subjectAltName=IP:127.0.0.1 2>/dev/null"
		" && openssl genrsa -out account.pem 2048 2>/dev/null"
		" && openssl rsa -in account.pem -pubout -out account.pub.pem 2>/dev/null",
		dir));
	port = t_node_start("test/harness/fcm.mjs", dir, NULL);
	write_account(dir, port);
	return (struct t_fcm){
		.dir = dir,
		.account = t_fmt("FIREBASE_CREDENTIALS_FILE=%s/account.json", dir),
		.base_url = t_fmt("FCM_BASE_URL=https://127.0.0.1:%d/", port),
		.authority = t_fmt("SSL_CERT_FILE=%s/cert.pem", dir),
	};
}

const char *t_fcm_file(const struct t_fcm *f, const char *name)
{
	const char *text = h_read_file(t_fmt("%s/%s", f->dir, name));

	return text ? text : "";
}

int t_fcm_lines(const struct t_fcm *f, const char *name)
{
	int n = 0;

	for (const char *p = t_fcm_file(f, name); (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static const char *line_with(const char *text, const char *part)
{
	const char *at = strstr(text, part), *from = at, *end = at ? strchr(at, '\n') : NULL;

	if (!end)
		return NULL;
	while (from > text && from[-1] != '\n')
		from--;
	return t_fmt("%.*s", (int)(end - from), from);
}

const struct t_reply *t_fcm_message(const struct t_fcm *f, const char *token)
{
	struct t_reply *r = t_keep(sizeof(*r));
	const char *part = t_fmt("\"token\":%s,", t_quote(token));

	EXPECT_SOON((r->body = line_with(t_fcm_file(f, "messages"), part)) != NULL);
	r->size = strlen(r->body);
	r->status = 200;
	r->request = t_fmt("the push to %s", token);
	return r;
}
