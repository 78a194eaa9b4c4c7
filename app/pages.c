/* See pages.h. */
#include "app/pages.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"

static const char style[] =
	":root{color-scheme:light dark}"
	"body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem}"
	"h1{font-size:1.5rem}"
	"label{display:block;margin:1rem 0 .25rem}"
	"input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}"
	"button{font:inherit;margin-top:1rem;padding:.5rem 1rem}"
	"footer{margin-top:3rem;opacity:.6;font-size:.9rem}";

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
