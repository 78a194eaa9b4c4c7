/*
 * The page and its parts. They tell nothing that is not in the source, so anybody who reaches ADMIN_ADDR may have them;
 * what fills them needs a sign-in.
 */
#include "app/console/assets.h"
#include "app/console/console.h"

#include "lib/base/crypt.h"
#include "lib/web/req.h"

/* Only what this server serves, nothing inline, in nobody's frame; no text can become a script, because no part of
 * the page makes HTML of text (Trusted Types). */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'; trusted-types 'none'";

static const struct asset *find(str name)
{
	const struct asset *a = console_assets;

	while (a->name && !str_eq(name, str_of(a->name)))
		a++;
	return a->name ? a : NULL;
}

/* Kept by the browser, but asked for again each time: a new version shows at once. */
static err send(struct req *r, str name)
{
	const struct asset *a = find(name);
	str hash, etag;

	if (!a)
		return err_not_found;
	hash = sha256_hex(r->arena, a->bytes);
	etag = arena_printf(r->arena, "\"%.16s\"", hash.p);
	reply_header(r, "ETag", etag);
	reply_header(r, "Cache-Control", S("no-cache"));
	reply_header(r, "Content-Security-Policy", ((str){ policy, sizeof policy - 1 }));
	reply_header(r, "Referrer-Policy", S("no-referrer"));
	reply_header(r, "X-Frame-Options", S("DENY"));
	reply_header(r, "Cross-Origin-Opener-Policy", S("same-origin"));
	reply_header(r, "Cross-Origin-Resource-Policy", S("same-origin"));
	reply_header(r, "Permissions-Policy", S("camera=(), geolocation=(), microphone=()"));
	if (str_eq(req_header(r, "If-None-Match"), etag))
		return reply_empty(r, 304);
	return reply_text(r, 200, a->type, a->bytes);
}

static err get_page(struct req *r)
{
	return send(r, S("console.html"));
}

static err get_asset(struct req *r)
{
	return send(r, req_param(r, "file"));
}

const struct route console_page_routes[] = {
	{ GET, "/", get_page, "page: the operator's console", .auth = AUTH_NONE },
	{ GET, "/console/:file", get_asset, "a part of that page", .auth = AUTH_NONE },
	{ 0 },
};
