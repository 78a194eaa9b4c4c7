/* Parsing is inet_pton's; blocks are compared bit by bit on 16 bytes, so both families are alike. */
#include "lib/web/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct block {
	struct address base;
	int bits;
};

struct proxies {
	struct arena *arena;
	size_t n;
	struct block *blocks;
};

static struct address from_v4(const void *four)
{
	struct address a;

	memcpy(a.b, v4_prefix, 12);
	memcpy(a.b + 12, four, 4);
	return a;
}

static bool is_v4(const struct address *a)
{
	return memcmp(a->b, v4_prefix, 12) == 0;
}

static bool parse_bare(str text, struct address *out)
{
	char buf[INET6_ADDRSTRLEN];
	struct in_addr four;

	if (text.n == 0 || text.n >= sizeof buf)
		return false;
	memcpy(buf, text.p, text.n);
	buf[text.n] = '\0';
	if (inet_pton(AF_INET, buf, &four) == 1) {
		*out = from_v4(&four);
		return true;
	}
	return inet_pton(AF_INET6, buf, out->b) == 1;
}

bool address_parse(str text, struct address *out)
{
	ptrdiff_t bracket, colon;

	text = str_trim(text);
	bracket = str_find_char(text, ']');
	colon = str_find_char(text, ':');
	if (str_starts(text, S("[")) && bracket > 0)
		return parse_bare(str_slice(text, 1, (size_t)bracket), out);
	if (colon >= 0 && str_find_char(str_slice(text, (size_t)colon + 1, text.n), ':') < 0)
		text = str_slice(text, 0, (size_t)colon); /* one colon: a port, not IPv6 */
	return parse_bare(text, out);
}

struct address address_of(const struct sockaddr *sa)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four = { .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct address a;

	if (sa->sa_family == AF_INET6) {
		memcpy(&six, sa, sizeof six);
		memcpy(a.b, &six.sin6_addr, sizeof a.b);
		return a;
	}
	if (sa->sa_family == AF_INET)
		memcpy(&four, sa, sizeof four);
	return from_v4(&four.sin_addr);
}

str address_text(struct arena *a, const struct address *address)
{
	char buf[INET6_ADDRSTRLEN];

	if (is_v4(address))
		inet_ntop(AF_INET, address->b + 12, buf, sizeof buf);
	else
		inet_ntop(AF_INET6, address->b, buf, sizeof buf);
	return arena_copy(a, str_of(buf));
}

/* ---- proxies ---- */

static bool parse_block(str text, struct block *out)
{
	str rest = text, base = str_trim(str_cut(&rest, '/'));
	int64_t bits = 128;
	bool four;

	if (!parse_bare(base, &out->base))
		return false;
	four = is_v4(&out->base) && str_find_char(base, ':') < 0;
	if (rest.p && (!str_to_i64(str_trim(rest), &bits) || bits < 0 || bits > (four ? 32 : 128)))
		return false;
	out->bits = (int)bits + (four && rest.p ? 96 : 0);
	return true;
}

static bool contains(const struct block *block, const struct address *a)
{
	int whole = block->bits / 8, left = block->bits % 8;

	if (memcmp(block->base.b, a->b, (size_t)whole) != 0)
		return false;
	return left == 0 || (block->base.b[whole] ^ a->b[whole]) >> (8 - left) == 0;
}

struct proxies *proxies_new(const char *list, const char **problem)
{
	struct arena *a = arena_new();
	struct proxies *p = arena_zalloc(a, sizeof *p);
	str rest = str_of(list ? list : "");

	p->arena = a;
	p->blocks = arena_alloc(a, (rest.n + 1) * sizeof *p->blocks);
	while (rest.p) {
		str one = str_trim(str_cut(&rest, ','));

		if (one.n && !parse_block(one, &p->blocks[p->n++])) {
			*problem = "the trusted proxies are no list of addresses or CIDR blocks";
			arena_free(a);
			return NULL;
		}
	}
	return p;
}

void proxies_free(struct proxies *p)
{
	if (p)
		arena_free(p->arena);
}

bool proxies_trust(const struct proxies *p, const struct address *address)
{
	for (size_t i = 0; i < p->n; i++)
		if (contains(&p->blocks[i], address))
			return true;
	return false;
}

/* Cuts the last element off a comma list. */
static str cut_last(str *list)
{
	size_t at = list->n;
	str last;

	while (at > 0 && list->p[at - 1] != ',')
		at--;
	last = str_slice(*list, at, list->n);
	*list = at ? str_slice(*list, 0, at - 1) : (str){ 0 };
	return last;
}

/* Walks one X-Forwarded-For from its end; true when the client is found, or the rest is unreadable. */
static bool walk(const struct proxies *p, str list, struct address *client)
{
	while (list.p) {
		struct address hop;

		if (!address_parse(cut_last(&list), &hop))
			return true;
		*client = hop;
		if (!proxies_trust(p, &hop))
			return true;
	}
	return false;
}

struct address proxies_client(const struct proxies *p, struct address peer,
			      const struct pair *headers, size_t nheaders)
{
	struct address client = peer, real;
	bool forwarded = false;

	if (!proxies_trust(p, &peer))
		return peer;
	for (size_t i = nheaders; i-- > 0;) {
		if (!str_ieq(headers[i].name, S("X-Forwarded-For")))
			continue;
		forwarded = true;
		if (walk(p, headers[i].value, &client))
			return client;
	}
	for (size_t i = 0; i < nheaders && !forwarded; i++)
		if (str_ieq(headers[i].name, S("X-Real-IP"))
		    && address_parse(headers[i].value, &real))
			return real;
	return client;
}
