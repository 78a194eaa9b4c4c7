/* The second factor for another front: see auth.h. */
#include "app/auth/mfa.h"
#include "app/auth/refresh.h"
#include "app/auth/rules.h"

#include "app/mail/mail.h"
#include "lib/base/totp.h"

static struct bytes challenge_hash(struct req *r, uuid challenge)
{
	char text[UUID_TEXT];

	uuid_format(challenge, text);
	return secret_hash(r->arena, (str){ text, sizeof text });
}

err auth_factor_enroll(struct req *r, str name, struct new_factor *out)
{
	struct strs no_codes = { (str[1]){ { 0 } }, 0 };
	struct factor f;
	err e;

	TRY(factor_get(r->db, r->user.id, &f));
	out->secret = totp_secret(r->arena);
	out->uri = totp_uri(r->arena, S("Sojorn"), f.email.p ? f.email : S("Sojorn"), out->secret);
	e = factor_store(r->db, r->user.id, mfa_seal(r, r->user.id, out->secret), name, no_codes,
			 &out->id);
	return err_is(e, err_not_found) ? err_mfa_enabled : e;
}

/* The account's factor, if it has this id. */
static err find(struct req *r, uuid user, uuid factor, struct factor *out)
{
	TRY(factor_get(r->db, user, out));
	return out->secret.p && uuid_eq(out->factor_id, factor) ? OK : err_not_found;
}

err auth_factor_challenge(struct req *r, uuid factor, uuid *ret_challenge)
{
	struct factor f;
	int64_t opened;

	TRY(find(r, r->user.id, factor, &f));
	*ret_challenge = uuid_random();
	TRY(challenge_open(r->db, r->user.id, f.password, challenge_hash(r, *ret_challenge),
			   &opened));
	return opened ? OK : err_conflict; /* the password was changed at this moment */
}

err auth_factor_verify(struct req *r, uuid factor, uuid challenge, str code, struct refreshed *out)
{
	struct bytes hash = challenge_hash(r, challenge);
	struct challenged c;
	struct judged j;
	struct factor f;
	int64_t step;
	bool right;
	err e;

	TRY(find(r, r->user.id, factor, &f));
	e = challenge_try(r->db, hash, &c);
	if (err_is(e, err_not_found) || (!e.info && !uuid_eq(c.user, r->user.id)))
		return err_mfa_token;
	TRY(e);
	TRY(limit_account(r, &rate_mfa_account, c.user));
	TRY(mfa_check(r, c.user, c.secret, c.last_used_step, code, &right, &step));
	if (!right)
		return err_mfa_code;
	e = factor_pass(r->db, hash, c.user, r->user.session, step,
			mail_payload(r->arena, r->app, MAIL_MFA_ENABLED, c.email, (str){ 0 }), &j);
	if (err_is(e, err_not_found))
		return err_mfa_code;
	TRY(e);
	auth_forget(c.user);
	jobs_wake();
	refreshed_of(r, &j, out);
	return OK;
}

err auth_factor_remove(struct req *r, uuid user, uuid factor)
{
	struct factor f;
	int64_t removed;

	TRY(find(r, user, factor, &f));
	TRY(factor_disable(r->db, user, factor, INT64_MAX,
			   mail_payload(r->arena, r->app, MAIL_MFA_DISABLED, f.email, (str){ 0 }),
			   &removed));
	auth_forget(user);
	jobs_wake();
	return OK;
}
