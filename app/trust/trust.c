/* The daily calculation, page by page. */
#include "app/trust/trust.h"

#include "app/trust/trust.sql.h"

enum { PAGE = 1000 };

struct calculated {
	uuid last;
	int32_t n;
};
static const struct field calculated_fields[] = {
	FIELD(struct calculated, last),
	FIELD(struct calculated, n),
	{ 0 },
};

err trust_calculate(struct job *j)
{
	struct calculated page = { .n = PAGE };

	while (page.n == PAGE)
		TRY(db_one(j->db, &sql_trust_calculate, calculated_fields, &page, ARG(page.last),
			   ARG((int32_t)PAGE)));
	return OK;
}
