/*
 * Who is asking. A token says which account and session; the database says what has become of them. The
 * answer is kept in a small table that all loops of the process share: sets of a few ways, a mutex for
 * some sets, never held across a wait.
 *
 * A change must not be undone by an older answer that arrives after it, so each set counts its changes:
 * an answer is kept only if none came between the question and it.
 */
#include "app/auth/auth.h"
#include "app/auth/auth_db.h"
#include "app/auth/rules.h"

#include "app/bus/bus.h"
#include "lib/base/hash.h"
#include "lib/web/token.h"

#include <pthread.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4, LOCKS = 64, KEPT_SECONDS = 5 };

static const struct err_info infos[] = {
	{ 401, "token_missing", "Authorization header required", NULL },
	{ 401, "token_invalid", "Invalid token", NULL },
	{ 401, "session_ended", "This session has ended", NULL },
	{ 403, "factor_missing", "This session still needs the second factor", NULL },
};
static const err err_token_missing = { &infos[0] };
static const err err_token_nobody = { &infos[1] };
static const err err_session_ended = { &infos[2] };
static const err err_factor_missing = { &infos[3] };

/* ---- what is known ---- */

static const char *const statuses[] = { "active",	    "pending",	 "deactivated",
					"pending_deletion", "suspended", "banned" };
static const char *const roles[] = { "user", "moderator", "admin" };
#define COUNT(array) (int)(sizeof(array) / sizeof(*(array)))

struct known {
	uuid user, session;
	int64_t at; /* monotonic; 0: empty */
	uint8_t status, role;
	bool lapsed, signed_out, partial;
};

struct set {
	struct known way[WAYS];
	uint32_t changes;
};

static struct set sets[SETS];
static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

/* All sessions of an account are in one set. */
static struct set *lock_set(uuid user)
{
	size_t i = hash_bytes(user.b, sizeof user.b, 0) % SETS;

	pthread_mutex_lock(&locks[i % LOCKS]);
	return &sets[i];
}

static void unlock_set(const struct set *s)
{
	pthread_mutex_unlock(&locks[(size_t)(s - sets) % LOCKS]);
}

/* Index of a word; the first one for what is none. */
static uint8_t index_of(const char *const *words, int n, str word)
{
	for (int i = 0; i < n; i++)
		if (str_eq(word, str_of(words[i])))
			return (uint8_t)i;
	return 0;
}

/* False: not known, or not any more. *ret_changes is for keep(). */
static bool recall(uuid user, uuid session, struct known *out, uint32_t *ret_changes)
{
	int64_t oldest = time_monotonic() - KEPT_SECONDS * SECOND;
	struct set *s = lock_set(user);
	bool found = false;

	for (int i = 0; i < WAYS && !found; i++) {
		const struct known *k = &s->way[i];

		found = k->at > oldest && uuid_eq(k->user, user) && uuid_eq(k->session, session);
		if (found)
			*out = *k;
	}
	*ret_changes = s->changes;
	unlock_set(s);
	return found;
}

/* Takes the place of the same session, else of the oldest. */
static void keep(const struct known *k, uint32_t changes)
{
	struct set *s = lock_set(k->user);
	struct known *place = &s->way[0];

	for (int i = 0; i < WAYS; i++) {
		struct known *w = &s->way[i];

		if (uuid_eq(w->user, k->user) && uuid_eq(w->session, k->session)) {
			place = w;
			break;
		}
		if (w->at < place->at)
			place = w;
	}
	if (s->changes == changes)
		*place = *k;
	unlock_set(s);
}

void auth_forget_here(uuid user)
{
	struct set *s = lock_set(user);

	for (int i = 0; i < WAYS; i++)
		if (uuid_eq(s->way[i].user, user))
			s->way[i].at = 0;
	s->changes++;
	unlock_set(s);
}

void auth_forget(uuid user)
{
	auth_forget_here(user);
	bus_say(BUS_ACCOUNT, (str){ (const char *)user.b, sizeof user.b });
}

static void on_account(uuid from, str body)
{
	uuid user;

	(void)from;
	if (body.n != sizeof user.b)
		return;
	memcpy(user.b, body.p, sizeof user.b);
	auth_forget_here(user);
}

void auth_listen(void)
{
	bus_listen(BUS_ACCOUNT, on_account);
}

/* ---- asking ---- */

/* What the database cannot tell is no reason to let anybody in, nor to send them away for good. */
static err closed(err e)
{
	return e.info->status == 503 ? e : err_unavailable;
}

static err look_up(struct req *r, uuid user, uuid session, struct known *out)
{
	struct account a;
	uint32_t changes;
	err e;

	if (recall(user, session, out, &changes))
		return OK;
	e = account_get(r->db, user, session, &a);
	if (err_is(e, err_not_found))
		return err_token_nobody;
	if (e.info)
		return closed(e);
	*out = (struct known){
		.user = user,
		.session = session,
		.at = time_monotonic(),
		.status = index_of(statuses, COUNT(statuses), a.status),
		.role = index_of(roles, COUNT(roles), a.role),
		.lapsed = a.lapsed,
		.signed_out = a.signed_out,
		.partial = a.partial,
	};
	keep(out, changes);
	return OK;
}

/* Any state but active is refused, but the account's own routes are open to who has left them or is
 * about to go. */
static err admit(struct req *r, const struct known *k)
{
	str status = str_of(statuses[k->status]);
	err e;

	if (k->signed_out)
		return err_session_ended;
	if (k->partial && r->route->auth != AUTH_PARTIAL)
		return err_factor_missing;
	if (k->status == 0)
		return OK;
	if (str_eq(status, S("suspended")) || str_eq(status, S("banned"))) {
		e = check_status(r, k->user, status, k->lapsed);
		return e.info && e.info->status != 403 ? closed(e) : e;
	}
	/* AUTH_NONE and AUTH_KEY may ask for a token in a way of their own. */
	return r->route->auth == AUTH_ACCOUNT || r->route->auth == AUTH_PARTIAL ? OK : err_inactive;
}

err auth_by_session(struct req *r, uuid user, uuid session, usec expires)
{
	struct known k;

	TRY(look_up(r, user, session, &k));
	TRY(admit(r, &k));
	r->user = (struct identity){
		.id = user,
		.session = session,
		.expires = expires,
		.partial = k.partial,
		.role = str_of(roles[k.role]),
		.status = k.lapsed ? S("active") : str_of(statuses[k.status]),
	};
	return OK;
}

static err identify(struct req *r, str text)
{
	struct token t;

	TRY(token_verify_any(r->arena, r->app->jwt_secret, r->app->jwks, text, time_now(), &t));
	if (uuid_is_nil(t.sub) || str_eq(t.role, S("anon")) || str_eq(t.role, S("service_role")))
		return err_token_nobody;
	return auth_by_session(r, t.sub, t.session, t.expires);
}

err auth_by_token(struct req *r, str token)
{
	return identify(r, token);
}

err auth_still(struct db *db, uuid user, uuid session)
{
	struct account a;
	err e = account_get(db, user, session, &a);

	if (err_is(e, err_not_found))
		return err_token_nobody;
	TRY(e);
	if (a.signed_out)
		return err_session_ended;
	if (a.partial)
		return err_factor_missing;
	if (str_eq(a.status, S("active")) || a.lapsed)
		return OK;
	if (str_eq(a.status, S("banned")))
		return err_banned;
	return str_eq(a.status, S("suspended")) ? err_suspended : err_inactive;
}

/* Two parts, one space between them. */
static bool bearer(str header, str *out)
{
	str scheme = str_cut(&header, ' ');

	*out = header;
	return str_ieq(scheme, S("Bearer")) && !str_empty(header) && str_find_char(header, ' ') < 0;
}

err auth_authenticate(struct req *r)
{
	str header = req_header(r, "Authorization"), text;

	if (!header.p && r->route->auth == AUTH_OPTIONAL)
		return OK;
	if (!header.p)
		return err_token_missing;
	if (!bearer(header, &text))
		return err_token_invalid;
	return identify(r, text);
}
