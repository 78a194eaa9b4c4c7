/* What mails look like on the wire, and that they get there. */
#include "app/mail/letter.h"

#include "lib/net/loop.h"
#include "test/harness/harness.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option options[] = {
	{ "MAIL_DIR", OPT_STR, NULL, false, NULL, 0, 0, "files" },
	{ "SMTP_HOST", OPT_STR, NULL, false, NULL, 0, 0, "host" },
	{ "SMTP_PORT", OPT_INT, "587", false, NULL, 1, 65535, "port" },
	{ "SMTP_USER", OPT_STR, NULL, false, NULL, 0, 0, "user" },
	{ "SMTP_PASS", OPT_STR, NULL, true, NULL, 0, 0, "password" },
	{ "SMTP_FROM", OPT_STR, NULL, false, NULL, 0, 0, "sender" },
	{ "API_BASE_URL", OPT_STR, NULL, false, NULL, 0, 0, "links" },
	{ "APP_BASE_URL", OPT_STR, NULL, false, NULL, 0, 0, "links" },
	{ "BIND", OPT_STR, "127.0.0.1", false, NULL, 0, 0, "address" },
	{ "PORT", OPT_INT, "8080", false, NULL, 1, 65535, "port" },
	{ 0 },
};

static struct arena *a;
static struct app app = { .jwt_secret = { "a secret of the tests", 21 } };

static struct config *config;

static void free_all(void)
{
	offload_free(app.offload);
	config_free(config);
	arena_free(a);
}

static void begin(void)
{
	if (a)
		return;
	a = arena_new();
	app.offload = offload_new(1, 4);
	atexit(free_all);
}

/* An app with these settings, each "NAME=value"; NULL at the end. */
static void configure(const char *const *settings)
{
	const char *problem;

	begin();
	config_free(config);
	EXPECT_TRUE(config_load(&config, options, NULL, &problem));
	for (; *settings; settings++) {
		str value = str_of(*settings), name = str_cut(&value, '=');

		EXPECT_TRUE(config_set(config, arena_cstr(a, name), value.p, &problem));
	}
	app.config = config;
}

/* ---- running the job ---- */

static struct loop *l;
static struct json payload;
static err outcome;

static void run(void *arg)
{
	struct job j = { .app = &app,
			 .loop = l,
			 .arena = a,
			 .kind = S("mail"),
			 .payload = payload };

	(void)arg;
	outcome = mail_run(&j);
	loop_stop(l);
}

static err deliver(enum mail mail, str to, str token)
{
	payload = mail_payload(a, &app, mail, to, token);
	l = loop_new();
	EXPECT_TRUE(loop_start(l, run, NULL));
	loop_run(l);
	loop_free(l);
	return outcome;
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part);
}

/* ---- to a mail server ---- */

static void configure_smtp(void)
{
	const char *settings[] = {
		"SMTP_HOST=127.0.0.1",
		t_fmt("SMTP_PORT=%d", t_smtp_start()),
		"SMTP_FROM=S\u00f6jorn <hello@sojorn.test>",
		"API_BASE_URL=https://api.sojorn.test/api/v1/",
		"APP_BASE_URL=https://app.sojorn.test/",
		NULL,
	};

	configure(settings);
}

TEST(a_mail_reaches_the_server_whole)
{
	const char *to = t_fmt("%s@example.org", t_unique("ann")), *mail;

	configure_smtp();
	EXPECT_NULL(deliver(MAIL_VERIFY, str_of(to), S("a-token")).info);
	mail = t_mail(to);
	EXPECT_TRUE(has(mail, "Return-Path: <hello@sojorn.test>\r\n"));
	EXPECT_TRUE(has(mail, t_fmt("Delivered-To: %s\r\n", to)));
	EXPECT_TRUE(has(mail, "\r\nFrom: =?utf-8?B?U8O2am9ybg==?= <hello@sojorn.test>\r\n"));
	EXPECT_TRUE(has(mail, t_fmt("\r\nTo: %s\r\n", to)));
	EXPECT_TRUE(has(mail, "\r\nSubject: Confirm your e-mail address\r\n"));
	EXPECT_TRUE(has(mail, "\r\nhttps://api.sojorn.test/api/v1/auth/verify?token=a-token\r\n"));
	EXPECT_TRUE(
		has(mail, "<a href=\"https://api.sojorn.test/api/v1/auth/verify?token=a-token\""));
	EXPECT_TRUE(has(mail, "--\r\n"));
}

TEST(a_reset_link_leads_to_the_app)
{
	const char *to = t_fmt("%s@example.org", t_unique("ann"));

	configure_smtp();
	EXPECT_NULL(deliver(MAIL_RESET, str_of(to), S("a-token")).info);
	EXPECT_TRUE(
		has(t_mail(to), "\r\nhttps://app.sojorn.test/reset-password?token=a-token\r\n"));
}

TEST(a_refused_mail_is_given_up_and_a_late_one_tried_again)
{
	configure_smtp();
	EXPECT_NULL(deliver(MAIL_DEACTIVATED, S("refused@example.org"), (str){ 0 }).info);
	EXPECT_TRUE(err_is(deliver(MAIL_DEACTIVATED, S("later@example.org"), (str){ 0 }), err_io));
}

TEST(a_mail_server_that_is_down_is_tried_again)
{
	const char *settings[] = { "SMTP_HOST=127.0.0.1", "SMTP_PORT=1", NULL };

	configure(settings);
	EXPECT_TRUE(err_is(deliver(MAIL_DEACTIVATED, S("ann@example.org"), (str){ 0 }), err_io));
}

/* The mail server here knows no TLS. */
TEST(a_password_is_never_sent_in_the_clear_over_the_net)
{
	const char *settings[] = { "SMTP_HOST=127.0.0.1", t_fmt("SMTP_PORT=%d", t_smtp_start()),
				   "SMTP_USER=sojorn", "SMTP_PASS=" T_SECRET, NULL };
	const char *to = t_fmt("%s@example.org", t_unique("ann"));

	configure(settings);
	EXPECT_NULL(deliver(MAIL_DEACTIVATED, str_of(to), (str){ 0 }).info); /* loopback */
	t_mail(to);
	settings[0] = t_fmt("SMTP_HOST=%s",
			    "0.0.0.0"); /* this machine by an address that is not loopback */
	configure(settings);
	EXPECT_TRUE(err_is(deliver(MAIL_DEACTIVATED, str_of(to), (str){ 0 }), err_io));
}

/* ---- to files ---- */

TEST(each_letter_is_written_to_a_file)
{
	const char *settings[] = { t_fmt("MAIL_DIR=%s", t_path("mail")), NULL };

	configure(settings);
	for (int i = 0; i < MAILS; i++) {
		const char *to = t_fmt("%s@example.org", t_unique("ann")), *mail;

		EXPECT_NULL(deliver((enum mail)i, str_of(to),
				    letters[i].coded ? S("123456 token=a-token") : S("a-token"))
				    .info);
		mail = t_mail(to);
		EXPECT_TRUE(has(mail, t_fmt("Subject: %s\r\n", letters[i].subject)));
		EXPECT_EQ(letters[i].action != NULL, has(mail, "token=a-token"));
		EXPECT_EQ(letters[i].action != NULL, letters[i].note && letters[i].path);
		EXPECT_EQ(letters[i].coded, has(mail, " enter this code: 123456"));
		EXPECT_TRUE(has(mail, "\r\nContent-Transfer-Encoding: 7bit\r\n"));
	}
}

TEST(a_mail_that_can_go_nowhere_waits)
{
	const char *settings[] = { NULL };

	configure(settings);
	app.production = true;
	EXPECT_CSTR("mail_nowhere", deliver(MAIL_DELETION, S("a@b.c"), (str){ 0 }).info->code);
}

TEST(without_any_setting_a_developers_mail_is_a_file)
{
	const char *settings[] = { NULL };
	glob_t found = { 0 };

	configure(settings);
	EXPECT_EQ(0, chdir(t_path("uploads")));
	EXPECT_NULL(deliver(MAIL_DELETION, S("a@b.c"), (str){ 0 }).info);
	EXPECT_EQ(0, glob(".local/mail/*.eml", 0, NULL, &found));
	EXPECT_EQ(1, found.gl_pathc);
	globfree(&found);
}

TEST(the_payload_does_not_show_the_token)
{
	const char *settings[] = { t_fmt("MAIL_DIR=%s", t_path("mail")), NULL };
	struct json p;
	str token;

	configure(settings);
	p = mail_payload(a, &app, MAIL_RESET, S("ann@example.org"), S("a-token"));
	EXPECT_TRUE(str_find(p.text, S("a-token")) < 0);
	token = str_slice(p.text, (size_t)str_find(p.text, S("\"token\"")), p.text.n);
	payload.text = arena_printf(a, "{\"mail\":\"reset\",\"to\":\"bob@example.org\",%.*s",
				    (int)token.n, token.p);
	l = loop_new(); /* moved to another address it does not open */
	EXPECT_TRUE(loop_start(l, run, NULL));
	loop_run(l);
	loop_free(l);
	EXPECT_TRUE(outcome.info);
}

/* ---- the form ---- */

static const char *write_message(str from, str subject, str text)
{
	struct message m = { from,	 S("ann@example.org"), subject, text,
			     S("<p>\n"), { 1769335200123456 }, S("1-2") };

	begin();
	return message_write(a, &m).p;
}

TEST(headers_say_when_who_and_what)
{
	const char *m = write_message(S("Sojorn <no-reply@sojorn.test>"), S("Hello"), S("text\n"));

	EXPECT_TRUE(has(m, "From: \"Sojorn\" <no-reply@sojorn.test>\r\n"));
	EXPECT_TRUE(has(m, "\r\nDate: Sun, 25 Jan 2026 10:00:00 +0000\r\n"));
	EXPECT_TRUE(
		has(m, "\r\nMessage-ID: <1-2@sojorn.test>\r\nAuto-Submitted: auto-generated\r\n"));
	EXPECT_TRUE(
		has(m, "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="));
	EXPECT_TRUE(has(write_message(S("a@b.c"), S("x"), S("y")), "From: a@b.c\r\n"));
}

TEST(no_line_break_gets_into_a_header)
{
	const char *m = write_message(S("a@b.c"), S("Hi\r\nBcc: eve@example.org"), S("x"));

	EXPECT_FALSE(has(m, "\nBcc:"));
	EXPECT_TRUE(has(m, "\r\nSubject: =?utf-8?B?SGkNCkJjYzog"));
}

TEST(long_words_are_cut_between_characters)
{
	const char *m = write_message(S("a@b.c"), str_of(t_repeat("\u20ac", 16)), S("x"));

	/* 15 signs of 3 bytes, then one */
	EXPECT_TRUE(has(m, "?=\r\n =?utf-8?B?4oKs?=\r\n"));
}

TEST(other_than_ascii_is_sent_quoted_printable)
{
	const char *m = write_message(S("a@b.c"), S("x"), S("M\u00fcll = 1 \nend"));

	EXPECT_TRUE(has(
		m,
		"Content-Transfer-Encoding: quoted-printable\r\n\r\nM=C3=BCll =3D 1=20\r\nend\r\n"));
	m = write_message(S("a@b.c"), S("x"), str_of(t_repeat("x", 1000)));
	EXPECT_TRUE(has(m, t_fmt("\r\n%s=\r\nx", t_repeat("x", 75))));
	EXPECT_FALSE(has(m, t_repeat("x", 76)));
}

TEST(the_address_is_found_in_a_mailbox)
{
	EXPECT_TRUE(str_eq(mail_address(S("Ann <a@b.c>")), S("a@b.c")));
	EXPECT_TRUE(str_eq(mail_address(S(" a@b.c ")), S("a@b.c")));
	EXPECT_TRUE(str_eq(mail_address(S(">a@b.c<")), S(">a@b.c<")));
}
