/* Strikes and suspensions: one function per statement. */
#include "app/moderation/moderation_db.h"

#include "app/moderation/moderation.h"
#include "app/moderation/moderation.sql.h"

struct strikes {
	int32_t strikes;
};

static const struct field strikes_fields[] = {
	FIELD(struct strikes, strikes),
	{ 0 },
};

err strike_add(struct db *tx, uuid user, str category, str snippet)
{
	return db_exec(tx, &sql_strike_add, NULL, ARG(user), ARG(category), ARG(snippet));
}

err strike_count(struct db *tx, uuid user, int32_t *out)
{
	struct strikes n;

	TRY(db_one(tx, &sql_strike_count, strikes_fields, &n, ARG(user)));
	*out = n.strikes;
	return OK;
}

err strike_suspend(struct db *tx, uuid user, int64_t seconds, str reason)
{
	return db_exec(tx, &sql_strike_suspend, NULL, ARG(user), ARG(seconds), ARG(reason));
}

err strike_ban(struct db *tx, uuid user, str reason, str client)
{
	return db_exec(tx, &sql_strike_ban, NULL, ARG(user), ARG(reason), ARG(client));
}

err strikes_recount(struct db *db)
{
	return db_exec(db, &sql_strikes_recount, NULL);
}

err moderation_lift_suspension(struct db *db, uuid user, bool *ret_lifted)
{
	int64_t lifted;

	TRY(db_exec(db, &sql_suspension_lift, &lifted, ARG(user)));
	*ret_lifted = lifted > 0;
	return OK;
}
