/* The opening handshake of a WebSocket (RFC 6455 §4.2), for socket.h. */
#include "lib/web/request.h"
#include "lib/web/socket_in.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"

static const struct err_info infos[] = {
	{ 426, "upgrade_required", "this address speaks WebSocket", NULL },
	{ 400, "handshake_invalid", "this is not a proper WebSocket handshake", NULL },
	{ 403, "origin_not_allowed", "pages of this origin may not connect", NULL },
};
static const err err_upgrade_required = { &infos[0] };
static const err err_handshake = { &infos[1] };
static const err err_origin = { &infos[2] };

enum { KEY_BYTES_SENT = 16, KEY_TEXT = 24 };

/* Is `token` an element of the comma list? */
static bool lists(str list, str token, bool fold)
{
	while (list.p) {
		str one = str_trim(str_cut(&list, ','));

		if (fold ? str_ieq(one, token) : str_eq(one, token))
			return true;
	}
	return false;
}

bool socket_offers(const struct req *r, str protocol)
{
	return lists(req_header(r, "Sec-WebSocket-Protocol"), protocol, false);
}

static bool is_key(str key)
{
	uint8_t bytes[DECODED_MAX(KEY_TEXT)];
	size_t n;

	return key.n == KEY_TEXT && base64_decode(key, bytes, &n) && n == KEY_BYTES_SENT;
}

/* Apps send no Origin; a browser always does. */
static bool origin_is_allowed(const struct req *r)
{
	str origin = req_header(r, "Origin");

	return !origin.p || cors_allows(request_of(r)->web->cors, origin);
}

static err check(struct req *r)
{
	const struct request *q = request_of(r);

	if (r->head || !lists(req_header(r, "Upgrade"), S("websocket"), true)
	    || !lists(req_header(r, "Connection"), S("upgrade"), true)) {
		reply_header(r, "Upgrade", S("websocket"));
		return err_upgrade_required;
	}
	if (!str_eq(str_trim(req_header(r, "Sec-WebSocket-Version")), S("13"))) {
		reply_header(r, "Sec-WebSocket-Version", S("13"));
		return err_upgrade_required;
	}
	if (!is_key(str_trim(req_header(r, "Sec-WebSocket-Key"))) || q->chunked
	    || q->content_length > 0)
		return err_handshake;
	return origin_is_allowed(r) ? OK : err_origin;
}

/* §4.2.2 point 5.4. */
static str accept_of(struct arena *a, str key)
{
	str text = arena_printf(a, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)key.n, key.p);
	char *out = arena_alloc(a, BASE64_LENGTH(SHA1_BYTES));
	uint8_t digest[SHA1_BYTES];

	sha1(text, digest);
	return (str){ out, base64_encode(digest, sizeof digest, out) };
}

err socket_accept(struct req *r, str protocol, const struct socket_owner *owner, void *arg)
{
	str key = str_trim(req_header(r, "Sec-WebSocket-Key"));

	TRY(check(r));
	reply_header(r, "Sec-WebSocket-Accept", accept_of(r->arena, key));
	if (protocol.p)
		reply_header(r, "Sec-WebSocket-Protocol", protocol);
	return socket_start(r, owner, arg);
}
