/* Publishing keys, and bundles for those who may write to their owner. */
#include "app/keys/keys_check.h"

enum { BATCH = 100 };

static const struct rate rate_publish = { "keys_publish", 60.0 / 3600, 20 };
static const struct rate rate_fetch = { "keys_fetch", 30.0 / 3600, 30 };
static const struct rate rate_pair = { "keys_pair", 5.0 / 3600, 5 };

static const struct err_info info_no_keys = { 404, "not_found", "no keys of this user", NULL };
static const struct err_info info_not_allowed = { 403, "not_allowed_to_message",
						  "you cannot write to this person", NULL };

/* ---- POST /keys ---- */

static const struct field one_time_in_fields[] = {
	FIELD(struct prekey, key_id, .required = true, .has_range = true, .min = 0,
	      .max = INT32_MAX),
	FIELD(struct prekey, public_key, .required = true),
	{ 0 },
};

static const struct field prekey_in_fields[] = {
	FIELD(struct prekey, key_id, .required = true, .has_range = true, .min = 0,
	      .max = INT32_MAX),
	FIELD(struct prekey, public_key, .required = true),
	FIELD(struct prekey, signature, .required = true),
	{ 0 },
};

struct publication {
	str identity_key_public;
	int32_t registration_id, signed_prekey_id;
	struct bytes signed_prekey_public, signed_prekey_signature;
	struct list one_time_prekeys, kyber_prekeys;
	struct prekey *last_resort_kyber_prekey;
};
static const struct field publication_fields[] = {
	FIELD(struct publication, identity_key_public, .required = true, .max = 200,
	      .help = "base64(ed25519):base64(x25519), or base64 of Signal's 33 bytes"),
	FIELD(struct publication, registration_id, .required = true, .has_range = true, .min = 1,
	      .max = INT32_MAX),
	FIELD(struct publication, signed_prekey_id, .has_range = true, .min = 0, .max = INT32_MAX),
	FIELD(struct publication, signed_prekey_public, .required = true),
	FIELD(struct publication, signed_prekey_signature, .required = true,
	      .help = "of signed_prekey_public's bytes, by the identity"),
	FIELD(struct publication, one_time_prekeys, .of = one_time_in_fields,
	      .size = sizeof(struct prekey), .max = BATCH),
	FIELD(struct publication, kyber_prekeys, .of = prekey_in_fields,
	      .size = sizeof(struct prekey), .max = BATCH),
	FIELD(struct publication, last_resort_kyber_prekey, .of = prekey_in_fields, .ref = true,
	      .size = sizeof(struct prekey)),
	{ 0 },
};

/* A bad key or signature leaves everything as it was. */
static err publish(struct req *r)
{
	struct publication in;
	struct published p;

	TRY(req_body(r, &in, NULL));
	p = (struct published){
		.registration_id = in.registration_id,
		.signed_prekey = { in.signed_prekey_id, in.signed_prekey_public,
				   in.signed_prekey_signature },
		.one_time = in.one_time_prekeys.v,
		.none_time = in.one_time_prekeys.n,
		.kyber = in.kyber_prekeys.v,
		.nkyber = in.kyber_prekeys.n,
		.last_resort = in.last_resort_kyber_prekey,
	};
	TRY(keys_read_identity(r, in.identity_key_public, &p.identity));
	TRY(keys_check(r, &p));
	TRY(keys_publish(r->db, r->user.id, &p));
	return reply_message(r, "keys published");
}

static err withdraw(struct req *r)
{
	TRY(keys_withdraw(r->db, r->user.id));
	return reply_message(r, "keys withdrawn");
}

/* ---- GET /keys/:id ---- */

/* Neither the one who asks nor all who may ask can use up somebody's keys. */
static err limit(struct req *r, uuid owner)
{
	char me[UUID_TEXT + 1] = "", other[UUID_TEXT + 1] = "";

	uuid_format(r->user.id, me);
	uuid_format(owner, other);
	TRY(req_limit(r, &rate_pair, arena_printf(r->arena, "%s:%s", me, other)));
	return req_limit(r, &rate_fetch, str_of(me));
}

static err get_bundle(struct req *r)
{
	struct bundle out;
	uuid owner;
	err e;

	TRY(req_id(r, "id", &owner));
	if (!uuid_eq(owner, r->user.id))
		TRY(limit(r, owner));
	e = keys_bundle(r->db, r->user.id, owner, r->head, &out);
	if (err_is(e, err_not_found))
		return (err){ &info_no_keys };
	TRY(e);
	return out.may ? reply(r, &out) : (err){ &info_not_allowed };
}

/* The existing client calls this with the id of a key that it got from somebody else, which the bundle used up
 * already. Its own keys go when others get them. */
static err delete_one_time(struct req *r)
{
	int64_t id;

	if (!str_to_i64(req_param(r, "keyId"), &id) || id < 0)
		return req_fail(r, err_invalid, "the key's id must be a number");
	return reply_message(r, "key used up");
}

#define K "/api/v1/keys"

const struct route keys_routes[] = {
	{ POST, K, publish, "publish one's keys for encryption", .rate = &rate_publish,
	  .body = publication_fields, .out = message_fields, .body_max = 512 << 10 },
	{ DELETE, K, withdraw, "take all one's keys back", .out = message_fields, .errors = "404" },
	{ GET, K "/:id", get_bundle, "keys to start an encrypted conversation with somebody",
	  .writes = true, .out = bundle_fields, .errors = "403 404 429" },
	{ DELETE, K "/otk/:keyId", delete_one_time, "nothing: bundles use keys up",
	  .out = message_fields, .errors = "400" },
	{ 0 },
};
