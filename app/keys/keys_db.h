/* Within app/keys only: records and statements. All suspend. */
#pragma once

#include "app/keys/keys.h"
#include "lib/db/db.h"

struct prekey {
	int32_t key_id;
	struct bytes public_key;
	struct bytes signature; /* of one-time curve keys: none */
};

/* Checked: all lengths fit, all signatures are right. */
struct published {
	struct bytes identity;
	int32_t registration_id;
	struct prekey signed_prekey;
	const struct prekey *one_time, *kyber;
	size_t none_time, nkyber;
	const struct prekey *last_resort; /* or NULL */
};

/* All of it or nothing. Another identity than before deletes every older key and is told to those the
 * user talks with. Keys of the same identity are added; one that was handed out does not come back. */
err keys_publish(struct db *db, uuid user, const struct published *p);

struct key_text {
	int32_t key_id;
	str public_key;
};
struct one_time_key {
	int32_t key_id;
	struct bytes public_key;
};
struct left { /* one-time keys */
	int32_t one_time_prekeys, kyber_prekeys;
};
struct bundle {
	struct key_text identity_key;
	int32_t registration_id;
	struct prekey signed_prekey;
	struct one_time_key *one_time_prekey; /* NULL: none left */
	struct prekey *kyber_prekey;	      /* NULL: has none of the kind */
	struct left *left;		      /* for the owner only */
	bool may;			      /* the one who asks may write to the owner */
	bool low;			      /* the owner has been told that his keys run out */
};
extern const struct field bundle_fields[];

/* Uses up a one-time key of each kind unless the owner asks himself or it is to `peek` only. err_not_found:
 * hidden, or no keys. */
err keys_bundle(struct db *db, uuid me, uuid owner, bool peek, struct bundle *out);

/* err_not_found: there were none. */
err keys_withdraw(struct db *db, uuid user);
