/*
 * The job that sends a mail: opens the sealed token, writes the message, and hands it to the mail server
 * or puts it into a file. Whoever cannot be reached is tried again by the outbox; whom the server refuses
 * for good is not.
 */
#include "app/mail/letter.h"

#include "app/links.h"
#include "lib/base/crypt.h"
#include "lib/base/log.h"
#include "lib/base/rand.h"
#include "lib/net/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEND_SECONDS = 60, SMTPS_PORT = 465 };

static const struct err_info unknown_info = { 500, "mail_unknown", "no such mail", NULL };
static const struct err_info nowhere_info = { 503, "mail_nowhere",
					      "neither SMTP_HOST nor MAIL_DIR is set", NULL };
static const err err_mail_unknown = { &unknown_info };
static const err err_mail_nowhere = { &nowhere_info };

/* ---- the payload ---- */

struct order {
	str mail, to, token;
};

static const struct field order_fields[] = {
	FIELD(struct order, mail, .required = true),
	FIELD(struct order, to, .required = true),
	FIELD(struct order, token, .omit_absent = true),
	{ 0 },
};

static void token_key(const struct app *app, uint8_t key[static KEY_BYTES])
{
	hkdf_sha256(app->jwt_secret, S(""), S("sojorn mail token"), key, KEY_BYTES);
}

struct json mail_payload(struct arena *a, const struct app *app, enum mail mail, str to, str token)
{
	struct order order = { .mail = str_of(letters[mail].name), .to = to };
	struct json_writer w;
	uint8_t key[KEY_BYTES];

	if (token.p) {
		token_key(app, key);
		order.token = seal(a, key, to, token);
	}
	json_init(&w, a, 256);
	json_record(&w, order_fields, &order);
	return (struct json){ json_text(&w) };
}

/* ---- where mails go ---- */

static str sender(const struct app *app)
{
	str from = config_str(app->config, "SMTP_FROM");

	return str_empty(from) ? S("Sojorn <no-reply@localhost>") : from;
}

/* Signing in and mail in clear text stay within this machine. */
static bool is_local(str host)
{
	return str_eq(host, S("localhost")) || str_starts(host, S("127."))
		|| str_eq(host, S("::1"));
}

static err send_by_smtp(struct job *j, str to, str message)
{
	const struct config *c = j->app->config;
	str host = config_str(c, "SMTP_HOST");
	long long port = config_int(c, "SMTP_PORT");
	struct smtp server = {
		.url = arena_printf(j->arena,
				    str_find_char(host, ':') < 0 ? "%s://%.*s:%lld"
								 : "%s://[%.*s]:%lld",
				    port == SMTPS_PORT ? "smtps" : "smtp", (int)host.n, host.p,
				    port),
		.user = config_str(c, "SMTP_USER"),
		.password = config_str(c, "SMTP_PASS"),
	};

	if (str_empty(server.user))
		server.user = (str){ 0 };
	server.require_tls = server.user.p && !is_local(host);
	return fetch_smtp(j->arena, &server, mail_address(sender(j->app)), to, message,
			  time_monotonic() + SEND_SECONDS * SECOND);
}

struct file {
	const char *dir, *path, *part; /* appears under its name when it is whole */
	str text;
	int error;
};

static void write_file(void *arg)
{
	struct file *f = arg;
	bool ok;
	int fd;

	mkdir(f->dir, 0700); /* may be there */
	fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ok = fd >= 0 && write(fd, f->text.p, f->text.n) == (ssize_t)f->text.n;
	f->error = ok ? 0 : errno;
	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (!ok || rename(f->part, f->path) < 0)
		f->error = f->error ? f->error : errno;
}

/* The same each time the job is tried: a process that died before it could say that the mail was sent
 * leaves no second file, and a second mail that receivers know for the same. Sorts by time. */
static str job_name(const struct job *j)
{
	return arena_printf(j->arena, "%016lld-%lld", (long long)j->added.us, (long long)j->id);
}

static err send_to_file(struct job *j, str dir, str message)
{
	str name = job_name(j), part = rand_token(j->arena, 8);
	struct file f = {
		.dir = arena_cstr(j->arena, dir),
		.path = arena_printf(j->arena, "%.*s/%.*s.eml", (int)dir.n, dir.p, (int)name.n,
				     name.p)
				.p,
		.part = arena_printf(j->arena, "%.*s/.%.*s", (int)dir.n, dir.p, (int)part.n, part.p)
				.p,
		.text = message,
	};

	TRY(offload_run(j->app->offload, write_file, &f));
	if (f.error)
		return err_detail(j->arena, err_io, NULL, "%s: %s", f.path, strerror(f.error));
	return OK;
}

static err dispatch(struct job *j, str to, str message)
{
	str dir = config_str(j->app->config, "MAIL_DIR");

	if (!str_empty(dir))
		return send_to_file(j, dir, message);
	if (!str_empty(config_str(j->app->config, "SMTP_HOST")))
		return send_by_smtp(j, to, message);
	if (j->app->production)
		return err_mail_nowhere;
	mkdir(".local", 0755);
	return send_to_file(j, S(".local/mail"), message);
}

/* ---- the job ---- */

static const struct letter *find_letter(str name)
{
	for (int i = 0; i < MAILS; i++)
		if (str_eq(name, str_of(letters[i].name)))
			return &letters[i];
	return NULL;
}

/* code: what is to be typed in, of a letter that has it; else absent. */
static err make_link(struct job *j, const struct letter *l, const struct order *order, str *out,
		     str *ret_code)
{
	str base = l->to_app ? link_app(j->arena, j->app) : link_api(j->arena, j->app), token;
	uint8_t key[KEY_BYTES];

	token_key(j->app, key);
	if (!unseal(j->arena, key, order->to, order->token, &token))
		return err_mail_unknown;
	if (l->coded)
		*ret_code = str_cut(&token, ' ');
	if (!l->action)
		return OK;
	*out = arena_printf(j->arena, "%.*s%s%.*s", (int)base.n, base.p, l->path, (int)token.n,
			    token.p);
	return OK;
}

err mail_run(struct job *j)
{
	struct order order = { 0 };
	const struct letter *l;
	struct message m;
	str link = { 0 }, code = { 0 };
	err e;

	TRY(fields_from_json(j->arena, j->payload.text, order_fields, &order, NULL));
	l = find_letter(order.mail);
	if (!l)
		return err_mail_unknown;
	if (l->action || l->coded)
		TRY(make_link(j, l, &order, &link, &code));
	m = (struct message){
		.from = sender(j->app),
		.to = order.to,
		.subject = str_of(l->subject),
		.text = letter_text(j->arena, l, link, code),
		.html = letter_html(j->arena, l, link, code),
		.date = time_now(),
		.id = job_name(j),
	};
	e = dispatch(j, order.to, message_write(j->arena, &m));
	if (!err_is(e, err_mail_refused))
		return e;
	log_warn("mail refused", LOG("mail", l->name), LOG("job", j->id));
	return OK;
}
