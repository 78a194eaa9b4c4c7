/*
 * Errors as the old platform's clients read them. Newer ones send X-Supabase-Api-Version and get a code and
 * a message; older ones get the number, the code and the message under other names. Clients sign out on a
 * 4xx to a refresh, so what cannot be judged now is a 503 there, whatever it is elsewhere.
 */
#include "app/compat/compat.h"
#include "app/compat/key.h"

struct rule {
	const char *ours;	      /* code */
	int status;		      /* 0: as it is */
	const char *theirs, *message; /* NULL: as it is */
};

static const struct rule auth_rules[] = {
	{ "token_missing", 401, "no_authorization", "This endpoint requires a valid Bearer token" },
	{ "token_invalid", 403, "bad_jwt", "invalid JWT: unable to parse or verify signature" },
	{ "token_expired", 403, "bad_jwt",
	  "invalid JWT: unable to parse or verify signature, token has invalid claims: token is "
	  "expired" },
	{ "session_ended", 403, "session_not_found",
	  "Session from session_id claim in JWT does not exist" },
	{ "banned", 403, "user_banned", "User is banned" },
	{ "suspended", 403, "user_banned", "User is banned" },
	{ "account_inactive", 403, "user_banned", "User is not active" },
	{ "verify_email", 400, "email_not_confirmed", "Email not confirmed" },
	{ "invalid_credentials", 400, "invalid_credentials", "Invalid login credentials" },
	{ "factor_missing", 401, "insufficient_aal", "AAL2 session is required" },
	{ "mfa_enabled", 422, "too_many_enrolled_mfa_factors",
	  "Maximum number of verified factors reached, unenroll to continue" },
	{ "mfa_code_wrong", 422, "mfa_verification_failed", "Invalid TOTP code entered" },
	{ "mfa_token_invalid", 422, "mfa_challenge_expired",
	  "MFA challenge has expired, verify against another challenge or create a new challenge." },
	{ "invalid", 400, "validation_failed", NULL },
	{ "too_large", 413, "validation_failed", NULL },
	{ "rate_limited", 429, "over_request_rate_limit", "Request rate limit reached" },
	{ "route_not_found", 404, "not_found", "404 page not found" },
	{ "method_not_allowed", 405, "method_not_allowed", "405 method not allowed" },
	{ "internal", 500, "unexpected_failure", "Unexpected failure, please check server logs" },
	{ 0 },
};

static const struct rule *rule_of(str code)
{
	const struct rule *rule = auth_rules;

	while (rule->ours && !str_eq(code, str_of(rule->ours)))
		rule++;
	return rule;
}

/* A request for new tokens, or one whose query was not read any more. */
static bool is_refresh(const struct req *r)
{
	if (!str_eq(r->path, S("/auth/v1/token")))
		return false;
	for (size_t i = 0; i < r->nquery; i++)
		if (str_eq(r->query[i].name, S("grant_type")))
			return str_eq(r->query[i].value, S("refresh_token"));
	return true;
}

static bool is_new_client(const struct req *r)
{
	str version = req_header(r, "X-Supabase-Api-Version");

	return version.n == 10 && memcmp(version.p, "2024-01-01", 10) >= 0;
}

struct new_error {
	str code, message;
	struct json weak_password;
};
static const struct field new_error_fields[] = {
	FIELD(struct new_error, code),
	FIELD(struct new_error, message),
	FIELD(struct new_error, weak_password, .omit_absent = true),
	{ 0 },
};

struct old_error {
	int32_t code;
	str error_code, msg;
	struct json weak_password;
};
static const struct field old_error_fields[] = {
	FIELD(struct old_error, code),
	FIELD(struct old_error, error_code),
	FIELD(struct old_error, msg),
	FIELD(struct old_error, weak_password, .omit_absent = true),
	{ 0 },
};

static err reply_auth_error(struct req *r, err e)
{
	const struct rule *rule = rule_of(str_of(e.info->code));
	int status = rule->status ? rule->status : e.info->status;
	str code = str_of(rule->theirs ? rule->theirs : e.info->code);
	str text = str_of(rule->message ? rule->message : e.info->message);
	struct json weak = { 0 };

	if (err_is(e, err_rate_limited) && is_refresh(r))
		status = 503;
	if (str_eq(code, S("weak_password")))
		weak = (struct json){ S("{\"reasons\":[\"length\"]}") };
	reply_header(r, "x-sb-error-code", code);
	if (!is_new_client(r))
		return reply_as(r, status, old_error_fields,
				&(struct old_error){ status, code, text, weak });
	reply_header(r, "X-Supabase-Api-Version", S("2024-01-01"));
	return reply_as(r, status, new_error_fields, &(struct new_error){ code, text, weak });
}

/* ---- storage ---- */

struct storage_error {
	str statusCode, error, message, code;
};
static const struct field storage_error_fields[] = {
	FIELD(struct storage_error, statusCode),
	FIELD(struct storage_error, error),
	FIELD(struct storage_error, message),
	FIELD(struct storage_error, code),
	{ 0 },
};

/* Newer clients go by a code of S3's kind. */
static str storage_code(err e)
{
	static const struct {
		const char *ours, *theirs;
	} codes[] = {
		{ "Bucket not found", "NoSuchBucket" },
		{ "not_found", "NoSuchKey" },
		{ "Duplicate", "KeyAlreadyExists" },
		{ "Unauthorized", "AccessDenied" },
		{ "Payload too large", "EntityTooLarge" },
		{ "too_large", "EntityTooLarge" },
		{ "invalid_mime_type", "InvalidMimeType" },
		{ "invalid", "InvalidRequest" },
		{ "rate_limited", "SlowDown" },
		{ "internal", "InternalError" },
	};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(e.info->code, codes[i].ours) == 0)
			return str_of(codes[i].theirs);
	return str_of(e.info->code);
}

/* Nearly all is 400 there, and the body has the number that was meant. */
static err reply_storage_error(struct req *r, err e)
{
	bool by_gateway = str_ends(str_of(e.info->code), S("_api_key"));
	int status =
		e.info->status >= 500 || e.info->status == 429 || by_gateway ? e.info->status : 400;
	struct storage_error out = { arena_printf(r->arena, "%d", e.info->status),
				     str_of(e.info->code), str_of(e.info->message),
				     storage_code(e) };

	return reply_as(r, status, storage_error_fields, &out);
}

bool compat_reply_error(struct req *r, err e)
{
	enum api api = api_of(r->path);
	err done;

	if (api != API_AUTH && api != API_STORAGE)
		return false;
	done = api == API_AUTH ? reply_auth_error(r, e) : reply_storage_error(r, e);
	return !done.info;
}
