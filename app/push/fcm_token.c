/*
 * The service account and its access token. Both are the process's, behind one lock that is never held across a
 * wait; whoever finds the token too old gets a new one, and others look again until it has come.
 */
#include "app/push/fcm.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"

#include <pthread.h>

enum { FILE_MAX = 64 * 1024, TOKEN_MAX = 4096, GRANT_SECONDS = 3600 };

static const int64_t look_again = 10 * MILLISECOND, after_failure = SECOND;
static const int64_t renew_before = 5 * MINUTE; /* or half of a short life */

static const struct err_info credentials_info = { 500, "fcm_credentials",
						  "the service account cannot be used", NULL };
static const struct err_info unreachable_info = { 503, "fcm_unreachable",
						  "the push service cannot be reached", NULL };
const err err_fcm_credentials = { &credentials_info };
const err err_fcm_unreachable = { &unreachable_info };

static struct {
	pthread_mutex_t lock;
	struct arena *arena; /* of the account */
	struct fcm_account account;
	char token[TOKEN_MAX];
	size_t n;
	int64_t renew_at; /* monotonic */
	bool renewing;
	int64_t failed_at;
	err failure;
} our = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- the account ---- */

static const struct field account_fields[] = {
	FIELD(struct fcm_account, client_email, .required = true, .min = 1),
	FIELD(struct fcm_account, private_key, .required = true, .min = 1),
	FIELD(struct fcm_account, private_key_id),
	FIELD(struct fcm_account, project_id, .required = true, .min = 1),
	FIELD(struct fcm_account, token_uri),
	{ 0 },
};

bool fcm_configured(const struct app *app)
{
	return !str_empty(config_str(app->config, "FIREBASE_CREDENTIALS_FILE"));
}

static err read_account(struct arena *a, const char *path, struct fcm_account *out)
{
	struct fcm_account account = { 0 };
	str signature, text = S("");
	err e = err_io;

	if (file_read(a, path, FILE_MAX, &text))
		e = fields_from_json(a, text, account_fields, &account, NULL);
	if (!e.info && !rsa_sha256_sign(a, account.private_key, S("test"), &signature))
		e = err_detail(a, err_invalid, "private_key", "private_key is no RSA key");
	if (e.info) {
		log_error("no service account", LOG("file", path), LOG("reason", e.info->message));
		return err_fcm_credentials;
	}
	if (str_empty(account.token_uri))
		account.token_uri = S("https://oauth2.googleapis.com/token");
	*out = account;
	return OK;
}

/* With the lock held. What cannot be used is read again next time. */
static err load_account(const struct app *app)
{
	struct arena *a;
	err e;

	if (our.arena)
		return OK;
	a = arena_new();
	e = read_account(a, config_cstr(app->config, "FIREBASE_CREDENTIALS_FILE"), &our.account);
	if (e.info)
		arena_free(a);
	else
		our.arena = a;
	return e;
}

err fcm_account(const struct app *app, const struct fcm_account **out)
{
	err e;

	pthread_mutex_lock(&our.lock);
	e = load_account(app);
	pthread_mutex_unlock(&our.lock);
	*out = &our.account;
	return e;
}

/* ---- the grant ---- */

static str base64url(struct arena *a, str s)
{
	char *text = arena_alloc(a, BASE64_LENGTH(s.n));

	return (str){ text, base64url_encode(s.p, s.n, text) };
}

static void member(struct json_writer *w, const char *key, str value)
{
	json_key(w, str_of(key));
	json_str(w, value);
}

static str grant_header(struct arena *a, const struct fcm_account *account)
{
	struct json_writer w;

	json_init(&w, a, 128);
	json_object_begin(&w);
	member(&w, "alg", S("RS256"));
	member(&w, "typ", S("JWT"));
	if (!str_empty(account->private_key_id))
		member(&w, "kid", account->private_key_id);
	json_object_end(&w);
	return base64url(a, json_text(&w));
}

static str grant_claims(struct arena *a, const struct fcm_account *account)
{
	int64_t now = time_now().us / SECOND;
	struct json_writer w;

	json_init(&w, a, 512);
	json_object_begin(&w);
	member(&w, "iss", account->client_email);
	member(&w, "scope", S("https://www.googleapis.com/auth/firebase.messaging"));
	member(&w, "aud", account->token_uri);
	json_key(&w, S("iat"));
	json_int(&w, now);
	json_key(&w, S("exp"));
	json_int(&w, now + GRANT_SECONDS);
	json_object_end(&w);
	return base64url(a, json_text(&w));
}

/* The form to post: RFC 7523 §2.1. */
static err grant_form(struct arena *a, const struct fcm_account *account, str *out)
{
	str header = grant_header(a, account), claims = grant_claims(a, account), signature;
	str signed_part =
		arena_printf(a, "%.*s.%.*s", (int)header.n, header.p, (int)claims.n, claims.p);

	if (!rsa_sha256_sign(a, account->private_key, signed_part, &signature))
		return err_fcm_credentials;
	signature = base64url(a, signature);
	*out = arena_printf(a,
			    "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-bearer"
			    "&assertion=%.*s.%.*s",
			    (int)signed_part.n, signed_part.p, (int)signature.n, signature.p);
	return OK;
}

struct granted {
	str access_token;
	int64_t expires_in; /* seconds */
};
static const struct field granted_fields[] = {
	FIELD(struct granted, access_token, .required = true, .min = 1, .max = TOKEN_MAX),
	FIELD(struct granted, expires_in),
	{ 0 },
};

/* Suspends. */
static err ask(struct arena *a, const struct app *app, int64_t deadline, struct granted *out)
{
	const struct pair type = { S("Content-Type"), S("application/x-www-form-urlencoded") };
	const struct fcm_account *account;
	struct fetch f = { .headers = &type, .nheaders = 1 };
	struct fetch_reply reply;
	err e;

	TRY(fcm_account(app, &account));
	TRY(grant_form(a, account, &f.body));
	f.url = account->token_uri;
	e = fetch_http(a, &f, deadline, &reply);
	if (e.info) {
		log_warn("no access token for pushes", LOG("reason", e.info->message));
		return err_fcm_unreachable;
	}
	if (reply.status != 200) {
		log_warn("no access token for pushes", LOG("status", reply.status));
		return reply.status < 500 && reply.status != 429 ? err_fcm_credentials
								 : err_fcm_unreachable;
	}
	*out = (struct granted){ 0 };
	e = fields_from_json(a, reply.body, granted_fields, out, NULL);
	return e.info ? err_fcm_unreachable : OK;
}

/* ---- the token ---- */

static void keep(const struct granted *g)
{
	int64_t life = (g->expires_in > 0 && g->expires_in <= GRANT_SECONDS ? g->expires_in
									    : GRANT_SECONDS)
		* SECOND;

	memcpy(our.token, g->access_token.p, g->access_token.n);
	our.n = g->access_token.n;
	our.renew_at =
		time_monotonic() + life - (life / 2 < renew_before ? life / 2 : renew_before);
}

/* Suspends. */
static err renew(struct arena *a, const struct app *app, int64_t deadline, str *out)
{
	struct granted g = { 0 };
	err e = ask(a, app, deadline, &g);

	if (!e.info && g.access_token.n > TOKEN_MAX)
		e = err_fcm_unreachable;
	pthread_mutex_lock(&our.lock);
	our.renewing = false;
	our.failure = e;
	our.failed_at = e.info ? time_monotonic() : 0;
	if (!e.info)
		keep(&g);
	pthread_mutex_unlock(&our.lock);
	*out = g.access_token;
	return e;
}

enum look { THERE, FAILED, WAIT, MINE };

/* MINE: the caller is the one to renew it. */
static enum look look(struct arena *a, str refused, str *out, err *ret_failure)
{
	str token = { our.token, our.n };

	if (our.n && time_monotonic() < our.renew_at && !(refused.p && str_eq(token, refused))) {
		*out = arena_copy(a, token);
		return THERE;
	}
	if (our.renewing)
		return WAIT;
	if (our.failed_at && time_monotonic() < our.failed_at + after_failure) {
		*ret_failure = our.failure;
		return FAILED;
	}
	our.renewing = true;
	return MINE;
}

err fcm_token(struct arena *a, const struct app *app, str refused, int64_t deadline, str *out)
{
	err failure = OK;
	enum look found;

	for (;;) {
		pthread_mutex_lock(&our.lock);
		found = look(a, refused, out, &failure);
		pthread_mutex_unlock(&our.lock);
		if (found == MINE)
			return renew(a, app, deadline, out);
		if (found != WAIT)
			return failure;
		if (time_monotonic() >= deadline)
			return err_fcm_unreachable;
		loop_sleep(look_again);
	}
}
