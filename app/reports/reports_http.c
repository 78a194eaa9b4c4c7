/* Reporting, and what became of one's reports. */
#include "app/reports/reports.h"

#include "app/rates.h"
#include "app/reports/reports.sql.h"
#include "lib/web/page.h"

static const struct err_info info_own = { 400, "invalid", "that is your own", NULL };

struct report_body {
	str target_user_id, post_id, comment_id; /* older clients send "" for none */
	str violation_type, description;
};
static const struct field report_body_fields[] = {
	FIELD(struct report_body, target_user_id, .max = 36),
	FIELD(struct report_body, post_id, .max = 36, .help = "of a post or a beacon"),
	FIELD(struct report_body, comment_id, .max = 36),
	FIELD(struct report_body, violation_type, .required = true, .min = 1, .max = 64,
	      .help = "harassment, scam, misinformation, …"),
	FIELD(struct report_body, description, .max = 1000),
	{ 0 },
};

struct outcome {
	str problem;
};
static const struct field outcome_fields[] = {
	FIELD(struct outcome, problem),
	{ 0 },
};

static err read_id(struct req *r, const char *name, str text, uuid *out)
{
	*out = (uuid){ 0 };
	if (str_empty(text) || uuid_parse(text, out))
		return OK;
	return req_fail(r, err_invalid, "%s must be a UUID", name);
}

static err report(struct req *r)
{
	struct report_body in;
	struct outcome out;
	uuid target, post, comment;

	TRY(req_body(r, &in, NULL));
	TRY(read_id(r, "target_user_id", in.target_user_id, &target));
	TRY(read_id(r, "post_id", in.post_id, &post));
	TRY(read_id(r, "comment_id", in.comment_id, &comment));
	if (uuid_is_nil(target) && uuid_is_nil(post) && uuid_is_nil(comment))
		return req_fail(r, err_invalid,
				"one of target_user_id, post_id and comment_id is needed");
	str description = in.description.p ? in.description : S("");
	TRY(db_one(r->db, &sql_report_put, outcome_fields, &out, ARG(r->user.id), ARG(target),
		   ARG(post), ARG(comment), ARG(in.violation_type), ARG(description)));
	if (str_eq(out.problem, S("own")))
		return (err){ &info_own };
	return out.problem.p ? err_not_found : reply_message(r, "report submitted");
}

struct report {
	uuid id;
	str violation_type, description, status;
	usec created_at;
	str target_handle;
};
static const struct field report_fields[] = {
	FIELD(struct report, id),
	FIELD(struct report, violation_type),
	FIELD(struct report, description),
	FIELD(struct report, status, .one_of = "pending|reviewed|actioned|dismissed"),
	FIELD(struct report, created_at),
	FIELD(struct report, target_handle),
	{ 0 },
};

struct count {
	int32_t total;
};
static const struct field count_fields[] = {
	FIELD(struct count, total),
	{ 0 },
};

struct report_page {
	struct list reports;
	int32_t total, limit, offset;
	str next_cursor;
};
static const struct field report_page_fields[] = {
	FIELD(struct report_page, reports, .of = report_fields),
	FIELD(struct report_page, total),
	FIELD(struct report_page, limit),
	FIELD(struct report_page, offset),
	FIELD(struct report_page, next_cursor),
	{ 0 },
};

static err list_mine(struct req *r)
{
	struct report_page out = { 0 };
	struct count all;
	struct page p;

	TRY(page_read(r, &p));
	struct db_batch *b = db_batch(r->db);
	db_batch_one(b, &sql_reports_count, count_fields, &all, ARG(r->user.id));
	db_batch_list(b, &sql_reports_mine, report_fields, sizeof(struct report), &out.reports,
		      ARG(r->user.id), ARG(p.limit), ARG(p.offset), ARG(page_time(&p)), ARG(p.id));
	TRY(db_batch_run(b));
	out.total = all.total;
	out.limit = p.limit;
	out.offset = p.offset;
	out.next_cursor = page_after(r, &p, &out.reports, offsetof(struct report, created_at),
				     offsetof(struct report, id));
	return reply(r, &out);
}

const struct route reports_routes[] = {
	{ POST, "/api/v1/users/report", report, "report somebody or something",
	  .rate = &rate_report, .body = report_body_fields, .out = message_fields,
	  .errors = "404" },
	{ GET, "/api/v1/reports/mine", list_mine, "what became of the caller's reports",
	  .out = report_page_fields, .page = 20, .page_max = 100 },
	{ 0 },
};
