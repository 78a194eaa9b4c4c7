/* One message to FCM, and what its answer means: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode. */
#include "app/push/fcm.h"

#include "app/ops/jobs.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/net/h2.h"

/* FCM's advice for a 429 that names no time. */
static const int64_t busy_delay = 60 * SECOND;

static const struct err_info busy_info = { 503, "fcm_busy", "the push service wants a pause",
					   NULL };
static const struct err_info failed_info = { 503, "fcm_failed", "the push service failed", NULL };
static const err err_fcm_busy = { &busy_info };
static const err err_fcm_failed = { &failed_info };

/* ---- the answer ---- */

struct violation {
	str field;
};
static const struct field violation_fields[] = {
	FIELD(struct violation, field),
	{ 0 },
};

/* One of these has FCM's code, another which field is meant. */
struct detail {
	str errorCode;
	struct list fieldViolations;
};
static const struct field detail_fields[] = {
	FIELD(struct detail, errorCode),
	FIELD(struct detail, fieldViolations, .of = violation_fields,
	      .size = sizeof(struct violation)),
	{ 0 },
};

struct failure {
	str message;
	struct list details;
};
static const struct field failure_fields[] = {
	FIELD(struct failure, message),
	FIELD(struct failure, details, .of = detail_fields, .size = sizeof(struct detail)),
	{ 0 },
};

struct failed {
	struct failure error;
};
static const struct field failed_fields[] = {
	FIELD(struct failed, error, .of = failure_fields),
	{ 0 },
};

static bool blames_token(const struct detail *d)
{
	const struct violation *v = d->fieldViolations.v;

	for (size_t i = 0; i < d->fieldViolations.n; i++)
		if (str_eq(v[i].field, S("message.token")))
			return true;
	return false;
}

/* What FCM says beside the status: its code, and whether the token is to blame. A page of some proxy between
 * says nothing. */
static str error_code(struct arena *a, const struct fetch_reply *reply, bool *ret_token)
{
	struct failed f = { 0 };
	err e = fields_from_json(a, reply->body, failed_fields, &f, NULL);
	const struct detail *d = f.error.details.v;
	str code = { 0 };

	*ret_token = false;
	if (e.info)
		return code;
	*ret_token = str_find(f.error.message, S("registration token")) >= 0;
	for (size_t i = 0; i < f.error.details.n; i++) {
		if (d[i].errorCode.p)
			code = d[i].errorCode;
		*ret_token |= blames_token(&d[i]);
	}
	return code;
}

/* INVALID_ARGUMENT that blames something else than the token is a message no device would get: it is not sent
 * again, and the device kept. */
static err judge(struct arena *a, const struct fetch_reply *reply, struct fcm_answer *out)
{
	bool token;
	str code = error_code(a, reply, &token);
	int64_t delay = fetch_retry_after(reply);

	*out = (struct fcm_answer){ .verdict = FCM_DEAD,
				    .delay = delay < JOB_DELAY_MAX ? delay : JOB_DELAY_MAX };
	if (str_eq(code, S("UNREGISTERED")) || str_eq(code, S("SENDER_ID_MISMATCH")))
		return OK;
	if (reply->status == 400 && token)
		return OK;
	if (reply->status == 400 || reply->status == 413) {
		out->verdict = FCM_REFUSED;
		log_warn("push refused", LOG("status", reply->status), LOG("code", code));
		return OK;
	}
	if (reply->status == 429) {
		out->delay = out->delay ? out->delay : busy_delay;
		return err_fcm_busy;
	}
	return reply->status == 401 || reply->status == 403 ? err_fcm_credentials : err_fcm_failed;
}

/* ---- the request ---- */

static str send_url(struct arena *a, const struct app *app, const struct fcm_account *account)
{
	str base = config_str(app->config, "FCM_BASE_URL");

	while (str_ends(base, S("/")))
		base.n--;
	return arena_printf(a, "%.*s/v1/projects/%.*s/messages:send", (int)base.n, base.p,
			    (int)account->project_id.n, account->project_id.p);
}

static err post(struct arena *a, str url, str token, str message, int64_t deadline,
		struct fetch_reply *out)
{
	const struct pair headers[] = {
		{ S("Authorization"), arena_printf(a, "Bearer %.*s", (int)token.n, token.p) },
		{ S("Content-Type"), S("application/json") },
	};
	const struct fetch f = { .url = url, .headers = headers, .nheaders = 2, .body = message };
	err e = h2_fetch(a, &f, deadline, out);

	if (!e.info)
		return OK;
	log_debug("push not sent", LOG("reason", e.info->message));
	return err_fcm_unreachable;
}

err fcm_send(struct arena *a, const struct app *app, str message, int64_t deadline,
	     struct fcm_answer *out)
{
	const struct fcm_account *account;
	struct fetch_reply reply;
	str url, token, refused = { 0 };

	*out = (struct fcm_answer){ .verdict = FCM_TAKEN };
	TRY(fcm_account(app, &account));
	url = send_url(a, app, account);
	TRY(fcm_token(a, app, refused, deadline, &token));
	TRY(post(a, url, token, message, deadline, &reply));
	if (reply.status == 401) {
		refused = token;
		TRY(fcm_token(a, app, refused, deadline, &token));
		TRY(post(a, url, token, message, deadline, &reply));
	}
	return reply.status == 200 ? OK : judge(a, &reply, out);
}
