/* See user.h. */
#include "app/compat/user.h"

#include "app/compat/compat.sql.h"
#include "app/moderation/moderation.h"
#include "app/profiles/profiles.h"
#include "lib/base/json.h"

/* ---- the record ---- */

const struct field user_factor_fields[] = {
	FIELD(struct user_factor, id),
	FIELD(struct user_factor, created_at),
	FIELD(struct user_factor, updated_at),
	FIELD(struct user_factor, status),
	FIELD(struct user_factor, friendly_name),
	FIELD(struct user_factor, factor_type),
	{ 0 },
};

const struct field user_fields[] = {
	FIELD(struct user, id),
	FIELD(struct user, aud),
	FIELD(struct user, role),
	FIELD(struct user, email),
	FIELD(struct user, email_confirmed_at, .omit_absent = true),
	FIELD(struct user, phone),
	FIELD(struct user, phone_confirmed_at, .omit_absent = true),
	FIELD(struct user, invited_at, .omit_absent = true),
	FIELD(struct user, confirmation_sent_at, .omit_absent = true),
	FIELD(struct user, confirmed_at, .omit_absent = true),
	FIELD(struct user, recovery_sent_at, .omit_absent = true),
	FIELD(struct user, new_email, .omit_absent = true),
	FIELD(struct user, email_change_sent_at, .omit_absent = true),
	FIELD(struct user, last_sign_in_at, .omit_absent = true),
	FIELD(struct user, app_metadata),
	FIELD(struct user, user_metadata),
	FIELD(struct user, identities),
	FIELD(struct user, factors, .of = user_factor_fields, .omit_absent = true),
	FIELD(struct user, created_at),
	FIELD(struct user, updated_at),
	FIELD(struct user, banned_until, .omit_absent = true),
	FIELD(struct user, is_anonymous),
	{ 0 },
};

/* A row of the view compat_users. */
struct row {
	uuid id;
	str email, phone;
	usec email_confirmed_at, phone_confirmed_at, invited_at, confirmation_sent_at,
		recovery_sent_at, email_change_sent_at;
	str new_email;
	usec last_sign_in_at, banned_until, created_at, updated_at;
	struct json app_metadata, user_metadata, identities;
	bool is_anonymous;
	uuid factor_id;
	str factor_name;
	bool factor_verified;
	usec factor_created_at, factor_updated_at;
};
static const struct field row_fields[] = {
	FIELD(struct row, id),
	FIELD(struct row, email),
	FIELD(struct row, phone),
	FIELD(struct row, email_confirmed_at),
	FIELD(struct row, phone_confirmed_at),
	FIELD(struct row, invited_at),
	FIELD(struct row, confirmation_sent_at),
	FIELD(struct row, recovery_sent_at),
	FIELD(struct row, email_change_sent_at),
	FIELD(struct row, new_email),
	FIELD(struct row, last_sign_in_at),
	FIELD(struct row, banned_until),
	FIELD(struct row, created_at),
	FIELD(struct row, updated_at),
	FIELD(struct row, app_metadata),
	FIELD(struct row, user_metadata),
	FIELD(struct row, is_anonymous),
	FIELD(struct row, identities),
	FIELD(struct row, factor_id),
	FIELD(struct row, factor_name),
	FIELD(struct row, factor_verified),
	FIELD(struct row, factor_created_at),
	FIELD(struct row, factor_updated_at),
	{ 0 },
};

static struct list factors(struct arena *a, const struct row *row)
{
	struct user_factor *f = arena_alloc(a, sizeof *f);

	if (uuid_is_nil(row->factor_id))
		return (struct list){ 0 };
	*f = (struct user_factor){
		.id = row->factor_id,
		.created_at = row->factor_created_at,
		.updated_at = row->factor_updated_at,
		.status = row->factor_verified ? S("verified") : S("unverified"),
		.friendly_name = row->factor_name,
		.factor_type = S("totp"),
	};
	return (struct list){ f, 1, sizeof *f };
}

static struct user user_of(struct arena *a, const struct row *row)
{
	return (struct user){
		.id = row->id,
		.aud = S("authenticated"),
		.role = S("authenticated"),
		.email = row->email,
		.email_confirmed_at = row->email_confirmed_at,
		.phone = row->phone,
		.phone_confirmed_at = row->phone_confirmed_at,
		.invited_at = row->invited_at,
		.confirmation_sent_at = row->confirmation_sent_at,
		.confirmed_at = row->email_confirmed_at.us ? row->email_confirmed_at
							   : row->phone_confirmed_at,
		.recovery_sent_at = row->recovery_sent_at,
		.new_email = row->new_email,
		.email_change_sent_at = row->email_change_sent_at,
		.last_sign_in_at = row->last_sign_in_at,
		.app_metadata = row->app_metadata,
		.user_metadata = row->user_metadata,
		.identities = row->identities,
		.factors = factors(a, row),
		.created_at = row->created_at,
		.updated_at = row->updated_at,
		.banned_until = row->banned_until,
		.is_anonymous = row->is_anonymous,
	};
}

/* ---- reading ---- */

err user_get(struct db *db, struct arena *a, uuid id, struct user *out)
{
	struct row row;

	TRY(db_one(db, &sql_compat_user, row_fields, &row, ARG(id)));
	*out = user_of(a, &row);
	return OK;
}

struct total {
	int64_t n;
};
static const struct field total_fields[] = {
	FIELD(struct total, n),
	{ 0 },
};

err user_list(struct db *db, struct arena *a, int32_t limit, int32_t offset, struct list *out,
	      int64_t *ret_total)
{
	struct total total;
	struct list rows;
	struct user *users;

	TRY(db_one(db, &sql_compat_user_count, total_fields, &total));
	TRY(db_list(db, &sql_compat_user_list, row_fields, sizeof(struct row), &rows, ARG(limit),
		    ARG(offset)));
	users = arena_alloc(a, (rows.n + 1) * sizeof *users);
	for (size_t i = 0; i < rows.n; i++)
		users[i] = user_of(a, &((struct row *)rows.v)[i]);
	*out = (struct list){ users, rows.n, sizeof *users };
	*ret_total = total.n;
	return OK;
}

struct session_reply {
	str access_token, token_type;
	int64_t expires_in, expires_at;
	str refresh_token;
	struct user user;
};
static const struct field session_reply_fields[] = {
	FIELD(struct session_reply, access_token),
	FIELD(struct session_reply, token_type),
	FIELD(struct session_reply, expires_in),
	FIELD(struct session_reply, expires_at),
	FIELD(struct session_reply, refresh_token),
	FIELD(struct session_reply, user, .of = user_fields),
	{ 0 },
};

err user_reply_session(struct req *r, const struct session *s, str refresh_token)
{
	struct session session = *s;
	struct session_reply out = {
		.token_type = S("bearer"),
		.expires_in = AUTH_ACCESS_SECONDS,
		.expires_at = time_now().us / SECOND + AUTH_ACCESS_SECONDS,
		.refresh_token = refresh_token,
	};

	TRY(user_get(r->db, r->arena, s->user, &out.user));
	session.app_metadata = out.user.app_metadata;
	session.user_metadata = out.user.user_metadata;
	out.access_token = auth_access_token(r, &session);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_as(r, 200, session_reply_fields, &out);
}

/* ---- writing ---- */

struct added {
	uuid id;
};
static const struct field added_fields[] = {
	FIELD(struct added, id),
	{ 0 },
};

err user_add(struct req *r, const struct user_new *n, bool *ret_taken)
{
	char id[UUID_TEXT];
	struct added added;
	str handle;
	err e;

	uuid_format(n->id, id);
	handle = arena_printf(r->arena, "user_%.8s%.4s", id, id + 9);
	e = db_one(r->db, &sql_compat_user_add, added_fields, &added, ARG(n->id), ARG(n->email),
		   ARG(n->password), ARG(n->handle), ARG(handle), ARG(n->display_name),
		   ARG(n->birth_month), ARG(n->birth_year), ARG(n->user_metadata),
		   ARG(n->app_metadata), ARG(n->is_confirmed));
	*ret_taken = err_is(e, err_not_found);
	return *ret_taken ? OK : e;
}

/* What a client says of whom it signs up; free-form, so nothing of it is an error. */
struct wishes {
	str handle, username, display_name, full_name;
	int32_t birth_month, birth_year;
};
static const struct field wishes_fields[] = {
	FIELD(struct wishes, handle),
	FIELD(struct wishes, username),
	FIELD(struct wishes, display_name),
	FIELD(struct wishes, full_name),
	FIELD(struct wishes, birth_month, .has_range = true, .min = 1, .max = 12),
	FIELD(struct wishes, birth_year, .has_range = true, .min = 1900, .max = 9999),
	{ 0 },
};

enum { NAME_LETTERS = 50 };

static bool is_name(struct req *r, str name)
{
	ptrdiff_t n = str_utf8_length(name);

	return n > 0 && n <= NAME_LETTERS && !moderation_check(r->arena, name).blocked.p;
}

err user_wishes(struct req *r, struct json data, struct user_new *out)
{
	struct wishes w = { 0 };
	str handle;
	err e = fields_from_json(r->arena, data.text, wishes_fields, &w, NULL);

	if (e.info)
		return err_is(e, err_invalid) ? OK : e;
	e = profiles_handle(r->arena, w.handle.p ? w.handle : w.username, &handle);
	if (!e.info && is_name(r, handle))
		out->handle = handle;
	if (is_name(r, w.display_name))
		out->display_name = w.display_name;
	else if (is_name(r, w.full_name))
		out->display_name = w.full_name;
	out->birth_month = w.birth_month;
	out->birth_year = w.birth_year;
	return OK;
}

err user_merge(struct req *r, uuid id, struct json user_metadata, struct json app_metadata)
{
	err e = db_some(r->db, &sql_compat_user_merge, ARG(id), ARG(user_metadata),
			ARG(app_metadata));

	return err_is(e, err_not_found) ? req_fail(r, err_invalid, "metadata exceed 64 KB") : e;
}
