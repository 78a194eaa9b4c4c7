/* People: finding them, suspending them and letting them back. */
#include "app/console/console.h"
#include "app/console/console.sql.h"
#include "app/console/session.h"

enum { FOUND = 25, TRAIL = 20, POSTS = 20, HOURS_MAX = 365 * 24 };

static const struct err_info infos[] = {
	{ 409, "own_account", "That is your own account", NULL },
	{ 403, "admin_only", "This account is an administrator's to deal with", NULL },
	{ 409, "wrong_status", "Not in the state the account is in", NULL },
};
static const err err_own_account = { &infos[0] };
static const err err_staff = { &infos[1] };
static const err err_wrong_status = { &infos[2] };

/* ---- finding ---- */

struct person {
	uuid id;
	str handle, display_name, role, email, status;
	usec suspended_until;
	bool mfa_enabled;
	usec created_at, last_login;
	int32_t strikes, harmony, posts_count, followers_count, open_reports;
};
static const struct field person_fields[] = {
	FIELD(struct person, id),
	FIELD(struct person, handle),
	FIELD(struct person, display_name),
	FIELD(struct person, role),
	FIELD(struct person, email, .help = "for administrators"),
	FIELD(struct person, status),
	FIELD(struct person, suspended_until),
	FIELD(struct person, mfa_enabled),
	FIELD(struct person, created_at),
	FIELD(struct person, last_login),
	FIELD(struct person, strikes, .help = "of the last 30 days"),
	FIELD(struct person, harmony),
	FIELD(struct person, posts_count),
	FIELD(struct person, followers_count),
	FIELD(struct person, open_reports, .help = "100 at most"),
	{ 0 },
};

/* An address is not for moderators, though they may ask by it. */
static err find(struct req *r, str handle, uuid id, struct list *out)
{
	int32_t limit = FOUND;
	struct person *p;

	TRY(db_list(r->db, &sql_console_people, person_fields, sizeof *p, out, ARG(handle),
		    ARG(handle), ARG(id), ARG(limit)));
	p = out->v;
	for (size_t i = 0; i < out->n; i++)
		if (console_admin(r).info)
			p[i].email = (str){ 0 };
	return OK;
}

struct people_query {
	str q;
};
static const struct field people_query_fields[] = {
	FIELD(struct people_query, q, .max = 320,
	      .help = "beginning of a handle, a whole address, an id; empty: the suspended"),
	{ 0 },
};
struct people {
	struct list people;
};
static const struct field people_fields[] = {
	FIELD(struct people, people, .of = person_fields),
	{ 0 },
};

static err get_people(struct req *r)
{
	struct people_query in = { 0 };
	struct people out = { 0 };
	uuid id = { 0 };
	str q;

	TRY(req_query(r, &in, NULL));
	q = arena_lower(r->arena, in.q.p ? in.q : S(""));
	if (str_starts(q, S("@")))
		q = str_slice(q, 1, q.n);
	if (uuid_parse(q, &id))
		q = S("");
	TRY(find(r, q, id, &out.people));
	return reply(r, &out);
}

/* ---- one ---- */

struct change {
	usec created_at;
	str old_status, new_status, reason, changed_by;
};
struct strike {
	usec created_at;
	str category, snippet;
};
struct written {
	uuid id;
	str kind, status, visibility, body;
	usec created_at;
	str tone_label;
};
static const struct field change_fields[] = {
	FIELD(struct change, created_at), FIELD(struct change, old_status),
	FIELD(struct change, new_status), FIELD(struct change, reason),
	FIELD(struct change, changed_by), { 0 },
};
static const struct field strike_fields[] = {
	FIELD(struct strike, created_at),
	FIELD(struct strike, category),
	FIELD(struct strike, snippet),
	{ 0 },
};
static const struct field written_fields[] = {
	FIELD(struct written, id),	   FIELD(struct written, kind),
	FIELD(struct written, status),	   FIELD(struct written, visibility),
	FIELD(struct written, body),	   FIELD(struct written, created_at),
	FIELD(struct written, tone_label), { 0 },
};
struct dossier {
	struct person person;
	struct list history, strikes, posts;
};
static const struct field dossier_fields[] = {
	FIELD(struct dossier, person, .of = person_fields),
	FIELD(struct dossier, history, .of = change_fields),
	FIELD(struct dossier, strikes, .of = strike_fields),
	FIELD(struct dossier, posts, .of = written_fields),
	{ 0 },
};

static err get_person(struct req *r)
{
	int32_t trail = TRAIL, posts = POSTS;
	struct dossier out = { 0 };
	struct db_batch *b;
	struct list found;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(find(r, S(""), id, &found));
	if (found.n == 0)
		return err_not_found;
	out.person = *(const struct person *)found.v;
	b = db_batch(r->db);
	db_batch_list(b, &sql_console_history, change_fields, sizeof(struct change), &out.history,
		      ARG(id), ARG(trail));
	db_batch_list(b, &sql_console_strikes, strike_fields, sizeof(struct strike), &out.strikes,
		      ARG(id), ARG(trail));
	db_batch_list(b, &sql_console_posts_of, written_fields, sizeof(struct written), &out.posts,
		      ARG(id), ARG(posts));
	TRY(db_batch_run(b));
	return reply(r, &out);
}

/* ---- suspending, lifting ---- */

struct outcome {
	str problem;
	usec suspended_until;
};
static const struct field outcome_fields[] = {
	FIELD(struct outcome, problem),
	FIELD(struct outcome, suspended_until),
	{ 0 },
};
struct done {
	usec suspended_until;
};
static const struct field done_fields[] = {
	FIELD(struct done, suspended_until, .help = "null: not"),
	{ 0 },
};

/* The account's next request sees what has become of it. */
static err finish(struct req *r, uuid id, const struct outcome *o)
{
	struct done done = { o->suspended_until };

	if (str_eq(o->problem, S("own")))
		return err_own_account;
	if (str_eq(o->problem, S("staff")))
		return err_staff;
	if (o->problem.p)
		return err_wrong_status;
	auth_forget(id);
	return reply(r, &done);
}

struct suspend_form {
	int32_t hours;
	str reason;
};
static const struct field suspend_fields[] = {
	FIELD(struct suspend_form, hours, .required = true, .has_range = true, .min = 1,
	      .max = HOURS_MAX),
	FIELD(struct suspend_form, reason, .required = true, .min = 1, .max = 500),
	{ 0 },
};

static err suspend(struct req *r)
{
	bool is_admin = !console_admin(r).info;
	struct suspend_form in = { 0 };
	struct outcome out = { 0 };
	int64_t seconds;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	seconds = (int64_t)in.hours * (HOUR / SECOND);
	TRY(db_one(r->db, &sql_console_suspend, outcome_fields, &out, ARG(id), ARG(seconds),
		   ARG(in.reason), ARG(r->user.id), ARG(is_admin)));
	return finish(r, id, &out);
}

struct lift_form {
	str reason;
};
static const struct field lift_fields[] = {
	FIELD(struct lift_form, reason, .required = true, .min = 1, .max = 500),
	{ 0 },
};

static err lift(struct req *r)
{
	bool is_admin = !console_admin(r).info;
	struct lift_form in = { 0 };
	struct outcome out = { 0 };
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(db_one(r->db, &sql_console_lift, outcome_fields, &out, ARG(id), ARG(in.reason),
		   ARG(r->user.id), ARG(is_admin)));
	return finish(r, id, &out);
}

const struct route console_people_routes[] = {
	{ GET, "/console/api/people", get_people, "console: find people",
	  .query = people_query_fields, .out = people_fields },
	{ GET, "/console/api/people/:id", get_person, "console: a person, and their trail",
	  .out = dossier_fields, .errors = "404" },
	{ POST, "/console/api/people/:id/suspend", suspend, "console: suspend an account",
	  .body = suspend_fields, .out = done_fields, .errors = "404 409" },
	{ POST, "/console/api/people/:id/lift", lift, "console: lift a suspension or a ban",
	  .body = lift_fields, .out = done_fields, .errors = "404 409" },
	{ 0 },
};
