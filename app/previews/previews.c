/* The job behind a post's first link. */
#include "app/previews/previews.h"

#include "app/previews/reader.h"
#include "app/previews/previews_db.h"
#include "app/previews/visit.h"
#include "lib/base/json.h"

struct payload {
	uuid post;
	str url;
};
static const struct field payload_fields[] = {
	FIELD(struct payload, post, .required = true),
	FIELD(struct payload, url, .required = true),
	{ 0 },
};

struct reading {
	struct arena *arena;
	struct visit visit;
	struct preview *out;
};

static void read_it(void *arg)
{
	struct reading *r = arg;

	preview_read(r->arena, r->visit.body, r->visit.charset, r->visit.url, r->out);
}

/* A domain the operator refuses gets no visit. */
static err may_visit(struct job *j, str url, bool *yes)
{
	str host = fetch_host(j->arena, url);
	struct safe_domain domain;
	err e;

	*yes = host.p;
	if (!*yes)
		return OK;
	e = safe_domains_find(j->db, host, &domain);
	if (err_is(e, err_not_found))
		return OK;
	TRY(e);
	*yes = domain.is_approved;
	return OK;
}

/* What is no page has no preview; that is remembered like one. */
static err fetch_preview(struct job *j, struct preview *p)
{
	struct reading r = { .arena = j->arena, .out = p };
	bool yes;

	TRY(may_visit(j, p->url, &yes));
	if (!yes)
		return OK;
	err e = visit_page(j->arena, j->app, p->url, &r.visit);
	if (err_is(e, err_not_found) || err_is(e, err_invalid))
		return OK;
	TRY(e);
	if (!str_eq(r.visit.mime, S("text/html"))
	    && !str_eq(r.visit.mime, S("application/xhtml+xml")))
		return OK;
	return offload_run(j->app->offload, read_it, &r);
}

err previews_run(struct job *j)
{
	struct payload in = { 0 };
	struct preview p = { 0 };
	err e;

	TRY(fields_from_json(j->arena, j->payload.text, payload_fields, &in, NULL));
	e = preview_known(j->db, in.url, &p);
	if (err_is(e, err_not_found)) {
		p = (struct preview){ .url = in.url };
		e = fetch_preview(j, &p);
	}
	TRY(e);
	return preview_keep(j->db, in.post, &p);
}

err previews_trim(struct job *j)
{
	return previews_trim_old(j->db);
}
