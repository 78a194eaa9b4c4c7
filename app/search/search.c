/* The job that keeps the lexica. */
#include "app/search/search.h"

#include "app/search/search.sql.h"

err search_refresh_lexicon(struct job *j)
{
	TRY(db_exec(j->db, &sql_lexicon_count, NULL));
	TRY(db_exec(j->db, &sql_lexicon_prune, NULL));
	TRY(db_exec(j->db, &sql_names_count, NULL));
	return db_exec(j->db, &sql_names_prune, NULL);
}
