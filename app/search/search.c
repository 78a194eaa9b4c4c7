/* The job that keeps the lexicon. */
#include "app/search/search.h"

#include "app/search/search.sql.h"

err search_refresh_lexicon(struct job *j)
{
	return db_exec(j->db, &sql_lexicon_refresh, NULL);
}
