/*
 * How tests speak the old platform's Auth API by hand: what its client libraries do not show, or would never
 * send. The libraries themselves are in test/clients.
 */
#pragma once

#include "lib/base/codec.h"
#include "test/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANON	"apikey: anon-key-of-the-tests"
#define SERVICE "service-in-no-log-key-of-the-tests"
#define NEW	"X-Supabase-Api-Version: 2024-01-01"
#define A	"/auth/v1"

static inline const struct t_reply *call(const char *method, const char *path, const char *bearer,
					 const char *json)
{
	const char *body = json ? t_fmt("%s", json) : NULL;

	for (char *p = body ? strchr(body, '\'') : NULL; p; p = strchr(p, '\''))
		*p = '"';
	return t_send(&(struct t_request){
		.method = method,
		.path = path,
		.headers = T_LIST(ANON, NEW, "Content-Type: application/json",
				  bearer ? t_fmt("Authorization: Bearer %s", bearer)
					 : "Authorization:"),
		.body = body,
	});
}

static inline const struct t_reply *post(const char *path, const char *json)
{
	return call("POST", path, NULL, json);
}

static inline const struct t_reply *get_user(const char *token)
{
	return call("GET", A "/user", token, NULL);
}

static inline const struct t_reply *sign_in(const struct t_user *u)
{
	return post(A "/token?grant_type=password",
		    t_fmt("{'email': '%s', 'password': '%s'}", u->email, T_PASSWORD));
}

static inline const struct t_reply *refresh(const char *token)
{
	return post(A "/token?grant_type=refresh_token",
		    t_fmt("{'refresh_token': '%s', 'unknown': null}", token));
}

/* What stands behind `key` in a text, as far as links and tokens go. */
static inline const char *after(const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	if (!at)
		t_fail("no %s in %s", key, text ? text : "nothing");
	at += strlen(key);
	return t_fmt("%.*s", (int)strcspn(at, "&#? \r\n\"<"), at);
}

/* The path of the link in a mail; mails are in quoted-printable only where they must be. */
static inline const char *link_path(const char *mail)
{
	const char *at = strstr(mail, "/auth/v1/verify?");

	if (!at)
		t_fail("no link in %s", mail);
	return t_fmt("%.*s", (int)strcspn(at, " \r\n\"<"), at);
}

static inline const char *code_in(const char *mail)
{
	return t_fmt("%.6s", after(mail, "enter this code: "));
}

/* A claim of an access token, as JSON. */
static inline const struct t_reply *claims(const char *token)
{
	const char *from = strchr(token, '.') + 1;
	str payload = { from, strcspn(from, ".") };
	char *text = (char *)(uintptr_t)t_repeat(" ", DECODED_MAX(payload.n) + 1);
	struct t_reply *r = (struct t_reply *)(uintptr_t)t_repeat(" ", sizeof *r);
	size_t n;

	if (!base64url_decode(payload, text, &n))
		t_fail("no token: %s", token);
	text[n] = '\0';
	*r = (struct t_reply){ .status = 200, .body = text, .size = n, .request = "claims" };
	return r;
}

static inline long long live_sessions(const char *user)
{
	return t_sql_int(
		"SELECT count(*) FROM sessions WHERE user_id = '%s' AND revoked_at IS NULL", user);
}
