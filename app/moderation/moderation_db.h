/* Within app/moderation only: the statements as functions. All of them suspend. */
#pragma once

#include "lib/db/db.h"

/* Locks the account until the transaction ends. */
err strike_add(struct db *tx, uuid user, str category, str snippet);

/* Strikes of the last 30 days. */
err strike_count(struct db *tx, uuid user, int32_t *out);

/* Both do nothing to an account that is worse off already. */
err strike_suspend(struct db *tx, uuid user, int64_t seconds, str reason);
err strike_ban(struct db *tx, uuid user, str reason, str client);

/* Brings the stored numbers of strikes up to date. */
err strikes_recount(struct db *db);
