/* Listing categories and choosing among them. */
#include "app/categories/categories.h"

#include "app/categories/categories.sql.h"
#include "lib/web/req.h"

#define CHOICES_MAX 100

struct category {
	uuid id;
	str name, slug, description, emoji;
	bool default_off, is_sensitive;
	uuid official_account_id;
	usec created_at;
};
static const struct field category_fields[] = {
	FIELD(struct category, id),
	FIELD(struct category, name, .required = true),
	FIELD(struct category, slug, .required = true),
	FIELD(struct category, description),
	FIELD(struct category, emoji),
	FIELD(struct category, default_off, .help = "not shown to anybody who has not enabled it"),
	FIELD(struct category, is_sensitive),
	FIELD(struct category, official_account_id),
	FIELD(struct category, created_at, .required = true),
	{ 0 },
};

struct category_list {
	struct list categories;
};
static const struct field category_list_fields[] = {
	FIELD(struct category_list, categories, .of = category_fields),
	{ 0 },
};

struct choice {
	uuid category_id;
	bool enabled;
};
static const struct field choice_fields[] = {
	FIELD(struct choice, category_id, .required = true),
	FIELD(struct choice, enabled, .required = true),
	{ 0 },
};

struct choice_list {
	struct list settings;
};
static const struct field choice_list_fields[] = {
	FIELD(struct choice_list, settings, .of = choice_fields),
	{ 0 },
};

/* Both forms that clients send: a list, or one choice by itself. */
struct choices {
	struct list settings;
	uuid category_id;
	bool enabled;
};
static const struct field choices_fields[] = {
	FIELD(struct choices, settings, .of = choice_fields, .size = sizeof(struct choice),
	      .max = CHOICES_MAX),
	FIELD(struct choices, category_id),
	FIELD(struct choices, enabled),
	{ 0 },
};

static err list_categories(struct req *r)
{
	struct category_list out;

	TRY(db_list(r->db, &sql_categories_list, category_fields, sizeof(struct category),
		    &out.categories));
	return reply(r, &out);
}

static err list_choices(struct req *r)
{
	struct choice_list out;

	TRY(db_list(r->db, &sql_category_settings_list, choice_fields, sizeof(struct choice),
		    &out.settings, ARG(r->user.id)));
	return reply(r, &out);
}

static err store(struct req *r, const struct list *list)
{
	struct json_writer w;
	int64_t stored;

	json_init(&w, r->arena, 64 * list->n + 2);
	json_records(&w, choice_fields, list);
	struct json choices = { json_text(&w) };
	TRY(db_exec(r->db, &sql_category_settings_put, &stored, ARG(r->user.id), ARG(choices)));
	if (list->n && !stored)
		return req_fail(r, err_not_found, "category not found");
	return reply_message(r, "settings saved");
}

static err save_choices(struct req *r)
{
	struct choices in;
	struct present set;

	TRY(req_body(r, &in, &set));
	if (present_has(&set, choices_fields, "settings"))
		return store(r, &in.settings);
	if (!present_has(&set, choices_fields, "category_id")
	    || !present_has(&set, choices_fields, "enabled"))
		return req_fail(r, err_invalid, "settings is required");
	struct choice one = { in.category_id, in.enabled };
	return store(r, &(struct list){ &one, 1, sizeof(one) });
}

#define C "/api/v1/categories"

const struct route categories_routes[] = {
	{ GET, C, list_categories, "all categories", .out = category_list_fields },
	{ GET, C "/settings", list_choices, "the caller's state of every category",
	  .out = choice_list_fields },
	{ POST, C "/settings", save_choices, "enable or disable categories", .body = choices_fields,
	  .out = message_fields, .errors = "404" },
	{ 0 },
};
