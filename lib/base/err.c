/* The library's own errors, and how a detail is put on one. */
#include "lib/base/err.h"

#include "lib/base/arena.h"

#include <string.h>

#define ERR(name, status_, code_, message_)                               \
	const err name = { &(const struct err_info){ .status = (status_), \
						     .code = (code_),     \
						     .message = (message_) } }

ERR(err_invalid, 400, "invalid", "the request is not valid");
ERR(err_unauthorized, 401, "unauthorized", "a valid access token is required");
ERR(err_forbidden, 403, "forbidden", "this is not allowed");
ERR(err_not_found, 404, "not_found", "there is no such thing here");
ERR(err_conflict, 409, "conflict", "this conflicts with what is there already");
ERR(err_too_large, 413, "too_large", "the request is too large");
ERR(err_rate_limited, 429, "rate_limited", "too many requests, try again later");
ERR(err_internal, 500, "internal", "something went wrong on our side");
ERR(err_unavailable, 503, "unavailable", "not available at the moment, try again later");
ERR(err_db_unavailable, 503, "db_unavailable", "the database is not available, try again later");
ERR(err_deadline, 503, "deadline", "the request took too long, try again later");
ERR(err_no_memory, 503, "no_memory", "out of memory, try again later");
ERR(err_io, 500, "io", "reading or writing failed");

bool err_is(err e, err kind)
{
	if (!e.info || !kind.info)
		return e.info == kind.info;
	return e.info == kind.info || strcmp(e.info->code, kind.info->code) == 0;
}

err err_detail(struct arena *a, err kind, const char *field, const char *format, ...)
{
	struct err_info *info = arena_alloc(a, sizeof(*info));
	va_list args;

	*info = *kind.info;
	va_start(args, format);
	info->message = arena_vprintf(a, format, args).p;
	va_end(args);
	info->field = field ? arena_cstr(a, str_of(field)) : NULL;
	return (err){ info };
}
