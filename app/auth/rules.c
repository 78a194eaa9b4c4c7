/* See rules.h. */
#include "app/auth/rules.h"

#include "app/auth/auth.h"
#include "app/moderation/moderation.h"
#include "lib/base/guessed.h"
#include "lib/base/password.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { ADULT = 18, LABEL_MAX = 63 };

static const struct err_info infos[] = {
	{ 403, "age_restricted", "You must be 18 or older to use Sojorn", NULL },
	{ 403, "ip_banned", "Access from this address is not possible", NULL },
	{ 401, "verify_email", "Email verification required", NULL },
	{ 403, "banned", "This account has been banned", NULL },
	{ 403, "suspended", "This account is suspended", NULL },
	{ 403, "account_inactive", "This account is not active", NULL },
};
const err err_age_restricted = { &infos[0] };
const err err_banned_ip = { &infos[1] };
static const err err_verify_email = { &infos[2] };
const err err_banned = { &infos[3] };
const err err_suspended = { &infos[4] };
const err err_inactive = { &infos[5] };

/* ---- addresses ---- */

str email_key(struct arena *a, str typed)
{
	return arena_lower(a, str_trim(typed));
}

/* atext of RFC 5322 and dots in between; quoted local parts are not for people. */
static bool is_local_part(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.';

		if (!isalnum((unsigned char)s.p[i]) && !dot
		    && !strchr("!#$%&'*+-/=?^_`{|}~", s.p[i]))
			return false;
		if (dot && (i == 0 || i + 1 == s.n || s.p[i + 1] == '.'))
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

static bool is_label(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-')
			return false;
	return s.n > 0 && s.n <= LABEL_MAX && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

/* Two labels at least: a bare host name has no mail from outside. */
static bool is_domain(str s)
{
	int labels = 0;

	while (s.p) {
		if (!is_label(str_cut(&s, '.')))
			return false;
		labels++;
	}
	return labels >= 2;
}

err auth_email(struct req *r, str typed, str *out)
{
	str email = email_key(r->arena, typed), domain = email, local = str_cut(&domain, '@');

	if (!is_local_part(local) || !domain.p || !is_domain(domain))
		return err_detail(r->arena, err_invalid, "email", "email must be a valid address");
	*out = email;
	return OK;
}

/* ---- birthdays ---- */

static struct tm date_of(usec t)
{
	time_t seconds = t.us / SECOND;
	struct tm date;

	gmtime_r(&seconds, &date);
	return date;
}

int32_t year_of(usec t)
{
	return date_of(t).tm_year + 1900;
}

bool is_minor(int32_t birth_month, int32_t birth_year, usec now)
{
	int32_t age = year_of(now) - birth_year;

	if (!birth_month || !birth_year)
		return false;
	return age < ADULT || (age == ADULT && date_of(now).tm_mon + 1 < birth_month);
}

/* ---- passwords ---- */

err check_new_password(struct req *r, const char *field, str password)
{
	if (password.n > PASSWORD_MAX)
		return err_detail(r->arena, err_invalid, field, "%s must be at most %d bytes",
				  field, PASSWORD_MAX);
	if (guessed_has(r->app->guessed, password))
		return err_detail(r->arena, err_invalid, field,
				  "%s is one of those that are guessed first, choose another",
				  field);
	return OK;
}

/* Of a password nobody has: what an unknown account is compared with. */
static const char nobodys_hash[] = "$2b$10$JEOwHvpf3seGcY/lRVUXBuqYy2zF.zoUZVIWKIZMT79vvB5WUq.du";

struct check {
	str password, hash;
	bool right;
	err outcome;
};

static void run_check(void *arg)
{
	struct check *c = arg;

	c->outcome = password_check(c->password, c->hash, &c->right);
	if (!err_is(c->outcome, err_password_unverifiable))
		return;
	c->outcome = password_check(c->password, str_of(nobodys_hash), &c->right);
	c->right = false;
}

static const struct err_info info_busy = { 429, "rate_limited",
					   "too many people are signing in, try again in a moment",
					   NULL };

/* Whoever finds the queue full is sent away at once: waiting longer, he would find out no more than now. */
static err run_hashing(struct req *r, void (*fn)(void *), void *arg)
{
	err e = offload_run(r->app->offload, fn, arg);

	if (!err_is(e, err_unavailable))
		return e;
	reply_header(r, "Retry-After", S("3"));
	return (err){ &info_busy };
}

err password_is_right(struct req *r, str password, str hash, bool *ret_right)
{
	bool somebodys = !str_empty(hash);
	struct check c = { .password = password, .hash = somebodys ? hash : str_of(nobodys_hash) };

	TRY(run_hashing(r, run_check, &c));
	TRY(c.outcome);
	*ret_right = c.right && somebodys;
	return OK;
}

struct making {
	str password;
	char hash[PASSWORD_HASH_SIZE];
	err outcome;
};

static void run_making(void *arg)
{
	struct making *m = arg;

	m->outcome = password_hash(m->password, m->hash);
}

err password_make_hash(struct req *r, str password, str *out)
{
	struct making m = { .password = password };

	TRY(run_hashing(r, run_making, &m));
	TRY(m.outcome);
	*out = arena_copy(r->arena, str_of(m.hash));
	return OK;
}

err auth_hash_password(struct req *r, str password, str *out)
{
	TRY(check_new_password(r, "password", password));
	return password_make_hash(r, password, out);
}

/* ---- limits and states ---- */

err limit_account(struct req *r, const struct rate *rate, uuid user)
{
	char key[UUID_TEXT];

	uuid_format(user, key);
	return req_limit(r, rate, (str){ key, sizeof key });
}

err check_status(struct req *r, uuid user, str status, bool lapsed)
{
	bool lifted;

	if (str_eq(status, S("pending")))
		return err_verify_email;
	if (str_eq(status, S("banned")))
		return err_banned;
	if (!str_eq(status, S("suspended")))
		return OK;
	if (!lapsed)
		return err_suspended;
	TRY(moderation_lift_suspension(r->db, user, &lifted));
	auth_forget(user);
	return OK;
}
