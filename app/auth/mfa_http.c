/* The second factor: setting it up, signing in with it, renewing its recovery codes, turning it off. */
#include "app/auth/auth.h"
#include "app/auth/auth_db.h"
#include "app/auth/mfa.h"
#include "app/auth/rules.h"
#include "app/auth/session.h"

#include "app/mail/mail.h"
#include "lib/base/totp.h"

static const struct rate rate_mfa = { "mfa", 10.0 / 60, 10 };
const struct rate rate_mfa_account = { "mfa_account", 10.0 / 60, 10 };

static const struct err_info infos[] = {
	{ 409, "mfa_enabled", "Two-factor authentication is on already", NULL },
	{ 400, "mfa_not_started", "Two-factor authentication has not been set up", NULL },
	{ 400, "mfa_not_enabled", "Two-factor authentication is not on", NULL },
	{ 401, "mfa_code_wrong", "This code is wrong, or was used already", NULL },
	{ 401, "mfa_token_invalid", "The sign-in has expired, please log in again", NULL },
	{ 401, "invalid_credentials", "Invalid password", NULL },
	{ 400, "invalid", "code or recovery_code is required", "code" },
};
const err err_mfa_enabled = { &infos[0] };
static const err err_not_started = { &infos[1] };
static const err err_not_enabled = { &infos[2] };
const err err_mfa_code = { &infos[3] };
const err err_mfa_token = { &infos[4] };
static const err err_password = { &infos[5] };
static const err err_no_code = { &infos[6] };

struct code_form {
	str code;
};
static const struct field code_form_fields[] = {
	FIELD(struct code_form, code, .required = true, .max = 16, .help = "six digits"),
	{ 0 },
};

/* ---- POST /auth/mfa/setup ---- */

struct setup {
	str secret, provisioning_uri;
	struct strs recovery_codes;
};
static const struct field setup_fields[] = {
	FIELD(struct setup, secret),
	FIELD(struct setup, provisioning_uri),
	FIELD(struct setup, recovery_codes),
	{ 0 },
};

static err set_up(struct req *r)
{
	struct setup out = { .secret = totp_secret(r->arena) };
	struct strs hashes;
	struct factor f;
	uuid factor;
	err e;

	TRY(factor_get(r->db, r->user.id, &f));
	mfa_recovery_codes(r, r->user.id, &out.recovery_codes, &hashes);
	e = factor_store(r->db, r->user.id, mfa_seal(r, r->user.id, out.secret), S(""), hashes,
			 &factor);
	if (err_is(e, err_not_found))
		return err_mfa_enabled;
	TRY(e);
	out.provisioning_uri = totp_uri(r->arena, S("Sojorn"), f.email, out.secret);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &out);
}

/* ---- what needs a code of the app ---- */

/* The step of a right code, newer than any before. */
static err take_code(struct req *r, const struct factor *f, str code, int64_t *ret_step)
{
	bool right;

	TRY(mfa_check(r, r->user.id, f->secret, f->last_used_step, code, &right, ret_step));
	return right ? OK : err_mfa_code;
}

static err confirm(struct req *r)
{
	struct code_form in = { 0 };
	struct factor f;
	int64_t step, enabled;

	TRY(req_body(r, &in, NULL));
	TRY(factor_get(r->db, r->user.id, &f));
	if (f.mfa_enabled)
		return err_mfa_enabled;
	if (!f.secret.p)
		return err_not_started;
	TRY(take_code(r, &f, in.code, &step));
	TRY(factor_enable(r->db, r->user.id, step,
			  mail_payload(r->arena, r->app, MAIL_MFA_ENABLED, f.email, (str){ 0 }),
			  &enabled));
	if (!enabled)
		return err_mfa_code;
	jobs_wake();
	return reply_message(r, "Two-factor authentication is on");
}

struct disable_form {
	str password, code;
};
static const struct field disable_form_fields[] = {
	FIELD(struct disable_form, password, .required = true, .keep_space = true, .max = 1024),
	FIELD(struct disable_form, code, .required = true, .max = 16, .help = "six digits"),
	{ 0 },
};

static err disable(struct req *r)
{
	struct disable_form in = { 0 };
	int64_t step, disabled;
	struct factor f;
	bool right;

	TRY(req_body(r, &in, NULL));
	TRY(factor_get(r->db, r->user.id, &f));
	if (!f.mfa_enabled)
		return err_not_enabled;
	TRY(password_is_right(r, in.password, f.password, &right));
	if (!right)
		return err_password;
	TRY(take_code(r, &f, in.code, &step));
	TRY(factor_disable(r->db, r->user.id, (uuid){ 0 }, step,
			   mail_payload(r->arena, r->app, MAIL_MFA_DISABLED, f.email, (str){ 0 }),
			   &disabled));
	if (!disabled)
		return err_mfa_code;
	jobs_wake();
	return reply_message(r, "Two-factor authentication is off");
}

struct codes {
	struct strs recovery_codes;
};
static const struct field codes_fields[] = {
	FIELD(struct codes, recovery_codes),
	{ 0 },
};

static err renew_recovery_codes(struct req *r)
{
	struct code_form in = { 0 };
	struct strs hashes;
	struct codes out;
	struct factor f;
	int64_t step, renewed;

	TRY(req_body(r, &in, NULL));
	TRY(factor_get(r->db, r->user.id, &f));
	if (!f.mfa_enabled)
		return err_not_enabled;
	TRY(take_code(r, &f, in.code, &step));
	mfa_recovery_codes(r, r->user.id, &out.recovery_codes, &hashes);
	TRY(recovery_renew(r->db, r->user.id, step, hashes, &renewed));
	if (!renewed)
		return err_mfa_code;
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &out);
}

/* ---- POST /auth/mfa/verify: the second half of signing in ---- */

struct verify_form {
	str temp_token, code, recovery_code;
};
static const struct field verify_form_fields[] = {
	FIELD(struct verify_form, temp_token, .required = true, .max = 128),
	FIELD(struct verify_form, code, .max = 16, .help = "six digits"),
	FIELD(struct verify_form, recovery_code, .max = 32, .help = "instead of code"),
	{ 0 },
};

err auth_ask_factor(struct req *r, const struct candidate *c, str *ret_token)
{
	struct secret token = secret_new(r->arena);
	int64_t opened;

	TRY(challenge_open(r->db, c->id, c->password, token.hash, &opened));
	if (!opened)
		return err_credentials;
	*ret_token = token.text;
	return OK;
}

/* The try is counted already. A right code is used up with the temporary token, in one statement. */
static err pass(struct req *r, const struct verify_form *in, const struct challenged *c)
{
	struct bytes recovery = { 0 };
	int64_t step = 0, passed;
	bool right = true;

	if (!str_empty(in->code))
		TRY(mfa_check(r, c->user, c->secret, c->last_used_step, in->code, &right, &step));
	else
		recovery = mfa_recovery_hash(r, c->user, in->recovery_code);
	if (!right)
		return err_mfa_code;
	TRY(challenge_pass(r->db, secret_hash(r->arena, in->temp_token), c->user, step, recovery,
			   &passed));
	return passed ? OK : err_mfa_code;
}

err auth_pass_factor(struct req *r, str token, str code, str recovery_code, struct candidate *out)
{
	const struct verify_form in = { token, code, recovery_code };
	struct challenged c;
	err e;

	if (str_empty(code) && str_empty(recovery_code))
		return err_no_code;
	e = challenge_try(r->db, secret_hash(r->arena, token), &c);
	if (err_is(e, err_not_found) || (!e.info && !c.mfa_enabled))
		return err_mfa_token;
	TRY(e);
	TRY(limit_account(r, &rate_mfa_account, c.user));
	TRY(pass(r, &in, &c));
	TRY(check_status(r, c.user, c.status, c.lapsed));
	*out = (struct candidate){ .id = c.user, .email = c.email, .password = c.password };
	return OK;
}

static err verify(struct req *r)
{
	struct verify_form in = { 0 };
	struct candidate c;

	TRY(req_body(r, &in, NULL));
	TRY(auth_pass_factor(r, in.temp_token, in.code, in.recovery_code, &c));
	return session_start(r, c.id, c.email, c.password, true);
}

const struct route auth_mfa_routes[] = {
	{ POST, "/api/v1/auth/mfa/setup", set_up, "begin to set up a second factor",
	  .rate = &rate_mfa, .out = setup_fields, .errors = "409" },
	{ POST, "/api/v1/auth/mfa/confirm", confirm, "turn the second factor on", .rate = &rate_mfa,
	  .body = code_form_fields, .out = message_fields, .errors = "409" },
	{ POST, "/api/v1/auth/mfa/disable", disable, "turn the second factor off",
	  .rate = &rate_mfa, .body = disable_form_fields, .out = message_fields },
	{ POST, "/api/v1/auth/mfa/recovery-codes", renew_recovery_codes,
	  "replace the recovery codes", .rate = &rate_mfa, .body = code_form_fields,
	  .out = codes_fields },
	{ POST, "/api/v1/auth/mfa/verify", verify, "sign in: the second factor", .auth = AUTH_NONE,
	  .rate = &rate_mfa, .body = verify_form_fields, .out = full_session_fields,
	  .errors = "401 403" },
	{ 0 },
};
