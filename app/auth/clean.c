/* The hourly job: what is over is deleted, a bounded piece at a time. */
#include "app/auth/auth.h"
#include "app/auth/auth.sql.h"

enum { PIECE = 1000, PIECES = 1000 };

struct cleaned {
	int64_t n;
};
static const struct field cleaned_fields[] = {
	FIELD(struct cleaned, n),
	{ 0 },
};

err auth_clean(struct job *j)
{
	struct cleaned gone = { PIECE }, counted = { PIECE };

	TRY(db_exec(j->db, &sql_clean_altcha, NULL));
	TRY(db_exec(j->db, &sql_clean_challenges, NULL));
	TRY(db_exec(j->db, &sql_clean_one_time, NULL));
	for (int i = 0; i < PIECES && gone.n == PIECE; i++)
		TRY(db_one(j->db, &sql_clean_sessions, cleaned_fields, &gone, ARG((int32_t)PIECE)));
	for (int i = 0; i < PIECES && counted.n == PIECE; i++)
		TRY(db_one(j->db, &sql_clean_counted, cleaned_fields, &counted,
			   ARG((int32_t)PIECE)));
	return OK;
}
