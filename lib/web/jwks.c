/* See jwks.h. A key's algorithm follows from its kind, whatever a token's header says about ways to check it. */
#include "lib/web/jwks.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 16 };

struct jwk {
	str kty, kid, crv, x, y, n, e;
	str alg, use;
	struct strs key_ops; /* these three are for who reads the set, and follow from the others */
	struct public_key *key;
};
static const struct field jwk_fields[] = {
	FIELD(struct jwk, kty),
	FIELD(struct jwk, kid),
	FIELD(struct jwk, alg, .omit_absent = true),
	FIELD(struct jwk, use, .omit_absent = true),
	FIELD(struct jwk, key_ops, .omit_absent = true),
	FIELD(struct jwk, crv, .omit_absent = true),
	FIELD(struct jwk, x, .omit_absent = true),
	FIELD(struct jwk, y, .omit_absent = true),
	FIELD(struct jwk, n, .omit_absent = true),
	FIELD(struct jwk, e, .omit_absent = true),
	{ 0 },
};

struct jwks {
	struct arena *arena;
	struct list keys; /* struct jwk */
	str list;
};
static const struct field set_fields[] = {
	FIELD(struct jwks, keys, .of = jwk_fields, .size = sizeof(struct jwk), .required = true),
	{ 0 },
};

/* ---- reading ---- */

static str decoded(struct arena *a, str text)
{
	char *p = arena_alloc(a, DECODED_MAX(text.n) + 1);
	size_t n;

	return text.p && base64url_decode(text, p, &n) ? (str){ p, n } : (str){ 0 };
}

static void read_key(struct arena *a, struct jwk *k)
{
	if (str_eq(k->kty, S("EC")) && str_eq(k->crv, S("P-256"))) {
		k->alg = S("ES256");
		k->key = public_key_p256(decoded(a, k->x), decoded(a, k->y));
	} else if (str_eq(k->kty, S("RSA")) && (!k->alg.p || str_eq(k->alg, S("RS256")))) {
		k->alg = S("RS256");
		k->key = public_key_rsa(decoded(a, k->n), decoded(a, k->e));
	} else if (str_eq(k->kty, S("OKP")) && str_eq(k->crv, S("Ed25519"))) {
		k->alg = S("EdDSA");
		k->key = public_key_ed25519(decoded(a, k->x));
	}
	k->use = S("sig");
}

/* Those that can be used, moved to the front. */
static void take_keys(struct jwks *set)
{
	static str verify[] = { S("verify") };
	struct jwk *v = set->keys.v;
	size_t n = 0;

	for (size_t i = 0; i < set->keys.n; i++) {
		if (str_empty(v[i].kid))
			continue;
		read_key(set->arena, &v[i]);
		v[i].key_ops = (struct strs){ verify, 1 };
		if (v[i].key)
			v[n++] = v[i];
	}
	set->keys.n = n;
}

static struct jwks *read_set(str json, const char **problem)
{
	struct arena *a = arena_new();
	struct jwks *set = arena_zalloc(a, sizeof(*set));
	struct json_writer w;

	set->arena = a;
	*problem = "is no JSON Web Key Set";
	if (fields_from_json(a, json, set_fields, set, NULL).info) {
		arena_free(a);
		return NULL;
	}
	take_keys(set);
	if (!set->keys.n) {
		*problem = "has no public key with an id that could be used";
		arena_free(a);
		return NULL;
	}
	json_init(&w, a, 1024);
	json_records(&w, jwk_fields, &set->keys);
	set->list = json_text(&w);
	return set;
}

struct jwks *jwks_load(const char *path, const char **problem)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(FILE_MAX);
	size_t n = f && text ? fread(text, 1, FILE_MAX, f) : 0;
	struct jwks *set = NULL;

	*problem = "cannot be read";
	if (n)
		set = read_set((str){ text, n }, problem);
	if (f)
		fclose(f);
	free(text);
	return set;
}

void jwks_free(struct jwks *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->keys.n; i++)
		public_key_free(((struct jwk *)set->keys.v)[i].key);
	arena_free(set->arena);
}

/* ---- using ---- */

str jwks_list(const struct jwks *set)
{
	return set->list;
}

bool jwks_verify(const struct jwks *set, str algorithm, str id, str content, str signature)
{
	const struct jwk *v = set->keys.v;

	for (size_t i = 0; i < set->keys.n; i++)
		if (str_eq(v[i].kid, id) && str_eq(v[i].alg, algorithm))
			return public_key_verify(v[i].key, content, signature);
	return false;
}
