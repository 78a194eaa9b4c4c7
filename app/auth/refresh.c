/* See refresh.h, and auth_refresh of auth.h. */
#include "app/auth/refresh.h"

#include "app/auth/session.h"
#include "app/moderation/moderation.h"
#include "lib/base/codec.h"

#include <string.h>

enum {
	VERSION = 0,
	ID_BYTES = 16,
	COUNTER_MAX = 9, /* bytes: 63 bits */
	MAC_BYTES = 16,
	SUM_BYTES = 4,
	TAIL = MAC_BYTES + SUM_BYTES,
	BYTES_MIN = 1 + ID_BYTES + 1 + TAIL,
	BYTES_MAX = 1 + ID_BYTES + COUNTER_MAX + TAIL,
	TOKEN_MAX = 512,
	KEY_TEXT = 43,
};

/* ---- tokens with a counter ---- */

struct counted {
	uuid session;
	int64_t counter;
	str content; /* what is signed */
	str mac;
};

/* All of s; false when it goes on, is not minimal, or needs more than 63 bits. */
static bool read_counter(str s, int64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*out = (int64_t)value;
			return i + 1 == s.n && (byte || i == 0);
		}
	}
	return false;
}

/* False: no token of this form. Its signature is not looked at. */
static bool counted_parse(struct arena *a, str token, struct counted *out)
{
	uint8_t sum[SHA256_BYTES];
	char *raw;
	str signed_part;
	size_t n;

	if (token.n < BASE64_LENGTH(BYTES_MIN) - 2 || token.n > BASE64_LENGTH(BYTES_MAX))
		return false;
	raw = arena_alloc(a, DECODED_MAX(token.n));
	if (!base64url_decode(token, raw, &n) || n < BYTES_MIN || n > BYTES_MAX
	    || raw[0] != VERSION)
		return false;
	signed_part = (str){ raw, n - SUM_BYTES };
	sha256(signed_part, sum);
	if (memcmp(sum, raw + signed_part.n, SUM_BYTES) != 0)
		return false;
	out->content = (str){ raw, n - TAIL };
	out->mac = (str){ raw + n - TAIL, MAC_BYTES };
	memcpy(out->session.b, raw + 1, ID_BYTES);
	return read_counter(str_slice(out->content, 1 + ID_BYTES, out->content.n), &out->counter);
}

/* Of a session that has no key of its own. */
static void derived_key(str jwt_secret, uuid session, uint8_t key[static KEY_BYTES])
{
	static const char purpose[] = "counted refresh ";
	char text[sizeof purpose - 1 + UUID_TEXT];

	memcpy(text, purpose, sizeof purpose - 1);
	uuid_format(session, text + sizeof purpose - 1);
	auth_key_of(jwt_secret, (str){ text, sizeof text }, key);
}

bool counted_key(const struct app *app, uuid session, str own, uint8_t key[static KEY_BYTES])
{
	uint8_t decoded[DECODED_MAX(KEY_TEXT)] = { 0 };
	size_t n;

	if (own.p) {
		bool good = own.n == KEY_TEXT && base64url_decode(own, decoded, &n);

		memcpy(key, decoded, KEY_BYTES);
		secret_wipe(decoded, sizeof decoded);
		return good;
	}
	derived_key(app->jwt_secret, session, key);
	return true;
}

str auth_session_key(struct arena *a, str jwt_secret, uuid session)
{
	char *text = arena_alloc(a, BASE64_LENGTH(KEY_BYTES));
	uint8_t key[KEY_BYTES];
	size_t n;

	derived_key(jwt_secret, session, key);
	n = base64url_encode(key, sizeof key, text);
	secret_wipe(key, sizeof key);
	return (str){ text, n };
}

static void sign(str content, const uint8_t key[static KEY_BYTES], uint8_t mac[static SHA256_BYTES])
{
	hmac_sha256((str){ (const char *)key, KEY_BYTES }, content, mac);
}

static bool counted_is_signed(const struct counted *c, const uint8_t key[static KEY_BYTES])
{
	uint8_t mac[SHA256_BYTES];

	sign(c->content, key, mac);
	return str_eq_secret(c->mac, (str){ (const char *)mac, MAC_BYTES });
}

str counted_token(struct arena *a, const uint8_t key[static KEY_BYTES], uuid session,
		  int64_t counter)
{
	uint8_t raw[BYTES_MAX] = { VERSION }, mac[SHA256_BYTES];
	uint64_t left = (uint64_t)counter;
	size_t n = 1 + ID_BYTES;
	char *text;

	memcpy(raw + 1, session.b, ID_BYTES);
	for (; left >= 0x80; left >>= 7)
		raw[n++] = (uint8_t)(left | 0x80);
	raw[n++] = (uint8_t)left;
	sign((str){ (const char *)raw, n }, key, mac);
	memcpy(raw + n, mac, MAC_BYTES);
	n += MAC_BYTES;
	sha256((str){ (const char *)raw, n }, mac);
	memcpy(raw + n, mac, SUM_BYTES);
	n += SUM_BYTES;
	text = arena_alloc(a, BASE64_LENGTH(n));
	return (str){ text, base64url_encode(raw, n, text) };
}

/* ---- taking a token ---- */

static str counted_next(struct req *r, const struct judged *j)
{
	uint8_t key[KEY_BYTES];
	str token;

	if (!counted_key(r->app, j->session, j->key, key))
		return (str){ 0 };
	token = counted_token(r->arena, key, j->session, j->counter);
	secret_wipe(key, sizeof key);
	return token;
}

static err take_counted(struct req *r, const struct counted *c, struct judged *j, str *ret_next)
{
	uint8_t key[KEY_BYTES];
	bool is_signed;
	str own;

	TRY(session_key(r->db, c->session, &own));
	is_signed = counted_key(r->app, c->session, own, key) && counted_is_signed(c, key);
	secret_wipe(key, sizeof key);
	if (!is_signed)
		return err_not_found;
	TRY(session_step(r->db, c->session, c->counter, session_agent(r), r->client, j));
	*ret_next = counted_next(r, j);
	return OK;
}

static err take_row(struct req *r, str token, bool counted, struct judged *j, str *ret_next)
{
	str next = session_successor(r, token);

	TRY(session_refresh(r->db, secret_hash(r->arena, token), secret_hash(r->arena, next),
			    session_agent(r), r->client, counted, j));
	*ret_next = counted ? counted_next(r, j) : next;
	return OK;
}

static struct session session_of(const struct judged *j, bool counted)
{
	return (struct session){
		.id = j->session,
		.user = j->user,
		.email = j->email,
		.amr = j->amr,
		.mfa = j->mfa,
		.partial = j->partial,
		.counted = counted,
		.since = j->since,
		.app_metadata = j->app_metadata,
		.user_metadata = j->user_metadata,
	};
}

void refreshed_of(struct req *r, const struct judged *j, struct refreshed *out)
{
	*out = (struct refreshed){ j->verdict, session_of(j, true), counted_next(r, j) };
}

err auth_refresh(struct req *r, str token, bool counted, struct refreshed *out)
{
	struct counted c;
	struct judged j;
	bool lifted, goes_on;

	if (str_empty(token) || token.n > TOKEN_MAX)
		return err_invalid;
	if (counted_parse(r->arena, token, &c)) {
		counted = true;
		TRY(take_counted(r, &c, &j, &out->token));
	} else {
		TRY(take_row(r, token, counted, &j, &out->token));
	}
	out->verdict = j.verdict;
	out->session = session_of(&j, counted);
	goes_on = str_eq(j.verdict, S("fresh")) || str_eq(j.verdict, S("again"));
	if (!goes_on) {
		out->token = (str){ 0 };
		auth_forget(j.user);
	} else if (j.lapsed) {
		TRY(moderation_lift_suspension(r->db, j.user, &lifted));
	}
	return OK;
}
