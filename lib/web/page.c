/*
 * A cursor is 32 bytes in base64url: version, list (a hash of the route's path), key, id, checksum.
 * The checksum tells a cut or mistyped cursor from a foreign one; neither is a protection.
 */
#include "lib/web/page.h"

#include "lib/base/codec.h"
#include "lib/base/hash.h"

#include <endian.h>
#include <string.h>

enum {
	VERSION = 1,
	AT_LIST = 1,
	AT_KEY = 5,
	AT_ID = 13,
	AT_SUM = 29,
	CURSOR = 32,
	CURSOR_TEXT = 43,
	DEFAULT_MAX = 50,
};
static const uint64_t list_seed = 1, sum_seed = 2;

struct page_query {
	int64_t limit, offset;
	str cursor;
};

const struct field page_fields[] = {
	FIELD(struct page_query, limit, .help = "length of the page; too large a value is cut"),
	FIELD(struct page_query, offset, .help = "rows to skip; deep pages are faster by cursor"),
	FIELD(struct page_query, cursor,
	      .help = "the `cursor` of the page before; wins over offset"),
	{ 0 },
};

static void put_hash(uint8_t *out, size_t size, uint64_t hash)
{
	uint64_t bytes = htole64(hash);

	memcpy(out, &bytes, size);
}

static void put_list(const struct route *route, uint8_t out[static AT_KEY - AT_LIST])
{
	put_hash(out, AT_KEY - AT_LIST, hash_bytes(route->path, strlen(route->path), list_seed));
}

static void put_sum(const uint8_t *cursor, uint8_t out[static CURSOR - AT_SUM])
{
	put_hash(out, CURSOR - AT_SUM, hash_bytes(cursor, AT_SUM, sum_seed));
}

static err refuse(struct req *r, const char *why)
{
	return err_detail(r->arena, err_invalid, "cursor", "cursor %s", why);
}

static err read_cursor(struct req *r, str text, struct page *out)
{
	uint8_t c[DECODED_MAX(CURSOR_TEXT)], want[CURSOR];
	uint64_t key;
	size_t n;

	if (text.n != CURSOR_TEXT || !base64url_decode(text, c, &n) || n != CURSOR)
		return refuse(r, "is none that this server gave out");
	put_sum(c, want + AT_SUM);
	if (memcmp(c + AT_SUM, want + AT_SUM, CURSOR - AT_SUM) != 0 || c[0] != VERSION)
		return refuse(r, "is none that this server gave out");
	put_list(r->route, want + AT_LIST);
	if (memcmp(c + AT_LIST, want + AT_LIST, AT_KEY - AT_LIST) != 0)
		return refuse(r, "belongs to another list");

	memcpy(&key, c + AT_KEY, sizeof(key));
	out->key = (int64_t)be64toh(key);
	memcpy(&out->id, c + AT_ID, sizeof(out->id));
	out->after = true;
	return OK;
}

int page_limit_max(const struct route *route)
{
	return route->page_max ? route->page_max : DEFAULT_MAX;
}

err page_read(struct req *r, struct page *out)
{
	struct page_query q = { 0 };
	struct page page = { .limit = r->route->page, .key = INT64_MAX };
	int max = page_limit_max(r->route);

	memset(&page.id, 0xFF, sizeof(page.id));
	TRY(fields_from_pairs(r->arena, r->query, r->nquery, page_fields, &q, NULL));
	if (q.limit > 0)
		page.limit = q.limit < max ? (int32_t)q.limit : max;
	if (!str_empty(q.cursor))
		TRY(read_cursor(r, q.cursor, &page));
	else if (q.offset > 0)
		page.offset = q.offset < INT32_MAX ? (int32_t)q.offset : INT32_MAX;
	*out = page;
	return OK;
}

str page_next(struct req *r, const struct page *p, size_t rows, int64_t last_key, uuid last_id)
{
	uint8_t c[CURSOR] = { VERSION };
	uint64_t key = htobe64((uint64_t)last_key);
	char *text;

	if (rows < (size_t)p->limit)
		return (str){ 0 };
	put_list(r->route, c + AT_LIST);
	memcpy(c + AT_KEY, &key, sizeof(key));
	memcpy(c + AT_ID, &last_id, sizeof(last_id));
	put_sum(c, c + AT_SUM);
	text = arena_alloc(r->arena, CURSOR_TEXT);
	return (str){ text, base64url_encode(c, sizeof(c), text) };
}

str page_after(struct req *r, const struct page *p, const struct list *rows, size_t time_at,
	       size_t id_at)
{
	const char *last;
	usec time;
	uuid id;

	if (rows->n == 0)
		return (str){ 0 };
	last = (const char *)rows->v + (rows->n - 1) * rows->size;
	memcpy(&time, last + time_at, sizeof(time));
	memcpy(&id, last + id_at, sizeof(id));
	return page_next(r, p, rows->n, time.us, id);
}

usec page_time(const struct page *p)
{
	return (usec){ p->key };
}
