/* One function per statement, but for publishing, which is several. */
#include "app/keys/keys_db.h"

#include "app/events/events.h"
#include "app/keys/keys.sql.h"

static const struct field key_text_fields[] = {
	FIELD(struct key_text, key_id),
	FIELD(struct key_text, public_key, .required = true,
	      .help = "base64; of the existing client base64(ed25519):base64(x25519)"),
	{ 0 },
};

static const struct field prekey_fields[] = {
	FIELD(struct prekey, key_id),
	FIELD(struct prekey, public_key, .required = true),
	FIELD(struct prekey, signature, .required = true),
	{ 0 },
};

static const struct field one_time_fields[] = {
	FIELD(struct one_time_key, key_id),
	FIELD(struct one_time_key, public_key, .required = true),
	{ 0 },
};

static const struct field left_fields[] = {
	FIELD(struct left, one_time_prekeys),
	FIELD(struct left, kyber_prekeys),
	{ 0 },
};

const struct field bundle_fields[] = {
	FIELD(struct bundle, identity_key, .of = key_text_fields, .required = true),
	FIELD(struct bundle, registration_id),
	FIELD(struct bundle, signed_prekey, .of = prekey_fields, .required = true),
	FIELD(struct bundle, one_time_prekey, .of = one_time_fields, .ref = true,
	      .size = sizeof(struct one_time_key), .omit_absent = true),
	FIELD(struct bundle, kyber_prekey, .of = prekey_fields, .ref = true,
	      .size = sizeof(struct prekey), .omit_absent = true,
	      .help = "ML-KEM-1024; the last resort when no other is left"),
	FIELD(struct bundle, left, .of = left_fields, .ref = true, .size = sizeof(struct left),
	      .omit_absent = true, .help = "one-time keys, for the owner"),
	FIELD(struct bundle, may, .hidden = true),
	FIELD(struct bundle, low, .hidden = true),
	{ 0 },
};

struct changed {
	bool changed;
};
static const struct field changed_fields[] = {
	FIELD(struct changed, changed),
	{ 0 },
};

err keys_bundle(struct db *db, uuid me, uuid owner, bool peek, struct bundle *out)
{
	TRY(db_one(db, &sql_keys_bundle, bundle_fields, out, ARG(me), ARG(owner), ARG(peek)));
	if (out->low) {
		events_wake();
		jobs_wake();
	}
	return OK;
}

/* Ids, and one behind the other the bytes of all, as the statements take them. */
struct packed {
	struct i32s ids;
	struct bytes keys, signatures;
};

static struct bytes joined(struct arena *a, const struct prekey *keys, size_t n, bool signatures)
{
	size_t size = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		size += signatures ? keys[i].signature.n : keys[i].public_key.n;
	uint8_t *p = arena_alloc(a, size + 1);
	for (size_t i = 0; i < n; i++) {
		const struct bytes *b = signatures ? &keys[i].signature : &keys[i].public_key;

		memcpy(p + at, b->p, b->n);
		at += b->n;
	}
	return (struct bytes){ p, size };
}

static struct packed pack(struct arena *a, const struct prekey *keys, size_t n, bool signatures)
{
	struct packed p = { .ids = { arena_alloc(a, n * sizeof(int32_t) + 1), n },
			    .keys = joined(a, keys, n, false) };

	for (size_t i = 0; i < n; i++)
		p.ids.v[i] = keys[i].key_id;
	if (signatures)
		p.signatures = joined(a, keys, n, true);
	return p;
}

static void add_kyber(struct db_batch *b, struct arena *a, uuid user, const struct prekey *keys,
		      size_t n, bool last_resort)
{
	struct packed p = pack(a, keys, n, true);

	db_batch_exec(b, &sql_keys_kyber, NULL, ARG(user), ARG(p.ids), ARG(p.keys),
		      ARG(p.signatures), ARG(last_resort));
}

static void add_one_time(struct db_batch *b, struct arena *a, uuid user, const struct prekey *keys,
			 size_t n)
{
	struct packed p = pack(a, keys, n, false);

	db_batch_exec(b, &sql_keys_one_time, NULL, ARG(user), ARG(p.ids), ARG(p.keys),
		      ARG((int32_t)keys[0].public_key.n));
}

static err publish(struct db *tx, uuid user, const struct published *p)
{
	struct arena *a = db_arena(tx);
	struct changed c;

	TRY(db_one(tx, &sql_keys_identity, changed_fields, &c, ARG(user), ARG(p->identity),
		   ARG(p->registration_id)));
	struct db_batch *b = db_batch(tx);
	if (c.changed)
		db_batch_exec(b, &sql_keys_forget, NULL, ARG(user));
	db_batch_exec(b, &sql_keys_signed, NULL, ARG(user), ARG(p->signed_prekey.key_id),
		      ARG(p->signed_prekey.public_key), ARG(p->signed_prekey.signature));
	if (p->none_time)
		add_one_time(b, a, user, p->one_time, p->none_time);
	if (p->nkyber)
		add_kyber(b, a, user, p->kyber, p->nkyber, false);
	if (p->last_resort)
		add_kyber(b, a, user, p->last_resort, 1, true);
	db_batch_exec(b, &sql_keys_settle, NULL, ARG(user));
	if (c.changed)
		db_batch_exec(b, &sql_keys_tell, NULL, ARG(user));
	return db_batch_run(b);
}

err keys_publish(struct db *db, uuid user, const struct published *p)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	TRY(publish(tx, user, p));
	TRY(db_commit(tx));
	events_wake();
	return OK;
}

err keys_withdraw(struct db *db, uuid user)
{
	TRY(db_some(db, &sql_keys_withdraw, ARG(user)));
	events_wake();
	return OK;
}
