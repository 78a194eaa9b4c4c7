/* See auth.h. The token says who, the account's row whether he may. */
#include "app/auth/auth.h"
#include "app/app.h"
#include "app/auth/authenticate.sql.h"
#include "lib/web/token.h"

static const struct err_info banned = { 403, "banned", "This account has been banned", NULL };
static const struct err_info suspended = { 403, "suspended", "This account is suspended", NULL };
static const struct err_info inactive = { 403, "account_inactive", "This account is not active",
					  NULL };
const err err_banned = { &banned };
const err err_suspended = { &suspended };
const err err_inactive = { &inactive };

static const struct field identity_fields[] = {
	FIELD(struct identity, status),
	FIELD(struct identity, role),
	{ 0 },
};

/* Exactly two parts, the first one "Bearer". */
static err read_token(struct req *r, struct token *out)
{
	str header = req_header(r, "Authorization"), scheme = str_cut(&header, ' ');

	if (!str_ieq(scheme, S("Bearer")) || !header.p || str_find_char(header, ' ') >= 0)
		return err_unauthorized;
	TRY(token_verify(r->arena, r->app->jwt_secret, header, time_now(), out));
	return uuid_is_nil(out->sub) ? err_unauthorized : OK;
}

static err may_act(const struct req *r)
{
	str status = r->user.status;

	if (str_eq(status, S("active")))
		return OK;
	if (str_eq(status, S("banned")))
		return err_banned;
	if (str_eq(status, S("suspended")))
		return err_suspended;
	return r->route->auth == AUTH_ACCOUNT && !str_eq(status, S("pending")) ? OK : err_inactive;
}

err auth_authenticate(struct req *r)
{
	struct token token;
	err e;

	if (r->route->auth == AUTH_OPTIONAL && !req_header(r, "Authorization").p)
		return OK;
	TRY(read_token(r, &token));
	e = db_one(r->db, &sql_auth_identity, identity_fields, &r->user, ARG(token.sub));
	if (err_is(e, err_not_found))
		return err_unauthorized;
	TRY(e);
	TRY(may_act(r));
	r->user.id = token.sub;
	r->user.session = token.session;
	r->user.expires = token.expires;
	return OK;
}
