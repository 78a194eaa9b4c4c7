/* The numbers behind the ranking, and the record of all that was done here. Administrators only. */
#include "app/console/console.h"
#include "app/console/console.sql.h"
#include "app/console/session.h"

enum { SHOWN = 50, TRIMMED = 10000 };

/* ---- algorithm_config ---- */

struct weight {
	str key;
	double value;
	str description;
	usec updated_at;
	double max;
};
static const struct field weight_fields[] = {
	FIELD(struct weight, key),
	FIELD(struct weight, value),
	FIELD(struct weight, description),
	FIELD(struct weight, updated_at),
	{ 0 },
};
static const struct field weight_out_fields[] = {
	FIELD(struct weight, key),
	FIELD(struct weight, value),
	FIELD(struct weight, description),
	FIELD(struct weight, updated_at),
	FIELD(struct weight, max, .help = "highest value that makes sense; the lowest is 0"),
	{ 0 },
};
struct weights {
	struct list weights;
};
static const struct field weights_fields[] = {
	FIELD(struct weights, weights, .of = weight_out_fields),
	{ 0 },
};

/* By what the key's last word says it is; the rest are weights and factors. */
static double max_of(str key)
{
	static const struct {
		const char *ending;
		double max;
	} kinds[] = { { "_pct", 100 }, { "_hours", 8760 }, { "_max", 10 } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_ends(key, str_of(kinds[i].ending)))
			return kinds[i].max;
	return 1;
}

static err get_weights(struct req *r)
{
	struct weights out = { 0 };
	struct weight *w;

	TRY(console_admin(r));
	TRY(db_list(r->db, &sql_console_weights, weight_fields, sizeof *w, &out.weights));
	w = out.weights.v;
	for (size_t i = 0; i < out.weights.n; i++)
		w[i].max = max_of(w[i].key);
	return reply(r, &out);
}

struct weigh_form {
	double value;
};
static const struct field weigh_fields[] = {
	FIELD(struct weigh_form, value, .required = true),
	{ 0 },
};

static err weigh(struct req *r)
{
	str key = req_param(r, "key");
	struct weigh_form in = { 0 };

	TRY(console_admin(r));
	TRY(req_body(r, &in, NULL));
	if (!(in.value >= 0 && in.value <= max_of(key)))
		return err_detail(r->arena, err_invalid, "value", "value must be from 0 to %g",
				  max_of(key));
	TRY(db_some(r->db, &sql_console_weigh, ARG(key), ARG(in.value), ARG(r->user.id)));
	return reply_message(r, "Changed");
}

/* ---- the record ---- */

struct entry {
	int64_t id;
	usec created_at;
	str actor, action, target_type, target_id;
	struct json details;
};
static const struct field entry_fields[] = {
	FIELD(struct entry, id),
	FIELD(struct entry, created_at),
	FIELD(struct entry, actor, .help = "handle; null: the command line, or gone"),
	FIELD(struct entry, action),
	FIELD(struct entry, target_type),
	FIELD(struct entry, target_id),
	FIELD(struct entry, details),
	{ 0 },
};
struct record {
	struct list entries;
};
static const struct field record_fields[] = {
	FIELD(struct record, entries, .of = entry_fields),
	{ 0 },
};
struct record_query {
	int64_t before;
};
static const struct field record_query_fields[] = {
	FIELD(struct record_query, before, .help = "id of the last one shown"),
	{ 0 },
};

static err get_record(struct req *r)
{
	struct record_query in = { 0 };
	struct record out = { 0 };
	int32_t limit = SHOWN;

	TRY(console_admin(r));
	TRY(req_query(r, &in, NULL));
	if (in.before <= 0)
		in.before = INT64_MAX;
	TRY(db_list(r->db, &sql_console_audit, entry_fields, sizeof(struct entry), &out.entries,
		    ARG(in.before), ARG(limit)));
	return reply(r, &out);
}

err console_trim_audit(struct job *j)
{
	int32_t limit = TRIMMED;
	int64_t n = limit;

	while (n == limit)
		TRY(db_exec(j->db, &sql_console_trim_audit, &n, ARG(limit)));
	return OK;
}

const struct route console_tuning_routes[] = {
	{ GET, "/console/api/weights", get_weights, "console: the numbers behind the ranking",
	  .out = weights_fields },
	{ POST, "/console/api/weights/:key", weigh, "console: change one", .body = weigh_fields,
	  .out = message_fields, .errors = "404" },
	{ GET, "/console/api/audit", get_record, "console: what was done here",
	  .query = record_query_fields, .out = record_fields },
	{ 0 },
};
