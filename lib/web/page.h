/*
 * Pages of lists. Clients send `limit` and either `offset` (old ones) or the opaque `cursor` of the
 * page before; a cursor carries the list it belongs to, the last row's sort key and id, so the next
 * page starts at an index position however deep it is. A cursor is no secret and no permission: it
 * names a place in a list whose rows are checked as always.
 *
 * Lists run from the highest (key, id) down. Without a cursor a page starts behind the highest there
 * can be, so a statement needs one condition for both: (created_at, id) < ($4, $5), an index bound.
 */
#pragma once

#include "lib/web/req.h"

struct page {
	int32_t limit;	/* 1 … the route's page_max */
	int32_t offset; /* 0 when a cursor was given */
	bool after;	/* a cursor was given: start behind (key, id) */
	int64_t key;	/* sort key of the last row: microseconds, a score's bits, a position */
	uuid id;	/* of the last row */
};

/* The query parameters of every list: limit, offset, cursor. */
extern const struct field page_fields[];

/* Longest page of a list route. */
int page_limit_max(const struct route *route);

/* Reads limit, offset and cursor for this route. Too large a limit is cut to page_max, a negative
 * offset is 0 and a limit below 1 the default, as clients rely on. Errors: err_invalid for what is no
 * number and for a cursor that is garbled or of another list. */
err page_read(struct req *r, struct page *out);

/* The cursor behind the last row of a page; absent when the page was not full. */
str page_next(struct req *r, const struct page *p, size_t rows, int64_t last_key, uuid last_id);

/* The same for a list of records, whose members at these offsets are the time (usec) it is sorted by
 * and the id. */
str page_after(struct req *r, const struct page *p, const struct list *rows, size_t time_at,
	       size_t id_at);

/* The page's time as a statement parameter: infinity without a cursor. */
usec page_time(const struct page *p);
