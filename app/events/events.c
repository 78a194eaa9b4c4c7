/* See events.h. */
#include "app/events/events.h"

#include "app/events/events.sql.h"

enum { PIECE = 5000, PIECES = 1000 };

static void (*listener)(void);

void events_listen(void (*wake)(void))
{
	listener = wake;
}

void events_wake(void)
{
	if (listener)
		listener();
}

/* A bounded piece at a time, so that no statement and no lock lasts. */
err events_trim(struct job *j)
{
	int64_t gone = PIECE;

	for (int i = 0; i < PIECES && gone == PIECE; i++)
		TRY(db_exec(j->db, &sql_events_trim, &gone, ARG((int32_t)PIECE)));
	return OK;
}
