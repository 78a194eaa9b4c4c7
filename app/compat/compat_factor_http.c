/* Supabase Auth: the second factor. There is one an account here, an authenticator app. */
#include "app/compat/compat_http.h"

#include "lib/base/qr.h"

enum { CHALLENGE_SECONDS = 300 };

static const struct rate rate_factor = { "compat_factor", 15.0 / 60, 15 };

static const struct err_info infos[] = {
	{ 404, "mfa_factor_not_found", "Factor not found", NULL },
	{ 422, "mfa_totp_enroll_not_enabled", "MFA enroll is disabled for this factor type", NULL },
};
static const err err_no_factor = { &infos[0] };
static const err err_no_such_type = { &infos[1] };

static err found(err e)
{
	return err_is(e, err_not_found) ? err_no_factor : e;
}

static err factor_id(struct req *r, uuid *out)
{
	return uuid_parse(req_param(r, "id"), out) ? OK : err_no_factor;
}

/* ---- POST /factors ---- */

struct enroll_form {
	str friendly_name, factor_type;
};
static const struct field enroll_form_fields[] = {
	FIELD(struct enroll_form, friendly_name, .max = 200),
	FIELD(struct enroll_form, factor_type, .required = true, .max = 32),
	{ 0 },
};

struct totp {
	str qr_code, secret, uri;
};
static const struct field totp_fields[] = {
	FIELD(struct totp, qr_code),
	FIELD(struct totp, secret),
	FIELD(struct totp, uri),
	{ 0 },
};

struct enrolled {
	uuid id;
	str type, friendly_name;
	struct totp totp;
};
static const struct field enrolled_fields[] = {
	FIELD(struct enrolled, id),
	FIELD(struct enrolled, type),
	FIELD(struct enrolled, friendly_name),
	FIELD(struct enrolled, totp, .of = totp_fields),
	{ 0 },
};

static err enroll(struct req *r)
{
	struct enroll_form in;
	struct enrolled out;
	struct new_factor f;

	TRY(req_body(r, &in, NULL));
	if (!str_eq(in.factor_type, S("totp")))
		return str_eq(in.factor_type, S("phone")) || str_eq(in.factor_type, S("webauthn"))
			? err_no_such_type
			: req_fail(r, err_invalid, "factor_type needs to be totp");
	if (!in.friendly_name.p)
		in.friendly_name = S("");
	TRY(auth_factor_enroll(r, in.friendly_name, &f));
	out = (struct enrolled){
		.id = f.id,
		.type = S("totp"),
		.friendly_name = in.friendly_name,
		.totp = { qr_svg(r->arena, f.uri), f.secret, f.uri },
	};
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &out);
}

/* ---- POST /factors/:id/challenge, /verify ---- */

struct challenge {
	uuid id;
	str type;
	int64_t expires_at;
};
static const struct field challenge_fields[] = {
	FIELD(struct challenge, id),
	FIELD(struct challenge, type),
	FIELD(struct challenge, expires_at),
	{ 0 },
};

static err challenge(struct req *r)
{
	struct challenge out = { .type = S("totp") };
	uuid factor;

	TRY(factor_id(r, &factor));
	TRY(found(auth_factor_challenge(r, factor, &out.id)));
	out.expires_at = time_now().us / SECOND + CHALLENGE_SECONDS;
	return reply(r, &out);
}

struct verify_form {
	uuid challenge_id;
	str code;
};
static const struct field verify_form_fields[] = {
	FIELD(struct verify_form, challenge_id, .required = true),
	FIELD(struct verify_form, code, .required = true, .max = 16),
	{ 0 },
};

static err verify(struct req *r)
{
	struct verify_form in;
	struct refreshed next;
	uuid factor;

	TRY(req_body(r, &in, NULL));
	TRY(factor_id(r, &factor));
	TRY(found(auth_factor_verify(r, factor, in.challenge_id, in.code, &next)));
	return user_reply_session(r, &next.session, next.token);
}

/* ---- DELETE /factors/:id ---- */

struct removed {
	uuid id;
};
static const struct field removed_fields[] = {
	FIELD(struct removed, id),
	{ 0 },
};

static err unenroll(struct req *r)
{
	struct removed out;

	TRY(factor_id(r, &out.id));
	TRY(found(auth_factor_remove(r, r->user.id, out.id)));
	return reply(r, &out);
}

#define F "/auth/v1/factors"

const struct route compat_factor_routes[] = {
	{ POST, F, enroll, "begin to set up a second factor", .auth = AUTH_ACCOUNT,
	  .rate = &rate_factor, .body = enroll_form_fields, .out = enrolled_fields },
	{ POST, F "/:id/challenge", challenge, "open a try of five minutes", .auth = AUTH_PARTIAL,
	  .rate = &rate_factor, .out = challenge_fields },
	{ POST, F "/:id/verify", verify, "a session of two factors for a code",
	  .auth = AUTH_PARTIAL, .rate = &rate_factor, .body = verify_form_fields },
	{ DELETE, F "/:id", unenroll, "remove the second factor", .auth = AUTH_ACCOUNT,
	  .out = removed_fields },
	{ 0 },
};
