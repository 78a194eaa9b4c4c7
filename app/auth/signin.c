/* What every way of signing in asks before it opens a session. */
#include "app/auth/auth_db.h"
#include "app/auth/rules.h"

#include "lib/base/password.h"

static const struct rate rate_account = { "login_account", 5.0 / 60, 5 };
static const struct rate rate_hourly = { "login_hourly", 30.0 / 3600, 30 };

err auth_find(struct req *r, str email, struct candidate *out)
{
	TRY(login_find(r->db, email_key(r->arena, email), r->client, out));
	return out->banned_ip ? err_banned_ip : OK;
}

bool auth_is_minor(int32_t birth_month, int32_t birth_year)
{
	return is_minor(birth_month, birth_year, time_now());
}

err auth_admit(struct req *r, const struct candidate *c)
{
	if (auth_is_minor(c->birth_month, c->birth_year))
		return err_age_restricted;
	return check_status(r, c->id, c->status, c->lapsed);
}

/* A hash that is weaker than today's is replaced while the password is at hand. */
static err renew_hash(struct req *r, str password, struct candidate *c)
{
	str hash;

	if (!password_needs_rehash(c->password) || password.n > PASSWORD_MAX)
		return OK;
	TRY(password_make_hash(r, password, &hash));
	TRY(password_rehash(r->db, c->id, c->password, hash));
	c->password = hash;
	return OK;
}

/* Only failures count against an account: whoever knows the password is not kept out by it. */
static err throttle(struct req *r, str email)
{
	TRY(req_limit(r, &rate_account, email));
	return req_limit(r, &rate_hourly, email);
}

static void unthrottle(struct req *r, str email)
{
	req_unlimit(r, &rate_account, email);
	req_unlimit(r, &rate_hourly, email);
}

err auth_check_password(struct req *r, str email, str password, struct candidate *out)
{
	str key = email_key(r->arena, email);
	bool right;

	TRY(throttle(r, key));
	TRY(auth_find(r, email, out));
	TRY(password_is_right(r, password, out->password, &right));
	if (!right)
		return err_credentials;
	unthrottle(r, key);
	TRY(auth_admit(r, out));
	return renew_hash(r, password, out);
}
