/* Within app/keys only: whether keys are what they are said to be. */
#pragma once

#include "app/keys/keys_db.h"
#include "lib/web/req.h"

/* base64, or two of them with a colon between: 32, 33 or 64 bytes. err_invalid otherwise. */
err keys_read_identity(struct req *r, str text, struct bytes *out);

/* Lengths of the identity's shape, no id twice in a batch, and every signature: by Ed25519, or XEdDSA when
 * the identity is Signal's. err_invalid otherwise, naming what is wrong. Suspends. */
err keys_check(struct req *r, const struct published *p);
