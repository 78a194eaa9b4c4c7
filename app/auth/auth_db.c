/* The statements of auth.sql, one function each. */
#include "app/auth/auth_db.h"

#include "app/auth/auth.sql.h"
#include "app/profiles/profiles.h"

static const struct err_info email_taken_info = { 409, "email_taken",
						  "This e-mail address is taken", "email" };
const err err_email_taken = { &email_taken_info };

/* ---- who is asking ---- */

static const struct field account_fields[] = {
	FIELD(struct account, status),	FIELD(struct account, role),
	FIELD(struct account, lapsed),	FIELD(struct account, signed_out),
	FIELD(struct account, partial), { 0 },
};

err account_get(struct db *db, uuid user, uuid session, struct account *out)
{
	return db_one(db, &sql_account_get, account_fields, out, ARG(user), ARG(session));
}

/* ---- signing up ---- */

static const struct field obstacle_fields[] = {
	FIELD(struct obstacles, banned_ip),
	FIELD(struct obstacles, reserved),
	FIELD(struct obstacles, email_taken),
	FIELD(struct obstacles, handle_taken),
	{ 0 },
};

err signup_check(struct db *db, str email, str handle, str ip, struct obstacles *out)
{
	return db_one(db, &sql_signup_check, obstacle_fields, out, ARG(email), ARG(handle),
		      ARG(ip));
}

err signup(struct db *db, const struct new_account *n, struct bytes token, struct json mail)
{
	err e = db_exec(db, &sql_signup, NULL, ARG(n->id), ARG(n->email), ARG(n->password),
			ARG(n->handle), ARG(n->display_name), ARG(n->birth_month),
			ARG(n->birth_year), ARG(n->email_newsletter), ARG(n->email_contact),
			ARG(token), ARG(mail));

	if (!err_is(e, err_db_unique))
		return e;
	return str_eq(db_constraint(db), S("users_email_key")) ? err_email_taken : err_handle_taken;
}

err verification_renew(struct db *db, str email, struct bytes token, struct json mail)
{
	return db_exec(db, &sql_verification_renew, NULL, ARG(email), ARG(token), ARG(mail));
}

static const struct field verified_fields[] = {
	FIELD(struct verified, user),
	FIELD(struct verified, expired),
	{ 0 },
};

err email_verify(struct db *db, struct bytes token, struct verified *out)
{
	return db_one(db, &sql_email_verify, verified_fields, out, ARG(token));
}

err onboarding_complete(struct db *db, uuid user, int64_t *ret_n)
{
	return db_exec(db, &sql_onboarding_complete, ret_n, ARG(user));
}

/* ---- signing in ---- */

const struct field candidate_fields[] = {
	FIELD(struct candidate, banned_ip),  FIELD(struct candidate, id),
	FIELD(struct candidate, email),	     FIELD(struct candidate, password),
	FIELD(struct candidate, status),     FIELD(struct candidate, mfa_enabled),
	FIELD(struct candidate, lapsed),     FIELD(struct candidate, birth_month),
	FIELD(struct candidate, birth_year), { 0 },
};

err login_find(struct db *db, str email, str ip, struct candidate *out)
{
	return db_one(db, &sql_login_find, candidate_fields, out, ARG(email), ARG(ip));
}

err password_rehash(struct db *db, uuid user, str old, str new)
{
	return db_exec(db, &sql_password_rehash, NULL, ARG(user), ARG(old), ARG(new));
}

const struct field signed_in_fields[] = {
	FIELD(struct signed_in, id),
	FIELD(struct signed_in, email, .required = true),
	FIELD(struct signed_in, created_at, .required = true),
	FIELD(struct signed_in, updated_at, .required = true),
	FIELD(struct signed_in, status, .required = true),
	FIELD(struct signed_in, mfa_enabled),
	FIELD(struct signed_in, last_login),
	FIELD(struct signed_in, email_newsletter),
	FIELD(struct signed_in, email_contact),
	FIELD(struct signed_in, previous_status, .hidden = true),
	{ 0 },
};

err session_open(struct db *db, const struct session *s, str password, struct bytes token,
		 str user_agent, str ip, struct json mail, struct signed_in *out)
{
	return db_one(db, &sql_session_open, signed_in_fields, out, ARG(s->user), ARG(password),
		      ARG(s->id), ARG(token), ARG(s->mfa), ARG(user_agent), ARG(ip), ARG(mail),
		      ARG(s->method), ARG(s->partial));
}

static const struct field judged_fields[] = {
	FIELD(struct judged, verdict),	     FIELD(struct judged, user),
	FIELD(struct judged, session),	     FIELD(struct judged, email),
	FIELD(struct judged, amr),	     FIELD(struct judged, mfa),
	FIELD(struct judged, partial),	     FIELD(struct judged, lapsed),
	FIELD(struct judged, since),	     FIELD(struct judged, counter),
	FIELD(struct judged, key),	     FIELD(struct judged, app_metadata),
	FIELD(struct judged, user_metadata), { 0 },
};

err session_refresh(struct db *db, struct bytes token, struct bytes next, str user_agent, str ip,
		    bool counted, struct judged *out)
{
	return db_one(db, &sql_session_refresh, judged_fields, out, ARG(token), ARG(next),
		      ARG(user_agent), ARG(ip), ARG(counted));
}

struct key_row {
	str key;
};
static const struct field key_fields[] = {
	FIELD(struct key_row, key),
	{ 0 },
};

err session_key(struct db *db, uuid session, str *ret_key)
{
	struct key_row row;

	TRY(db_one(db, &sql_session_key, key_fields, &row, ARG(session)));
	*ret_key = row.key;
	return OK;
}

err session_step(struct db *db, uuid session, int64_t counter, str user_agent, str ip,
		 struct judged *out)
{
	return db_one(db, &sql_session_step, judged_fields, out, ARG(session), ARG(counter),
		      ARG(user_agent), ARG(ip));
}

err sessions_end(struct db *db, uuid user, uuid only, uuid but)
{
	return db_exec(db, &sql_sessions_end, NULL, ARG(user), ARG(only), ARG(but));
}

err session_close(struct db *db, uuid user, uuid session, struct bytes token, str device)
{
	return db_exec(db, &sql_session_close, NULL, ARG(user), ARG(session), ARG(token),
		       ARG(device));
}

/* ---- passwords ---- */

err reset_request(struct db *db, str email, struct bytes token, struct json mail)
{
	return db_exec(db, &sql_reset_request, NULL, ARG(email), ARG(token), ARG(mail));
}

static const struct field expired_fields[] = {
	FIELD(struct verified, expired),
	{ 0 },
};

err reset_find(struct db *db, struct bytes token, bool *ret_expired)
{
	struct verified found;

	TRY(db_one(db, &sql_reset_find, expired_fields, &found, ARG(token)));
	*ret_expired = found.expired;
	return OK;
}

static const struct field owner_fields[] = {
	FIELD(struct owner, user),
	FIELD(struct owner, email),
	{ 0 },
};

err reset_use(struct db *tx, struct bytes token, str password, struct owner *out)
{
	return db_one(tx, &sql_reset_use, owner_fields, out, ARG(token), ARG(password));
}

err password_change(struct db *db, uuid user, str old, str new, int64_t *ret_n)
{
	return db_exec(db, &sql_password_change, ret_n, ARG(user), ARG(old), ARG(new));
}

err access_end(struct db *tx, uuid user, uuid but_session, struct json mail)
{
	return db_exec(tx, &sql_access_end, NULL, ARG(user), ARG(but_session), ARG(mail));
}

/* ---- second factor ---- */

static const struct field factor_fields[] = {
	FIELD(struct factor, email),
	FIELD(struct factor, password),
	FIELD(struct factor, mfa_enabled),
	FIELD(struct factor, factor_id),
	FIELD(struct factor, secret),
	FIELD(struct factor, last_used_step),
	{ 0 },
};

err factor_get(struct db *db, uuid user, struct factor *out)
{
	return db_one(db, &sql_factor_get, factor_fields, out, ARG(user));
}

struct stored_factor {
	uuid factor_id;
};
static const struct field stored_factor_fields[] = {
	FIELD(struct stored_factor, factor_id),
	{ 0 },
};

err factor_store(struct db *db, uuid user, struct bytes secret, str name, struct strs codes,
		 uuid *ret_factor)
{
	struct stored_factor row;

	TRY(db_one(db, &sql_factor_store, stored_factor_fields, &row, ARG(user), ARG(secret),
		   ARG(codes), ARG(name)));
	*ret_factor = row.factor_id;
	return OK;
}

err factor_enable(struct db *db, uuid user, int64_t step, struct json mail, int64_t *ret_n)
{
	return db_exec(db, &sql_factor_enable, ret_n, ARG(user), ARG(step), ARG(mail));
}

err factor_disable(struct db *db, uuid user, uuid factor, int64_t step, struct json mail,
		   int64_t *ret_n)
{
	return db_exec(db, &sql_factor_disable, ret_n, ARG(user), ARG(step), ARG(mail),
		       ARG(factor));
}

err factor_pass(struct db *db, struct bytes challenge, uuid user, uuid session, int64_t step,
		struct json mail, struct judged *out)
{
	return db_one(db, &sql_factor_pass, judged_fields, out, ARG(challenge), ARG(user),
		      ARG(session), ARG(step), ARG(mail));
}

err recovery_renew(struct db *db, uuid user, int64_t step, struct strs codes, int64_t *ret_n)
{
	return db_exec(db, &sql_recovery_renew, ret_n, ARG(user), ARG(step), ARG(codes));
}

err challenge_open(struct db *db, uuid user, str password, struct bytes token, int64_t *ret_n)
{
	return db_exec(db, &sql_challenge_open, ret_n, ARG(user), ARG(password), ARG(token));
}

static const struct field challenged_fields[] = {
	FIELD(struct challenged, user),
	FIELD(struct challenged, email),
	FIELD(struct challenged, password),
	FIELD(struct challenged, status),
	FIELD(struct challenged, secret),
	FIELD(struct challenged, last_used_step),
	FIELD(struct challenged, mfa_enabled),
	FIELD(struct challenged, lapsed),
	{ 0 },
};

err challenge_try(struct db *db, struct bytes token, struct challenged *out)
{
	return db_one(db, &sql_challenge_try, challenged_fields, out, ARG(token));
}

err challenge_pass(struct db *db, struct bytes token, uuid user, int64_t step, struct bytes code,
		   int64_t *ret_n)
{
	return db_exec(db, &sql_challenge_pass, ret_n, ARG(token), ARG(user), ARG(step), ARG(code));
}

/* ---- proof of work ---- */

err altcha_use(struct db *db, struct bytes challenge, usec expires, int64_t *ret_n)
{
	return db_exec(db, &sql_altcha_use, ret_n, ARG(challenge), ARG(expires));
}
