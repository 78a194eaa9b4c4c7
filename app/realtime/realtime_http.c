/*
 * GET /ws. The token comes in the query (the app cannot send headers there), in the Authorization header, or
 * as a subprotocol "bearer.TOKEN" (pages cannot send headers either, and a query may be logged by what stands
 * between). v=2 or the subprotocol "sojorn.2" chooses the protocol with numbers; last=N resumes.
 */
#include "app/realtime/hub.h"

#include "app/auth/auth.h"
#include "app/realtime/realtime_db.h"

static const struct rate rate_sockets = { "sockets", 1, 30 };

struct socket_query {
	str token;
	int32_t v;
	int64_t last;
};
static const struct field socket_query_fields[] = {
	FIELD(struct socket_query, token, .help = "access token"),
	FIELD(struct socket_query, v, .has_range = true, .min = 1, .max = 2,
	      .help = "version of the protocol; 2 has numbers, topics and presence"),
	FIELD(struct socket_query, last, .has_range = true, .min = 0, .max = 9007199254740991,
	      .help = "version 2: number of the last event that arrived"),
	{ 0 },
};

static const char version_2[] = "sojorn.2";

/* The subprotocol that begins like this, without the beginning. */
static str offered(const struct req *r, str prefix)
{
	str list = req_header(r, "Sec-WebSocket-Protocol");

	while (list.p) {
		str one = str_trim(str_cut(&list, ','));

		if (str_starts(one, prefix))
			return str_slice(one, prefix.n, one.n);
	}
	return (str){ 0 };
}

/* Whoever has no good token is refused without a body, as the app expects. */
static err admit(struct req *r, const struct socket_query *q)
{
	str token = q->token.p ? q->token : offered(r, S("bearer."));
	err e = token.p ? auth_by_token(r, token) : auth_authenticate(r);

	return e.info && e.info->status == 401 ? reply_empty(r, 401) : e;
}

/* It misses nothing from here on: it is on the hub's list before its number is read. */
static err follow(struct req *r, struct client *c, const struct socket_query *q, bool resumes)
{
	TRY(events_head(r->db, r->user.id, &c->seq));
	c->asks = resumes && c->version > 1;
	if (c->asks)
		c->seq = q->last;
	return OK;
}

static err open_socket(struct req *r)
{
	struct socket_query q = { 0 };
	struct present present;
	bool two;
	struct client *c;
	err e;

	TRY(req_query(r, &q, &present));
	TRY(admit(r, &q));
	if (uuid_is_nil(r->user.id))
		return OK;
	two = socket_offers(r, str_of(version_2));
	c = hub_mine() ? client_new(hub_mine(), &r->user, two || q.v == 2 ? 2 : 1) : NULL;
	if (!c)
		return err_unavailable;
	e = follow(r, c, &q, present_has(&present, socket_query_fields, "last"));
	if (!e.info)
		e = socket_accept(r, two ? str_of(version_2) : (str){ 0 }, &client_owner, c);
	if (e.info)
		client_owner.closed(c);
	return e;
}

const struct route realtime_routes[] = {
	{ GET, "/ws", open_socket, "receive events as they happen (WebSocket)", .auth = AUTH_NONE,
	  .rate = &rate_sockets, .query = socket_query_fields, .status = 101,
	  .errors = "400 401 403 426" },
	{ 0 },
};

err realtime_trim(struct job *j)
{
	enum { PIECE = 5000, PIECES = 1000 };
	int64_t gone = PIECE;

	for (int i = 0; i < PIECES && gone == PIECE; i++)
		TRY(live_trim(j->db, PIECE, &gone));
	return OK;
}
