/* Supabase Auth: accounts in the hands of whoever has the service key. */
#include "app/compat/compat_http.h"
#include "app/compat/key.h"

#include "app/account/account.h"
#include "app/compat/compat.sql.h"
#include "app/links.h"

enum { PER_PAGE = 50, PER_PAGE_MAX = 1000, PAGE_MAX = 1000000 };

static const struct err_info infos[] = {
	{ 404, "user_not_found", "User not found", NULL },
};
static const err err_no_user = { &infos[0] };

static err found(err e)
{
	return err_is(e, err_not_found) ? err_no_user : e;
}

static err user_id(struct req *r, uuid *out)
{
	TRY(key_of_service(r));
	return uuid_parse(req_param(r, "id"), out)
		? OK
		: req_fail(r, err_invalid, "user_id must be an UUID");
}

static err reply_account(struct req *r, uuid id)
{
	struct user u;

	TRY(found(user_get(r->db, r->arena, id, &u)));
	return reply_as(r, 200, user_fields, &u);
}

/* ---- GET /admin/users ---- */

struct page_query {
	int32_t page, per_page;
};
static const struct field page_query_fields[] = {
	FIELD(struct page_query, page, .has_range = true, .min = 1, .max = PAGE_MAX),
	FIELD(struct page_query, per_page, .has_range = true, .min = 1, .max = PER_PAGE_MAX),
	{ 0 },
};

struct user_page {
	struct list users;
	str aud;
};
static const struct field user_page_fields[] = {
	FIELD(struct user_page, users, .of = user_fields),
	FIELD(struct user_page, aud),
	{ 0 },
};

/* RFC 8288, as the client takes it apart: the page is the first number in it. */
static void page_headers(struct req *r, const struct page_query *q, int64_t total)
{
	str api = link_api(r->arena, r->app), links = S("");
	int64_t last = total > 0 ? (total + q->per_page - 1) / q->per_page : 1;
	const char *form = "%.*s<%.*s/auth/v1/admin/users?page=%lld&per_page=%d>; rel=\"%s\"";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (q->page < last) {
		links = arena_printf(r->arena, form, 0, "", (int)api.n, api.p,
				     (long long)q->page + 1, q->per_page, "next");
		links = arena_printf(r->arena, "%.*s, ", (int)links.n, links.p);
	}
	links = arena_printf(r->arena, form, (int)links.n, links.p, (int)api.n, api.p,
			     (long long)last, q->per_page, "last");
#pragma GCC diagnostic pop
	reply_header(r, "X-Total-Count", arena_printf(r->arena, "%lld", (long long)total));
	reply_header(r, "Link", links);
}

static err list_users(struct req *r)
{
	struct user_page out = { .aud = S("authenticated") };
	struct page_query q;
	int64_t total;

	TRY(key_of_service(r));
	TRY(req_query(r, &q, NULL));
	if (!q.page)
		q.page = 1;
	if (!q.per_page)
		q.per_page = PER_PAGE;
	TRY(user_list(r->db, r->arena, q.per_page, (q.page - 1) * q.per_page, &out.users, &total));
	page_headers(r, &q, total);
	return reply(r, &out);
}

/* ---- POST /admin/users, PUT /admin/users/:id ---- */

struct account_form {
	uuid id;
	str email, phone, password, password_hash, ban_duration;
	bool email_confirm;
	struct json user_metadata, app_metadata;
};
static const struct field account_form_fields[] = {
	FIELD(struct account_form, id),
	FIELD(struct account_form, email, .max = 320),
	FIELD(struct account_form, phone, .max = 64),
	FIELD(struct account_form, password, .keep_space = true, .max = 1024),
	FIELD(struct account_form, password_hash, .max = 255),
	FIELD(struct account_form, ban_duration, .max = 32),
	FIELD(struct account_form, email_confirm),
	FIELD(struct account_form, user_metadata),
	FIELD(struct account_form, app_metadata),
	{ 0 },
};

/* As Go writes durations: "24h", "1h30m", "90s". */
static bool duration(str s, int64_t *ret_seconds)
{
	int64_t sum = 0, number = 0;
	bool digits = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int64_t unit = c == 'h' ? 3600 : c == 'm' ? 60 : c == 's' ? 1 : 0;

		if (c >= '0' && c <= '9') {
			if (number > 100000000)
				return false;
			number = 10 * number + (c - '0');
			digits = true;
			continue;
		}
		if (!unit || !digits)
			return false;
		sum += number * unit;
		number = 0;
		digits = false;
	}
	*ret_seconds = sum;
	return s.n > 0 && !digits;
}

static bool is_hash(str s)
{
	return str_starts(s, S("$2")) || str_starts(s, S("$argon2"))
		|| str_starts(s, S("$fbscrypt$"));
}

static err read_account(struct req *r, struct account_form *in)
{
	TRY(key_of_service(r));
	TRY(req_body(r, in, NULL));
	in->user_metadata = compat_object(in->user_metadata);
	in->app_metadata = compat_object(in->app_metadata);
	if (!str_empty(in->phone))
		return req_fail(r, err_invalid, "Phone numbers are not supported");
	if (!str_empty(in->email) && auth_email(r, in->email, &in->email).info)
		return req_fail(r, err_invalid, "Unable to validate email address: invalid format");
	if (!str_empty(in->password))
		TRY(compat_password(r, "", in->password));
	if (!str_empty(in->password_hash) && !is_hash(in->password_hash))
		return req_fail(r, err_invalid, "password_hash is of no known kind");
	return OK;
}

/* Until when; *ret_has: something was said. "none" ends a ban. */
static err ban_end(struct req *r, str typed, bool *ret_has, usec *out)
{
	int64_t seconds = 0;

	*ret_has = !str_empty(typed);
	*out = (usec){ 0 };
	if (!*ret_has || str_eq(typed, S("none")))
		return OK;
	if (!duration(typed, &seconds) || seconds <= 0)
		return req_fail(r, err_invalid, "invalid format for ban duration: %.*s",
				(int)typed.n, typed.p);
	*out = time_add(time_now(), seconds * SECOND);
	return OK;
}

/* What is there already is changed; email and hash absent: not. */
static err change(struct req *r, uuid id, const struct account_form *in, str hash)
{
	bool has_ban;
	usec until;
	err e;

	TRY(ban_end(r, in->ban_duration, &has_ban, &until));
	e = db_some(r->db, &sql_compat_user_set, ARG(id),
		    ARG(str_empty(in->email) ? (str){ 0 } : in->email), ARG(hash),
		    ARG(in->email_confirm), ARG(has_ban), ARG(until));
	if (err_is(e, err_db_unique))
		return err_email_exists;
	TRY(found(e));
	auth_forget(id);
	return OK;
}

static err create_user(struct req *r)
{
	struct account_form in;
	struct user_new n;
	bool has_ban, taken;
	usec until;

	TRY(read_account(r, &in));
	if (str_empty(in.email))
		return req_fail(r, err_invalid,
				"Cannot create a user without either an email or phone");
	TRY(ban_end(r, in.ban_duration, &has_ban, &until));
	n = (struct user_new){ .id = in.id,
			       .email = in.email,
			       .password = in.password_hash.p ? in.password_hash : S(""),
			       .user_metadata = in.user_metadata,
			       .app_metadata = in.app_metadata,
			       .is_confirmed = in.email_confirm };
	if (!str_empty(in.password))
		TRY(auth_hash_password(r, in.password, &n.password));
	TRY(compat_add(r, &n, &taken));
	if (taken)
		return err_email_exists; /* or the id */
	if (has_ban)
		TRY(change(r, n.id, &(struct account_form){ .ban_duration = in.ban_duration },
			   (str){ 0 }));
	return reply_account(r, n.id);
}

static err update_user(struct req *r)
{
	struct account_form in;
	str hash = { 0 };
	uuid id;
	err e;

	TRY(user_id(r, &id));
	TRY(read_account(r, &in));
	if (!str_empty(in.password_hash))
		hash = in.password_hash;
	TRY(change(r, id, &in, hash));
	if (!str_empty(in.password)) {
		e = auth_set_password(r, id, (uuid){ 0 }, in.password);
		if (!err_is(e, err_same_password))
			TRY(e);
	}
	if (in.user_metadata.text.p || in.app_metadata.text.p)
		TRY(user_merge(r, id, in.user_metadata, in.app_metadata));
	return reply_account(r, id);
}

static err get_user(struct req *r)
{
	uuid id;

	TRY(user_id(r, &id));
	return reply_account(r, id);
}

/* ---- DELETE /admin/users/:id ---- */

struct delete_form {
	bool should_soft_delete;
};
static const struct field delete_form_fields[] = {
	FIELD(struct delete_form, should_soft_delete),
	{ 0 },
};

static err delete_user(struct req *r)
{
	struct delete_form in = { 0 };
	struct user u;
	uuid id;

	TRY(user_id(r, &id));
	if (!str_empty(req_body_text(r)))
		TRY(req_body(r, &in, NULL));
	if (in.should_soft_delete)
		return req_fail(r, err_invalid,
				"Accounts are deleted for good here; ban this one to keep it");
	TRY(found(user_get(r->db, r->arena, id, &u)));
	TRY(account_purge(r->db, id));
	return reply_text(r, 200, "application/json; charset=utf-8", S("{}"));
}

#define U "/auth/v1/admin/users"

const struct route compat_admin_routes[] = {
	{ GET, U, list_users, "all accounts, the newest first", .auth = AUTH_KEY,
	  .query = page_query_fields, .out = user_page_fields },
	{ POST, U, create_user, "create an account", .auth = AUTH_KEY, .body = account_form_fields,
	  .out = user_fields },
	{ GET, U "/:id", get_user, "an account", .auth = AUTH_KEY, .out = user_fields },
	{ PUT, U "/:id", update_user, "change an account", .auth = AUTH_KEY,
	  .body = account_form_fields, .out = user_fields },
	{ DELETE, U "/:id", delete_user, "remove an account and all it has", .auth = AUTH_KEY,
	  .body = delete_form_fields },
	{ 0 },
};
