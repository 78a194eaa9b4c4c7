/*
 * HS256 by hand, since it is on the way of every request: 1 µs against 4 of libjwt. The claims we need
 * are picked out of the payload by a small scanner; everything else in it is stepped over. What it reads
 * bears our signature, so it has to be safe on any text, but strict only about what it picks.
 */
#include "lib/web/token.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"
#include "lib/web/jwks.h"

#include <string.h>

enum { TOKEN_MAX = 8192 };

const err err_token_invalid = { &(const struct err_info){
	.status = 401,
	.code = "token_invalid",
	.message = "the access token is not valid",
} };
const err err_token_expired = { &(const struct err_info){
	.status = 401,
	.code = "token_expired",
	.message = "the access token has expired",
} };

/* {"alg":"HS256","typ":"JWT"}, as nearly every token has it */
static const str usual_header = S("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");

/* ---- the scanner: each step takes a piece off the front of *s, or fails ---- */

/* n is at most s->n. */
static void advance(str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void skip_space(str *s)
{
	while (s->n && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		advance(s, 1);
}

static bool take_char(str *s, char c)
{
	skip_space(s);
	if (s->n == 0 || *s->p != c)
		return false;
	advance(s, 1);
	return true;
}

/* Length of the string literal that s begins with, quotes included; 0 when it does not end. */
static size_t string_length(str s)
{
	const char *end = memchr(s.p + 1, '"', s.n - 1);

	if (!end || end[-1] != '\\')
		return end ? (size_t)(end + 1 - s.p) : 0;
	for (size_t i = 1; i < s.n; i++) { /* that quote may be escaped, or the backslash */
		if (s.p[i] == '"')
			return i + 1;
		i += s.p[i] == '\\';
	}
	return 0;
}

/* Length of the object or array that s begins with. */
static size_t nested_length(str s)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"') {
			size_t n = string_length(str_slice(s, i, s.n));

			if (n == 0)
				return 0;
			i += n - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return i + 1;
		}
	}
	return 0;
}

/* Length of the number or word that s begins with. */
static size_t word_length(str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] > ' ' && s.p[n] != ',' && s.p[n] != '}' && s.p[n] != ']')
		n++;
	return n;
}

/* Any value as its text. */
static bool take_value(str *s, str *out)
{
	size_t n;

	skip_space(s);
	if (s->n == 0)
		return false;
	n = *s->p == '"'		       ? string_length(*s)
		: *s->p == '{' || *s->p == '[' ? nested_length(*s)
					       : word_length(*s);
	*out = (str){ s->p, n };
	advance(s, n);
	return n > 0;
}

/* A string literal without escapes as what is between its quotes. */
static bool to_text(str literal, str *out)
{
	if (literal.n < 2 || *literal.p != '"' || memchr(literal.p, '\\', literal.n))
		return false;
	*out = (str){ literal.p + 1, literal.n - 2 };
	return true;
}

/* Calls pick(arg, name, value) for each member of the object that is all of s. */
static bool each_member(str s, bool (*pick)(void *, str, str), void *arg)
{
	str name, value;

	if (!take_char(&s, '{'))
		return false;
	if (!take_char(&s, '}')) {
		do {
			if (!take_value(&s, &name) || !to_text(name, &name) || !take_char(&s, ':')
			    || !take_value(&s, &value) || !pick(arg, name, value))
				return false;
		} while (take_char(&s, ','));
		if (!take_char(&s, '}'))
			return false;
	}
	skip_space(&s);
	return s.n == 0;
}

/* ---- claims ---- */

/* An empty text is no id: some issuers write it where there is none. */
static bool to_uuid(str literal, uuid *out)
{
	str text;

	return to_text(literal, &text) && (text.n == 0 || uuid_parse(text, out));
}

static bool to_time(str number, usec *out)
{
	int64_t seconds;

	if (!str_to_i64(number, &seconds) || seconds <= 0 || seconds > INT64_MAX / SECOND)
		return false;
	*out = (usec){ seconds * SECOND };
	return true;
}

/* A string, or the first of an array of strings. */
static bool to_audience(str value, str *out)
{
	str rest = value;

	if (take_char(&rest, '[') && !take_value(&rest, &value))
		return false;
	return to_text(value, out);
}

struct claims {
	struct token *token;
	usec not_before;
};

static bool pick_claim(void *claims_, str name, str value)
{
	struct claims *claims = claims_;
	struct token *t = claims->token;

	if (str_eq(value, S("null")))
		return true;
	if (str_eq(name, S("sub")))
		return to_uuid(value, &t->sub);
	if (str_eq(name, S("session_id")))
		return to_uuid(value, &t->session);
	if (str_eq(name, S("exp")))
		return to_time(value, &t->expires);
	if (str_eq(name, S("iat")))
		return to_time(value, &t->issued);
	if (str_eq(name, S("nbf")))
		return to_time(value, &claims->not_before);
	if (str_eq(name, S("role")))
		return to_text(value, &t->role);
	if (str_eq(name, S("aal")))
		return to_text(value, &t->aal);
	if (str_eq(name, S("aud")))
		return to_audience(value, &t->audience);
	if (str_eq(name, S("is_anonymous")))
		t->is_anonymous = str_eq(value, S("true"));
	return true;
}

struct header {
	str algorithm, key; /* key: its id */
};

static bool pick_algorithm(void *header_, str name, str value)
{
	struct header *h = header_;

	if (str_eq(name, S("alg")))
		return to_text(value, &h->algorithm);
	if (str_eq(name, S("kid")))
		return to_text(value, &h->key);
	if (str_eq(name, S("typ")))
		return str_ieq(value, S("\"JWT\""));
	return !str_eq(name, S("crit")); /* RFC 7515 §4.1.11: what we do not understand */
}

static bool decode(struct arena *a, str text, str *out)
{
	uint8_t *p = arena_alloc(a, DECODED_MAX(text.n));
	size_t n;

	if (!base64url_decode(text, p, &n))
		return false;
	*out = (str){ (const char *)p, n };
	return true;
}

static bool is_signed(str secret, str content, str signature)
{
	uint8_t want[SHA256_BYTES];
	char text[BASE64_LENGTH(SHA256_BYTES)];
	size_t n;

	hmac_sha256(secret, content, want);
	n = base64url_encode(want, sizeof(want), text);
	return str_eq_secret(signature, (str){ text, n });
}

/* By the algorithm that its header names, as far as we have a key for it. */
static bool is_signed_as_told(struct arena *a, str secret, const struct jwks *keys, str header,
			      str content, str signature)
{
	struct header h = { 0 };
	str json, raw;

	if (str_eq(header, usual_header))
		return is_signed(secret, content, signature);
	if (!decode(a, header, &json) || !each_member(json, pick_algorithm, &h))
		return false;
	if (str_eq(h.algorithm, S("HS256")))
		return is_signed(secret, content, signature);
	return keys && decode(a, signature, &raw)
		&& jwks_verify(keys, h.algorithm, h.key, content, raw);
}

/* Its payload, when the token is signed by this secret or one of the keys (NULL: none). */
static bool open_signed(struct arena *a, str secret, const struct jwks *keys, str token,
			str *ret_payload)
{
	str rest = token, header = str_cut(&rest, '.'), payload = str_cut(&rest, '.');
	size_t content = header.n + 1 + payload.n;

	return token.n <= TOKEN_MAX && rest.p
		&& is_signed_as_told(a, secret, keys, header, str_slice(token, 0, content), rest)
		&& decode(a, payload, ret_payload);
}

err token_verify_any(struct arena *a, str secret, const struct jwks *keys, str token, usec now,
		     struct token *out)
{
	struct token t = { 0 };
	struct claims claims = { .token = &t };
	str json;

	if (!open_signed(a, secret, keys, token, &json) || !each_member(json, pick_claim, &claims)
	    || t.expires.us == 0 || claims.not_before.us > now.us + TOKEN_LEEWAY)
		return err_token_invalid;
	if (t.expires.us <= now.us - TOKEN_LEEWAY)
		return err_token_expired;
	*out = t;
	return OK;
}

err token_verify(struct arena *a, str secret, str token, usec now, struct token *out)
{
	return token_verify_any(a, secret, NULL, token, now, out);
}

bool token_open(struct arena *a, str secret, str token, usec now, str *ret_claims)
{
	struct token t;

	return !token_verify(a, secret, token, now, &t).info
		&& open_signed(a, secret, NULL, token, ret_claims);
}

/* ---- issuing ---- */

struct payload {
	str iss;
	uuid sub;
	str aud;
	int64_t exp, iat;
	str email, phone;
	struct json app_metadata, user_metadata;
	str role, aal;
	struct json amr;
	uuid session_id;
	bool is_anonymous;
};

static const struct field payload_fields[] = {
	FIELD(struct payload, iss, .omit_absent = true),
	FIELD(struct payload, sub, .omit_absent = true),
	FIELD(struct payload, aud, .omit_absent = true),
	FIELD(struct payload, exp),
	FIELD(struct payload, iat),
	FIELD(struct payload, email),
	FIELD(struct payload, phone),
	FIELD(struct payload, app_metadata),
	FIELD(struct payload, user_metadata),
	FIELD(struct payload, role),
	FIELD(struct payload, aal),
	FIELD(struct payload, amr),
	FIELD(struct payload, session_id, .omit_absent = true),
	FIELD(struct payload, is_anonymous),
	{ 0 },
};

static str or_else(str s, str fallback)
{
	return s.p ? s : fallback;
}

static str payload_json(struct arena *a, const struct token *t)
{
	struct payload p = {
		.iss = t->issuer,
		.sub = t->sub,
		.aud = t->audience,
		.exp = t->expires.us / SECOND,
		.iat = t->issued.us / SECOND,
		.email = or_else(t->email, S("")),
		.phone = or_else(t->phone, S("")),
		.app_metadata = { or_else(t->app_metadata.text, S("{}")) },
		.user_metadata = { or_else(t->user_metadata.text, S("{}")) },
		.role = or_else(t->role, S("")),
		.aal = or_else(t->aal, S("aal1")),
		.amr = { or_else(t->amr.text, S("[]")) },
		.session_id = t->session,
		.is_anonymous = t->is_anonymous,
	};
	struct json_writer w;

	json_init(&w, a, 1024);
	json_record(&w, payload_fields, &p);
	return json_text(&w);
}

str token_sign(struct arena *a, str secret, str claims)
{
	size_t most = usual_header.n + BASE64_LENGTH(claims.n) + BASE64_LENGTH(SHA256_BYTES) + 3;
	char *text = arena_alloc(a, most), *p = text;
	uint8_t mac[SHA256_BYTES];

	memcpy(p, usual_header.p, usual_header.n);
	p += usual_header.n;
	*p++ = '.';
	p += base64url_encode(claims.p, claims.n, p);
	hmac_sha256(secret, (str){ text, (size_t)(p - text) }, mac);
	*p++ = '.';
	p += base64url_encode(mac, sizeof(mac), p);
	*p = '\0';
	return (str){ text, (size_t)(p - text) };
}

str token_issue(struct arena *a, str secret, const struct token *t)
{
	return token_sign(a, secret, payload_json(a, t));
}
