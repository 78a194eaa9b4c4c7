/* See supabase.h. */
#include "app/supabase/supabase.h"

#include "app/supabase/numbers.sql.h"
#include "lib/db/db.h"

static const struct field numbers_fields[] = {
	FIELD(struct move_numbers, moving),	  FIELD(struct move_numbers, upstream),
	FIELD(struct move_numbers, held),	  FIELD(struct move_numbers, here),
	FIELD(struct move_numbers, held_seconds), FIELD(struct move_numbers, follow_lag),
	FIELD(struct move_numbers, reverse_lag),  FIELD(struct move_numbers, differences),
	FIELD(struct move_numbers, verified_at),  FIELD(struct move_numbers, errors),
	FIELD(struct move_numbers, slow),	  FIELD(struct move_numbers, corrupt),
	FIELD(struct move_numbers, watched_at),	  FIELD(struct move_numbers, compared),
	FIELD(struct move_numbers, differ),	  { 0 },
};

err move_numbers(struct db *db, struct move_numbers *out)
{
	return db_one(db, &sql_move_numbers, numbers_fields, out);
}
