/* See session.h, and console_authenticate in console.h. */
#include "app/console/session.h"

#include "app/console/console.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/web/token.h"

#define COOKIE "sojorn_console"

enum { HOURS = 4 };

static const struct err_info infos[] = {
	{ 401, "signed_out", "Please sign in to the console", NULL },
	{ 403, "console_token", "This request does not come from the console's own page", NULL },
	{ 403, "admin_only", "This is an administrator's to do", NULL },
};
static const err err_signed_out = { &infos[0] };
static const err err_console_token = { &infos[1] };
static const err err_admin_only = { &infos[2] };

static str cookie_key(struct req *r)
{
	struct bytes key = auth_mac(r->arena, r->app, S("console"), S("cookie"));

	return (str){ (const char *)key.p, key.n };
}

/* ---- the cookie ---- */

/* Over TLS, of which a proxy tells, it never travels without. On the loopback address there is none. */
static void set_cookie(struct req *r, str value, long long seconds)
{
	bool tls = str_ieq(req_header(r, "X-Forwarded-Proto"), S("https"));

	reply_header(r, "Set-Cookie",
		     arena_printf(r->arena,
				  COOKIE "=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
				  (int)value.n, value.p, seconds, tls ? "; Secure" : ""));
}

void console_session_begin(struct req *r, const struct session *s, str role)
{
	usec now = time_now(), expires = time_add(now, HOURS * HOUR);
	const struct token t = {
		.sub = s->user,
		.session = s->id,
		.issued = now,
		.expires = expires,
		.role = S("console"),
	};

	set_cookie(r, token_issue(r->arena, cookie_key(r), &t), HOURS * HOUR / SECOND);
	r->user = (struct identity){ .id = s->user,
				     .session = s->id,
				     .expires = expires,
				     .role = role };
}

void console_session_forget(struct req *r)
{
	set_cookie(r, S(""), 0);
}

static bool read_cookie(struct req *r, struct token *out)
{
	str cookie = req_cookie(r, COOKIE);

	return cookie.p && !token_verify(r->arena, cookie_key(r), cookie, time_now(), out).info
		&& !uuid_is_nil(out->sub) && !uuid_is_nil(out->session);
}

/* ---- requests that change something ---- */

str console_session_token(struct req *r)
{
	char id[UUID_TEXT], *text = arena_alloc(r->arena, BASE64_LENGTH(SHA256_BYTES));
	struct bytes mac;

	uuid_format(r->user.session, id);
	mac = auth_mac(r->arena, r->app, S("console-token"), (str){ id, sizeof id });
	return (str){ text, base64url_encode(mac.p, mac.n, text) };
}

/* Browsers say so by themselves (Fetch Metadata); what is no browser sends no cookies by mistake. */
err console_same_site(struct req *r)
{
	str site = req_header(r, "Sec-Fetch-Site");

	return !site.p || str_eq(site, S("same-origin")) ? OK : err_console_token;
}

static err check_token(struct req *r)
{
	TRY(console_same_site(r));
	return str_eq_secret(req_header(r, "X-Console-Token"), console_session_token(r))
		? OK
		: err_console_token;
}

/* ---- who is asking ---- */

static bool is_staff(str role)
{
	return str_eq(role, S("admin")) || str_eq(role, S("moderator"));
}

err console_admin(const struct req *r)
{
	return str_eq(r->user.role, S("admin")) ? OK : err_admin_only;
}

err console_authenticate(struct req *r)
{
	struct token t;
	err e;

	if (!read_cookie(r, &t))
		return r->route->auth == AUTH_OPTIONAL ? auth_authenticate(r) : err_signed_out;
	e = auth_by_session(r, t.sub, t.session, t.expires);
	if (e.info)
		return e.info->status == 401 ? err_signed_out : e;
	if (!is_staff(r->user.role)) {
		r->user = (struct identity){ 0 };
		return err_not_found;
	}
	return r->method == GET ? OK : check_token(r);
}
