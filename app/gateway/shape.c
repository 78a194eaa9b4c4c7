/* See shape.h. The services of a project each have a shape of their own for what went wrong. */
#include "app/gateway/shape.h"

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/net/fetch_flow.h"

#include <string.h>

/* Since this version of the API the auth service's `code` is a name; before, it was the status. */
static const char named_since[] = "2024-01-01";

struct named {
	str code, message;
};

static const struct field named_fields[] = {
	FIELD(struct named, code),
	FIELD(struct named, message),
	{ 0 },
};

struct numbered {
	int32_t code;
	str error_code, msg, message;
};

static const struct field numbered_fields[] = {
	FIELD(struct numbered, code),
	FIELD(struct numbered, error_code),
	FIELD(struct numbered, msg),
	FIELD(struct numbered, message),
	{ 0 },
};

struct of_rest {
	str code, details, hint, message;
};

static const struct field rest_fields[] = {
	FIELD(struct of_rest, code),
	FIELD(struct of_rest, details),
	FIELD(struct of_rest, hint),
	FIELD(struct of_rest, message),
	{ 0 },
};

struct of_storage {
	str statusCode, error, message, code;
};

static const struct field storage_fields[] = {
	FIELD(struct of_storage, statusCode),
	FIELD(struct of_storage, error),
	FIELD(struct of_storage, message),
	FIELD(struct of_storage, code),
	{ 0 },
};

struct failure {
	int status;
	str code, message;
};

static struct failure failure_of(err e)
{
	static const struct failure silent = { 504, S("gateway_timeout"),
					       S("The project did not answer in time") };
	static const struct failure away = { 502, S("bad_gateway"),
					     S("The project cannot be reached") };

	if (err_is(e, err_deadline))
		return silent;
	if (e.info->status == 503)
		return (struct failure){ 503, str_of(e.info->code), str_of(e.info->message) };
	return away;
}

static bool wants_names(const struct req *r)
{
	str version = req_header(r, "X-Supabase-Api-Version");

	return version.n == strlen(named_since) && memcmp(version.p, named_since, version.n) >= 0;
}

static err say(struct req *r, const struct failure *f)
{
	struct named named = { f->code, f->message };
	struct numbered numbered = { f->status, f->code, f->message, f->message };
	struct of_rest rest = { .code = f->code, .message = f->message };
	struct of_storage storage = { arena_printf(r->arena, "%d", f->status), f->code, f->message,
				      f->code };

	if (str_starts(r->path, S("/rest/")))
		return reply_as(r, f->status, rest_fields, &rest);
	if (str_starts(r->path, S("/storage/")))
		return reply_as(r, f->status, storage_fields, &storage);
	if (str_starts(r->path, S("/auth/")) && wants_names(r))
		return reply_as(r, f->status, named_fields, &named);
	return reply_as(r, f->status, numbered_fields, &numbered);
}

err shape_failure(struct req *r, err e)
{
	struct failure f = failure_of(e);

	if (f.status != 503 && !err_is(e, err_cancelled))
		log_warn("the project failed a request", LOG("status", f.status),
			 LOG("why", e.info->message), LOG("request_id", r->request_id));
	reply_header(r, "X-Sb-Error-Code", f.code);
	reply_header(r, "Retry-After", S("1"));
	if (!str_empty(req_header(r, "Origin")))
		reply_header(r, "Access-Control-Allow-Origin", S("*"));
	return say(r, &f);
}
