/* See pages.h. */
#include "app/pages.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"

static const char style[] =
	":root{color-scheme:light dark;--ground:#eef2f5;--paper:#fff;--ink:#16202b;--soft:#55606c;"
	"--line:#7b8794;--act:#0b5c8a;--on-act:#fff;--alert:#a3210f}"
	"@media(prefers-color-scheme:dark){:root{--ground:#10161c;--paper:#1a232c;--ink:#e8edf2;"
	"--soft:#a5b1bd;--line:#7b8794;--act:#7cc4ee;--on-act:#08202f;--alert:#ff9d8a}}"
	"*{box-sizing:border-box}"
	"body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;padding:10vh 1rem 2rem;"
	"background:var(--ground);color:var(--ink)}"
	"main{max-width:28rem;margin:0 auto;padding:1.5rem;background:var(--paper);border-radius:.75rem}"
	"h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}"
	"p{margin:0}"
	"[role=alert]{color:var(--alert);font-weight:600}"
	"label{display:block;margin:1rem 0 .25rem}"
	"input{font:inherit;width:100%;padding:.6rem .75rem;border:1px solid var(--line);"
	"border-radius:.5rem;background:var(--paper);color:inherit}"
	"button{font:inherit;font-weight:600;width:100%;margin-top:1.5rem;padding:.7rem;border:0;"
	"border-radius:.5rem;background:var(--act);color:var(--on-act)}"
	":focus-visible{outline:3px solid var(--act);outline-offset:2px}"
	"footer{text-align:center;margin-top:1.5rem;font-size:.9rem;color:var(--soft)}";

static const char page[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>%s \u2013 Sojorn</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n"
	"%.*s</main>\n<footer>Sojorn</footer>\n</body>\n</html>\n";

/* The style is allowed by its hash, so no other one is. */
static str policy(struct arena *a)
{
	uint8_t hash[SHA256_BYTES];
	char text[BASE64_LENGTH(SHA256_BYTES)];

	sha256((str){ style, sizeof style - 1 }, hash);
	base64_encode(hash, sizeof hash, text);
	return arena_printf(a,
			    "default-src 'none'; style-src 'sha256-%.*s'; form-action 'self'; "
			    "base-uri 'none'; frame-ancestors 'none'",
			    (int)sizeof text, text);
}

err page_reply(struct req *r, int status, const char *title, str body)
{
	reply_header(r, "Content-Security-Policy", policy(r->arena));
	reply_header(r, "Referrer-Policy", S("no-referrer"));
	reply_header(r, "Cache-Control", S("no-store"));
	reply_header(r, "X-Frame-Options", S("DENY"));
	return reply_text(r, status, "text/html; charset=utf-8",
			  arena_printf(r->arena, page, title, style, title, (int)body.n, body.p));
}
