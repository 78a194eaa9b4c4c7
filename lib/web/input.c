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
