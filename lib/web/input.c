/* What handlers read of a request: path parameters, and query and body by their field tables. */
#include "lib/web/request.h"

str req_param(const struct req *req, const char *name)
{
	const struct route_match *m = &request_of(req)->match;

	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->name[i], str_of(name)))
			return m->value[i];
	return (str){ 0 };
}

str req_cookie(const struct req *req, const char *name)
{
	str rest = req_header(req, "Cookie");

	while (rest.p) {
		str value = str_trim(str_cut(&rest, ';'));

		if (str_eq(str_cut(&value, '='), str_of(name)) && value.p)
			return value;
	}
	return (str){ 0 };
}

const char *req_error_code(const struct req *req)
{
	return request_of(req)->code;
}

err req_id(struct req *req, const char *name, uuid *out)
{
	if (uuid_parse(req_param(req, name), out))
		return OK;
	return err_detail(req->arena, err_invalid, name, "%s must be a UUID", name);
}

err req_query(struct req *req, void *out, struct present *present)
{
	fields_clear(req->route->query, out);
	return fields_from_pairs(req->arena, req->query, req->nquery, req->route->query, out,
				 present);
}

err req_body(struct req *req, void *out, struct present *present)
{
	fields_clear(req->route->body, out);
	return fields_from_json(req->arena, req_body_text(req), req->route->body, out, present);
}

err req_form(struct req *req, void *out, struct present *present)
{
	size_t n;
	const struct pair *pairs = target_pairs(req->arena, req_body_text(req), &n);

	return fields_from_pairs(req->arena, pairs, n, req->route->body, out, present);
}

const char *req_method(const struct req *req)
{
	return request_of(req)->method;
}

const struct pair *req_headers(const struct req *req, size_t *ret_n)
{
	*ret_n = request_of(req)->nheaders;
	return request_of(req)->headers;
}

str req_query_text(const struct req *req)
{
	return request_of(req)->query_text;
}

int64_t req_length(const struct req *req)
{
	const struct request *r = request_of(req);

	return r->chunked ? -1 : r->content_length > 0 ? r->content_length : 0;
}

void req_on_gone(struct req *req, void (*gone)(void *arg), void *arg)
{
	struct request *r = request_of(req);

	r->gone = gone;
	r->gone_arg = arg;
	if (r->stream.gone)
		stream_gone(r);
	else
		r->web->on_watch(r);
}
