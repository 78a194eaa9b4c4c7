/* Safe domains, and pictures of other hosts. */
#include "app/previews/previews.h"

#include "app/links.h"
#include "app/previews/previews_db.h"
#include "app/previews/visit.h"
#include "lib/web/req.h"

static const struct rate rate_proxy = { "image_proxy", 2, 120 };

static const struct err_info host_info = { .status = 403,
					   .code = "host_not_allowed",
					   .message = "pictures of this host are not passed on" };
static const struct err_info upstream_info = { .status = 502,
					       .code = "bad_upstream",
					       .message =
						       "the picture cannot be had at the moment" };
static const err err_host = { &host_info };
static const err err_upstream = { &upstream_info };

/* ---- safe domains ---- */

struct domains {
	struct list domains;
};
static const struct field domains_fields[] = {
	FIELD(struct domains, domains, .of = safe_domain_fields),
	{ 0 },
};

static err list_domains(struct req *r)
{
	struct domains out;

	TRY(safe_domains_list(r->db, &out.domains));
	return reply(r, &out);
}

struct address {
	str url;
};
static const struct field address_fields[] = {
	FIELD(struct address, url, .required = true, .min = 1, .max = 2048),
	{ 0 },
};

struct judgement {
	str domain;
	bool safe;
	str status;
};
static const struct field judgement_fields[] = {
	FIELD(struct judgement, domain, .required = true),
	FIELD(struct judgement, safe),
	FIELD(struct judgement, status, .required = true, .one_of = "approved|blocked|unknown"),
	{ 0 },
};

/* An address, or a bare host as people write it. */
static str host_of(struct req *r, str url)
{
	str host = fetch_host(r->arena, url);

	if (host.p || str_find(url, S("://")) >= 0)
		return host;
	return fetch_host(r->arena, arena_printf(r->arena, "https://%.*s", (int)url.n, url.p));
}

static err check_domain(struct req *r)
{
	struct judgement out = { .status = S("unknown") };
	struct safe_domain found;
	struct address in;
	err e;

	TRY(req_query(r, &in, NULL));
	out.domain = host_of(r, in.url);
	if (str_empty(out.domain))
		return req_fail(r, err_invalid, "url must be an http(s) address");
	e = safe_domains_find(r->db, out.domain, &found);
	if (e.info && !err_is(e, err_not_found))
		return e;
	if (!e.info) {
		out.safe = found.is_approved;
		out.status = found.is_approved ? S("approved") : S("blocked");
	}
	return reply(r, &out);
}

/* ---- the proxy ---- */

/* By its first bytes: what the other host calls it proves nothing. NULL: no picture. */
static const char *picture_type(str body)
{
	if (str_starts(body, S("\x89PNG\r\n\x1a\n")))
		return "image/png";
	if (str_starts(body, S("\xff\xd8\xff")))
		return "image/jpeg";
	if (str_starts(body, S("GIF87a")) || str_starts(body, S("GIF89a")))
		return "image/gif";
	if (str_starts(body, S("RIFF")) && str_eq(str_slice(body, 8, 12), S("WEBP")))
		return "image/webp";
	return NULL;
}

static err proxy_image(struct req *r)
{
	struct address in;
	struct visit picture;
	const char *type;
	str host;

	TRY(req_query(r, &in, NULL));
	host = fetch_host(r->arena, in.url);
	if (!host.p
	    || !(str_starts(in.url, S("https://"))
		 || config_bool(r->app->config, "PREVIEW_PRIVATE")))
		return req_fail(r, err_invalid, "url must be an https address");
	if (!link_shows_pictures_of(r->app, host))
		return err_host;
	if (visit_picture(r->arena, r->app, in.url, &picture).info)
		return err_upstream;
	type = picture_type(picture.body);
	if (!type)
		return err_upstream;
	reply_header(r, "Access-Control-Allow-Origin", S("*"));
	reply_header(r, "Cache-Control", S("public, max-age=3600"));
	reply_header(r, "Content-Security-Policy", S("default-src 'none'; sandbox"));
	return reply_text(r, 200, type, picture.body);
}

#define P "/api/v1"

const struct route previews_routes[] = {
	{ GET, P "/safe-domains", list_domains, "domains the operator knows",
	  .out = domains_fields },
	{ GET, P "/safe-domains/check", check_domain, "whether a link's domain is known to be safe",
	  .query = address_fields, .out = judgement_fields },
	{ GET, P "/image-proxy", proxy_image, "a picture of one of a few other hosts",
	  .auth = AUTH_NONE, .rate = &rate_proxy, .query = address_fields, .deadline = 10 * SECOND,
	  .errors = "403 502" },
	{ 0 },
};
