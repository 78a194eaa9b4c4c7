/* See keys_check.h. A signature takes 0.15 ms, so a batch of them is checked on another thread. */
#include "app/keys/keys_check.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"

enum {
	RAW = 32,
	SIGNAL = 33, /* the type, then the key */
	SIGNAL_TYPE = 0x05,
	KYBER = 1569, /* likewise */
	KYBER_TYPE = 0x08,
	ML_KEM_TYPE = 0x0a,
};

static bool is_signal(struct bytes key)
{
	return key.n == SIGNAL && key.p[0] == SIGNAL_TYPE;
}

static bool is_kyber(struct bytes key)
{
	return key.n == KYBER && (key.p[0] == KYBER_TYPE || key.p[0] == ML_KEM_TYPE);
}

err keys_read_identity(struct req *r, str text, struct bytes *out)
{
	uint8_t *p = arena_alloc(r->arena, 2 * DECODED_MAX(text.n));
	size_t n = 0, more = 0;
	str first = str_cut(&text, ':');
	bool ok = base64_decode(first, p, &n);

	if (ok && text.p)
		ok = n == RAW && base64_decode(text, p + n, &more) && more == RAW;
	*out = (struct bytes){ p, n + more };
	if (!ok || (n != RAW && !is_signal(*out)))
		return req_fail(
			r, err_invalid,
			"identity_key_public must be base64 of an Ed25519 key and, behind a "
			"colon, of an X25519 key, or of Signal's 33 bytes");
	return OK;
}

/* ---- shapes ---- */

static bool fits(const struct published *p, struct bytes key)
{
	return p->identity.n == SIGNAL ? is_signal(key) : key.n == RAW;
}

static bool has_twice(const struct prekey *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (keys[i].key_id == keys[j].key_id)
				return true;
	return false;
}

static err check_shapes(struct req *r, const struct published *p)
{
	if (!fits(p, p->signed_prekey.public_key))
		return req_fail(r, err_invalid,
				"signed_prekey_public is not of the identity's kind");
	for (size_t i = 0; i < p->none_time; i++)
		if (!fits(p, p->one_time[i].public_key))
			return req_fail(
				r, err_invalid,
				"one_time_prekeys[%zu].public_key is not of the identity's kind",
				i);
	for (size_t i = 0; i < p->nkyber; i++)
		if (!is_kyber(p->kyber[i].public_key))
			return req_fail(r, err_invalid,
					"kyber_prekeys[%zu].public_key is no ML-KEM-1024 key", i);
	if (p->last_resort && !is_kyber(p->last_resort->public_key))
		return req_fail(r, err_invalid,
				"last_resort_kyber_prekey.public_key is no ML-KEM-1024 key");
	if (has_twice(p->one_time, p->none_time) || has_twice(p->kyber, p->nkyber))
		return req_fail(r, err_invalid, "a key_id stands twice in a list");
	for (size_t i = 0; p->last_resort && i < p->nkyber; i++)
		if (p->kyber[i].key_id == p->last_resort->key_id)
			return req_fail(r, err_invalid,
					"last_resort_kyber_prekey has the key_id of another key");
	return OK;
}

/* ---- signatures ---- */

struct checking {
	const struct published *p;
	const char *list; /* of the first bad one; NULL: all are right */
	size_t index;
};

static bool is_signed(const struct published *p, const struct prekey *k)
{
	str data = { (const char *)k->public_key.p, k->public_key.n };

	if (k->signature.n != ED25519_SIGNATURE)
		return false;
	if (p->identity.n == SIGNAL)
		return xeddsa_verify(p->identity.p + 1, data, k->signature.p);
	return ed25519_verify(p->identity.p, data, k->signature.p);
}

static void check_list(struct checking *c, const char *name, const struct prekey *keys, size_t n)
{
	for (size_t i = 0; i < n && !c->list; i++) {
		if (is_signed(c->p, &keys[i]))
			continue;
		c->list = name;
		c->index = i;
	}
}

static void check_signatures(void *arg)
{
	struct checking *c = arg;

	check_list(c, "signed_prekey", &c->p->signed_prekey, 1);
	check_list(c, "kyber_prekeys", c->p->kyber, c->p->nkyber);
	if (c->p->last_resort)
		check_list(c, "last_resort_kyber_prekey", c->p->last_resort, 1);
}

err keys_check(struct req *r, const struct published *p)
{
	struct checking c = { .p = p };

	TRY(check_shapes(r, p));
	TRY(offload_run(r->app->offload, check_signatures, &c));
	if (c.list)
		return req_fail(r, err_invalid,
				"the signature of %s[%zu] is not one of the identity's", c.list,
				c.index);
	return OK;
}
