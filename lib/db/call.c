/*
 * Calls: the lists they stand on, and what their results mean. A SQLSTATE (PostgreSQL manual,
 * appendix A) becomes one of the named errors; the log gets the statement's name and the SQLSTATE, but
 * neither DETAIL nor, where it may quote values, the message.
 */
#include "lib/db/call.h"

#include "lib/base/log.h"
#include "lib/db/pool.h"

#include <string.h>

static const struct err_info unique_info = { .status = 409,
					     .code = "conflict",
					     .message = "already exists" };
static const struct err_info foreign_key_info = { .status = 404,
						  .code = "not_found",
						  .message = "what this refers to does not exist" };
static const struct err_info check_info = { .status = 400,
					    .code = "invalid",
					    .message = "a value is not allowed" };
static const struct err_info serialize_info = { .status = 503,
						.code = "unavailable",
						.message = "try again" };
const err err_db_unique = { &unique_info };
const err err_db_foreign_key = { &foreign_key_info };
const err err_db_check = { &check_info };
const err err_db_serialize = { &serialize_info };

/* ---- lists ---- */

static void link_in(struct call_list *list, struct call *call, struct call *prev, struct call *next)
{
	call->prev = prev;
	call->next = next;
	call->list = list;
	*(prev ? &prev->next : &list->first) = call;
	*(next ? &next->prev : &list->last) = call;
	list->n++;
}

void call_append(struct call_list *list, struct call *call)
{
	link_in(list, call, list->last, NULL);
}

void call_prepend(struct call_list *list, struct call *call)
{
	link_in(list, call, NULL, list->first);
}

void call_unlist(struct call *call)
{
	struct call_list *list = call->list;

	*(call->prev ? &call->prev->next : &list->first) = call->next;
	*(call->next ? &call->next->prev : &list->last) = call->prev;
	list->n--;
	call->list = NULL;
}

void call_abandon(struct call *call)
{
	struct conn *c = call->conn;

	if (call->state == CALL_WAITING || call->state == CALL_ARRIVED)
		call_unlist(call);
	else if (call->state == CALL_SENT)
		c->ring[call->at & (c->size - 1)].call = NULL;
	call->state = CALL_IDLE;
}

/* ---- outcomes ---- */

/* "" when the error is libpq's own or there is none. */
static const char *result_sqlstate(const PGresult *r)
{
	const char *s = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

	return s ? s : "";
}

bool result_is_farewell(const PGresult *r)
{
	const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (PQresultStatus(r) != PGRES_FATAL_ERROR)
		return false;
	return !severity || strcmp(severity, "ERROR") != 0;
}

bool result_is_stale(const PGresult *r)
{
	const char *state = result_sqlstate(r);
	const char *where = PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION);

	return strcmp(state, "26000") == 0
		|| (strcmp(state, "0A000") == 0 && where
		    && strcmp(where, "RevalidateCachedQuery") == 0);
}

static bool is(const char *state, const char *prefix)
{
	return strncmp(state, prefix, strlen(prefix)) == 0;
}

/* Sets *level to how loud the log should be about it. */
static err err_of_state(const char *state, enum log_level *level)
{
	static const struct {
		const char *prefix;
		const err *e;
		enum log_level level;
	} table[] = {
		{ "23505", &err_db_unique, LOG_DEBUG },
		{ "23P01", &err_db_unique, LOG_DEBUG }, /* exclusion constraint */
		{ "23503", &err_db_foreign_key, LOG_DEBUG },
		{ "23", &err_db_check, LOG_DEBUG },	    /* check, not null, restrict */
		{ "22", &err_invalid, LOG_INFO },	    /* data exception */
		{ "40", &err_db_serialize, LOG_INFO },	    /* serialization failure, deadlock */
		{ "55P03", &err_db_serialize, LOG_INFO },   /* lock_timeout */
		{ "57014", &err_deadline, LOG_WARN },	    /* statement_timeout */
		{ "25006", &err_db_unavailable, LOG_WARN }, /* read-only: failing over */
		{ "53", &err_db_unavailable, LOG_ERROR },   /* out of disk, memory, connections */
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (is(state, table[i].prefix)) {
			*level = table[i].level;
			return *table[i].e;
		}
	*level = LOG_ERROR;
	return err_internal;
}

static void report(const struct call *call, enum log_level level, const char *state)
{
	const char *name = call->stmt->name;

	/* In class 42 the message speaks of the statement's own text: names, types, syntax. */
	if (is(state, "42"))
		log_at(level, "statement failed", LOG("statement", name), LOG("sqlstate", state),
		       LOG("why", PQresultErrorField(call->result, PG_DIAG_MESSAGE_PRIMARY)));
	else
		log_at(level, "statement failed", LOG("statement", name), LOG("sqlstate", state));
}

static str constraint_of(struct arena *a, const PGresult *r)
{
	const char *name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);

	if (!name)
		name = PQresultErrorField(r, PG_DIAG_COLUMN_NAME); /* not null */
	return name ? arena_copy(a, str_of(name)) : (str){ 0 };
}

err call_outcome(struct db *db, const struct call *call)
{
	enum log_level level;
	const char *state;
	err e;

	db->pool->statements++;
	switch (PQresultStatus(call->result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		return OK;
	case PGRES_FATAL_ERROR: /* also of NULL: the connection was lost */
		break;
	default:
		return err_db_unavailable; /* its group was aborted */
	}
	db->pool->errors++;
	if (!call->result || result_is_farewell(call->result))
		return err_db_unavailable;
	if (result_is_stale(call->result))
		return err_db_serialize; /* inside a transaction, which must start again */
	state = result_sqlstate(call->result);
	e = err_of_state(state, &level);
	report(call, level, state);
	if (is(state, "23"))
		db->constraint = constraint_of(db->arena, call->result);
	return e;
}
