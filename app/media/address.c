/* The addresses of media: what the world reads a key at, for how long, and which of those that clients give are ours. */
#include "app/links.h"
#include "app/media/parts.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/web/req.h"

static const struct err_info infos[] = {
	{ 403, "not_signed", "this address lacks the signature it was given", NULL },
	{ 403, "signature_expired", "this address was good for a day, ask for a new one", NULL },
};
static const err err_unsigned = { &infos[0] };
static const err err_expired = { &infos[1] };

const struct field address_signature_fields[] = {
	FIELD(struct address_signature, exp, .help = "seconds since 1970"),
	FIELD(struct address_signature, sig, .max = HEX_LENGTH(SHA256_BYTES)),
	{ 0 },
};

/* "videos/" is where the server before this one put some. */
enum media_shelf media_shelf_of(str key)
{
	bool film = str_ends(key, S(".mp4")) || str_ends(key, S(".mov"))
		|| str_ends(key, S(".webm")) || str_find(key, S("videos/")) >= 0;

	return film ? MEDIA_VIDEOS : MEDIA_IMAGES;
}

/* "img.example.org" and "https://img.example.org/" are the same. */
static str base_of(struct arena *a, str domain)
{
	while (str_ends(domain, S("/")))
		domain.n--;
	if (str_empty(domain) || str_find(domain, S("://")) >= 0)
		return domain;
	return arena_printf(a, "https://%.*s", (int)domain.n, domain.p);
}

/* The operator's, of images or of films; empty: none. */
static str domain_of(const struct app *app, enum media_shelf shelf)
{
	str domain = app->media->bases[shelf];

	return str_empty(domain) ? config_str(app->config, "R2_PUBLIC_BASE_URL") : domain;
}

str media_url(struct arena *a, const struct app *app, str key)
{
	str base = base_of(a, domain_of(app, media_shelf_of(key)));

	if (str_empty(base))
		base = link_api(a, app);
	return arena_printf(a, "%.*s/%.*s", (int)base.n, base.p, (int)key.n, key.p);
}

/* ---- which are ours ---- */

static str below(struct arena *a, str url, str base, const char *folder)
{
	str root = arena_printf(a, "%.*s/", (int)base.n, base.p), key = { 0 };

	if (!str_empty(base) && str_starts(url, root))
		key = str_slice(url, root.n, url.n);
	return str_starts(key, str_of(folder)) ? key : (str){ 0 };
}

str address_key(struct arena *a, const struct app *app, str url)
{
	str key = below(a, url, link_api(a, app), "uploads/");

	for (int shelf = 0; shelf < 2 && !key.p; shelf++)
		key = below(a, url, base_of(a, app->media->bases[shelf]), "");
	return key.p ? key
		     : below(a, url, base_of(a, config_str(app->config, "R2_PUBLIC_BASE_URL")), "");
}

bool address_is_own(struct arena *a, const struct app *app, str url)
{
	return address_key(a, app, url).p
		|| (config_bool(app->config, "SUPABASE_COMPAT")
		    && below(a, url, link_api(a, app), "storage/v1/object/public/").p);
}

/* ---- signatures ---- */

static const char mark[] = "?exp=";

static str secret_of(const struct app *app)
{
	return config_str(app->config, "MEDIA_SIGNING_SECRET");
}

bool address_ends(const struct app *app)
{
	return !str_empty(secret_of(app));
}

/* Lower-case hex of HMAC-SHA256 over "key:exp" (contract §9). */
static str signature(struct arena *a, const struct app *app, str key, int64_t exp)
{
	str said = arena_printf(a, "%.*s:%lld", (int)key.n, key.p, (long long)exp);
	char *out = arena_alloc(a, HEX_LENGTH(SHA256_BYTES));
	uint8_t mac[SHA256_BYTES];

	hmac_sha256(secret_of(app), said, mac);
	return (str){ out, hex_encode(mac, sizeof(mac), out) };
}

/* Until a full hour, 23 to 24 hours from now: everybody gets the same address meanwhile, so caches work. */
static str sign(struct arena *a, const struct app *app, str url, str key)
{
	int64_t exp = (time_now().us / HOUR + 24) * (HOUR / SECOND);
	str sig;

	if (!address_ends(app))
		return url;
	sig = signature(a, app, key, exp);
	return arena_printf(a, "%.*s%s%lld&sig=%.*s", (int)url.n, url.p, mark, (long long)exp,
			    (int)sig.n, sig.p);
}

str media_signed_url(struct arena *a, const struct app *app, str key)
{
	enum media_shelf shelf = media_shelf_of(key);
	str url = { 0 };

	if (str_empty(domain_of(app, shelf)))
		url = store_url(media_store(app, shelf), a, key, HOUR / SECOND);
	return url.p ? url : sign(a, app, media_url(a, app, key), key);
}

str media_shown(const struct req *r, str stored)
{
	str key = stored, rest = stored, bare;

	if (str_empty(stored))
		return stored;
	if (str_find(stored, S("://")) < 0) {
		while (str_starts(key, S("/")))
			key = str_slice(key, 1, key.n);
		return sign(r->arena, r->app, media_url(r->arena, r->app, key), key);
	}
	if (!address_ends(r->app))
		return stored;
	bare = str_cut(&rest, '?');
	key = address_key(r->arena, r->app, bare);
	return key.p ? sign(r->arena, r->app, bare, key) : stored;
}

err address_check(struct req *r, str key)
{
	struct address_signature in;

	if (!address_ends(r->app))
		return OK;
	TRY(req_query(r, &in, NULL));
	if (!str_eq_secret(in.sig, signature(r->arena, r->app, key, in.exp)))
		return err_unsigned;
	return in.exp > time_now().us / SECOND ? OK : err_expired;
}

/* ---- what clients give ---- */

/* As replies give addresses, so may clients send them back; what is stored has no signature. */
static str without_signature(str url)
{
	ptrdiff_t at = str_find(url, str_of(mark));

	return at < 0 ? url : str_slice(url, 0, (size_t)at);
}

/* The host as it stands there: readers of addresses differ in what they make of "https://a\@b/". */
static bool is_shown_picture(const struct app *app, str url)
{
	str rest = str_slice(url, sizeof("https://") - 1, url.n);

	return str_starts(url, S("https://")) && link_shows_pictures_of(app, str_cut(&rest, '/'));
}

err media_check_own(struct req *r, const char *name, str *url)
{
	if (str_starts(*url, S("uploads/")))
		*url = media_url(r->arena, r->app, *url);
	if (str_empty(*url))
		return OK;
	if (!address_is_own(r->arena, r->app, *url))
		return req_fail(r, err_invalid, "%s must be the address of an upload", name);
	*url = without_signature(*url);
	return OK;
}

err media_check_picture(struct req *r, const char *name, str *url)
{
	return is_shown_picture(r->app, *url) ? OK : media_check_own(r, name, url);
}
