/* What waits for a moderator: reports, and what was flagged. And removing what people wrote. */
#include "app/console/console.h"
#include "app/console/console.sql.h"
#include "app/console/session.h"

enum { SHOWN = 30 };

static const struct err_info settled_info = { 409, "settled", "Somebody has settled this already",
					      NULL };
static const err err_settled = { &settled_info };

/* The lists run from the oldest on; a page begins behind the last row of the one before. */
struct queue_query {
	usec after;
	uuid after_id;
	bool escalated;
};
static const struct field queue_query_fields[] = {
	FIELD(struct queue_query, after, .help = "created_at of the last one shown"),
	FIELD(struct queue_query, after_id, .help = "its id"),
	FIELD(struct queue_query, escalated, .help = "flags only: what was passed on"),
	{ 0 },
};

static err read_query(struct req *r, struct queue_query *out)
{
	TRY(req_query(r, out, NULL));
	if (out->after.us == 0)
		out->after.us = INT64_MIN;
	return OK;
}

/* ---- reports ---- */

struct report {
	uuid id;
	usec created_at;
	str violation, description, reporter;
	uuid target_id;
	str target;
	uuid object_id;
	str object, body, object_status;
};
static const struct field report_fields[] = {
	FIELD(struct report, id),
	FIELD(struct report, created_at),
	FIELD(struct report, violation),
	FIELD(struct report, description),
	FIELD(struct report, reporter),
	FIELD(struct report, target_id),
	FIELD(struct report, target),
	FIELD(struct report, object_id, .help = "of the post, comment or beacon"),
	FIELD(struct report, object, .one_of = "account|post|comment|beacon"),
	FIELD(struct report, body),
	FIELD(struct report, object_status),
	{ 0 },
};
struct reports {
	struct list reports;
};
static const struct field reports_fields[] = {
	FIELD(struct reports, reports, .of = report_fields),
	{ 0 },
};

static err get_reports(struct req *r)
{
	struct queue_query in = { 0 };
	struct reports out = { 0 };
	int32_t limit = SHOWN;

	TRY(read_query(r, &in));
	TRY(db_list(r->db, &sql_console_reports, report_fields, sizeof(struct report), &out.reports,
		    ARG(in.after), ARG(in.after_id), ARG(limit)));
	return reply(r, &out);
}

struct resolve_form {
	str outcome, note;
};
static const struct field resolve_fields[] = {
	FIELD(struct resolve_form, outcome, .required = true,
	      .one_of = "reviewed|actioned|dismissed"),
	FIELD(struct resolve_form, note, .max = 500),
	{ 0 },
};

static err resolve(struct req *r)
{
	struct resolve_form in = { 0 };
	uuid id;
	err e;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	e = db_some(r->db, &sql_console_resolve, ARG(id), ARG(in.outcome), ARG(in.note),
		    ARG(r->user.id));
	if (err_is(e, err_not_found))
		return err_settled;
	TRY(e);
	return reply_message(r, "Report resolved");
}

/* ---- the moderation queue ---- */

struct flag {
	uuid id;
	usec created_at;
	str reason;
	struct json scores;
	uuid target_id;
	str target;
	uuid object_id;
	str object, body, object_status;
};
static const struct field flag_fields[] = {
	FIELD(struct flag, id),
	FIELD(struct flag, created_at),
	FIELD(struct flag, reason),
	FIELD(struct flag, scores),
	FIELD(struct flag, target_id),
	FIELD(struct flag, target),
	FIELD(struct flag, object_id, .help = "of the post; null: the account is meant"),
	FIELD(struct flag, object),
	FIELD(struct flag, body),
	FIELD(struct flag, object_status),
	{ 0 },
};
struct flags {
	struct list flags;
};
static const struct field flags_fields[] = {
	FIELD(struct flags, flags, .of = flag_fields),
	{ 0 },
};

static err get_flags(struct req *r)
{
	struct queue_query in = { 0 };
	struct flags out = { 0 };
	int32_t limit = SHOWN;

	TRY(read_query(r, &in));
	TRY(db_list(r->db, &sql_console_flags, flag_fields, sizeof(struct flag), &out.flags,
		    ARG(in.escalated), ARG(in.after), ARG(in.after_id), ARG(limit)));
	return reply(r, &out);
}

struct review_form {
	str decision, note;
};
static const struct field review_fields[] = {
	FIELD(struct review_form, decision, .required = true,
	      .one_of = "approved|rejected|escalated"),
	FIELD(struct review_form, note, .max = 500),
	{ 0 },
};

static err review(struct req *r)
{
	bool is_admin = !console_admin(r).info;
	struct review_form in = { 0 };
	uuid id;
	err e;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	e = db_some(r->db, &sql_console_review, ARG(id), ARG(in.decision), ARG(in.note),
		    ARG(r->user.id), ARG(is_admin));
	if (err_is(e, err_not_found))
		return err_settled;
	TRY(e);
	return reply_message(r, "Flag reviewed");
}

/* ---- removing ---- */

struct remove_form {
	str reason;
};
static const struct field remove_fields[] = {
	FIELD(struct remove_form, reason, .required = true, .min = 1, .max = 500),
	{ 0 },
};

static err remove_post(struct req *r)
{
	struct remove_form in = { 0 };
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(db_some(r->db, &sql_console_remove, ARG(id), ARG(in.reason), ARG(r->user.id)));
	return reply_message(r, "Removed");
}

const struct route console_queue_routes[] = {
	{ GET, "/console/api/reports", get_reports, "console: reports that wait",
	  .query = queue_query_fields, .out = reports_fields },
	{ POST, "/console/api/reports/:id/resolve", resolve, "console: resolve a report",
	  .body = resolve_fields, .out = message_fields, .errors = "409" },
	{ GET, "/console/api/flags", get_flags, "console: the moderation queue",
	  .query = queue_query_fields, .out = flags_fields },
	{ POST, "/console/api/flags/:id/review", review, "console: review what was flagged",
	  .body = review_fields, .out = message_fields, .errors = "409" },
	{ POST, "/console/api/posts/:id/remove", remove_post,
	  "console: remove a post, a comment or a beacon", .body = remove_fields,
	  .out = message_fields, .errors = "404" },
	{ 0 },
};
