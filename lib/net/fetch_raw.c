/* curl connects and shakes hands, and then only lends its connection (CURLOPT_CONNECT_ONLY). */
#include "lib/net/fetch_raw.h"

#include "lib/net/fetch_curl.h"

#include <stdlib.h>

struct raw {
	struct errand errand; /* first */
};

static err connect_to(struct raw *r, struct arena *a, str url, const char *proxy, int64_t deadline)
{
	if (!errand_init(&r->errand, a, url, true))
		return err_no_memory;
	curl_easy_setopt(r->errand.easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(r->errand.easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (proxy) {
		curl_easy_setopt(r->errand.easy, CURLOPT_PROXY, proxy);
		curl_easy_setopt(r->errand.easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	}
	TRY(errand_start(&r->errand, &flowers));
	TRY(waiter_wait(&r->errand.waiter, deadline));
	return errand_outcome(&r->errand, a);
}

static err open_to(struct arena *a, str url, const char *proxy, int64_t deadline, struct raw **out)
{
	struct raw *r = calloc(1, sizeof *r);
	err e = r ? connect_to(r, a, url, proxy, deadline) : err_no_memory;

	if (e.info)
		raw_free(r);
	else
		*out = r;
	return e;
}

err raw_open(struct arena *a, str url, int64_t deadline, struct raw **out)
{
	return open_to(a, url, NULL, deadline, out);
}

/* For curl this is plain HTTP, whose proxy is named by another variable and would not be told to connect. */
err raw_connect(struct arena *a, str host, str port, int64_t deadline, struct raw **out)
{
	const char *proxy = getenv("https_proxy");
	str url = arena_printf(a, "http://%.*s:%.*s", (int)host.n, host.p, (int)port.n, port.p);

	return open_to(a, url, proxy ? proxy : "", deadline, out);
}

void raw_free(struct raw *r)
{
	if (r)
		errand_end(&r->errand);
	free(r);
}

int raw_fd(const struct raw *r)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	curl_easy_getinfo(r->errand.easy, CURLINFO_ACTIVESOCKET, &fd);
	return (int)fd;
}

static ssize_t outcome(CURLcode code, size_t n)
{
	if (code == CURLE_AGAIN)
		return RAW_LATER;
	return code == CURLE_OK ? (ssize_t)n : RAW_BROKEN;
}

ssize_t raw_send(struct raw *r, const void *p, size_t n)
{
	size_t sent = 0;
	CURLcode code = curl_easy_send(r->errand.easy, p, n, &sent);

	return outcome(code, sent);
}

ssize_t raw_receive(struct raw *r, void *p, size_t n)
{
	size_t got = 0;
	CURLcode code = curl_easy_recv(r->errand.easy, p, n, &got);

	return outcome(code, got);
}
