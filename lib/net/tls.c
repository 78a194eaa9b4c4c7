/* See tls.h. One context for the process: to read the authorities takes a while. */
#include "lib/net/tls.h"

#include "lib/net/loop.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct tls {
	SSL *ssl;
	char problem[160];
};

static SSL_CTX *context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_context(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (!c)
		return;
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_verify_paths(c);
	context = c;
}

/* An address is compared with the certificate's addresses, a name with its names, and said to the server. */
static bool expect_host(SSL *ssl, str host)
{
	char text[256];
	bool bracketed = str_starts(host, S("["));

	if (bracketed)
		host = str_slice(host, 1, host.n - 1);
	snprintf(text, sizeof text, "%.*s", (int)host.n, host.p);
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), text) == 1)
		return true;
	return SSL_set_tlsext_host_name(ssl, text) == 1 && SSL_set1_host(ssl, text) == 1;
}

struct tls *tls_new(int fd, str host)
{
	static const unsigned char h2[] = { 2, 'h', '2' };
	struct tls *t = calloc(1, sizeof *t);

	pthread_once(&once, make_context);
	if (t && context)
		t->ssl = SSL_new(context);
	if (!t || !t->ssl || SSL_set_fd(t->ssl, fd) != 1 || !expect_host(t->ssl, host)
	    || SSL_set_alpn_protos(t->ssl, h2, sizeof h2) != 0) {
		tls_free(t);
		return NULL;
	}
	SSL_set_connect_state(t->ssl);
	return t;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	free(t);
}

static bool has_agreed(const struct tls *t)
{
	const unsigned char *protocol;
	unsigned n;

	SSL_get0_alpn_selected(t->ssl, &protocol, &n);
	return n == 2 && memcmp(protocol, "h2", 2) == 0;
}

static void note_problem(struct tls *t)
{
	long verified = SSL_get_verify_result(t->ssl);
	unsigned long code = ERR_peek_error();

	snprintf(t->problem, sizeof t->problem, "%s",
		 verified != X509_V_OK ? X509_verify_cert_error_string(verified)
			 : code	       ? ERR_reason_error_string(code)
				       : "the other side ended the TLS handshake");
}

int tls_shake(struct tls *t)
{
	int n;

	ERR_clear_error();
	n = SSL_do_handshake(t->ssl);
	if (n == 1 && has_agreed(t))
		return TLS_DONE;
	switch (SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_NONE:
		snprintf(t->problem, sizeof t->problem, "the other side does not speak HTTP/2");
		return TLS_BROKEN;
	case SSL_ERROR_WANT_READ:
		return WATCH_READ;
	case SSL_ERROR_WANT_WRITE:
		return WATCH_WRITE;
	default:
		note_problem(t);
		return TLS_BROKEN;
	}
}

const char *tls_problem(const struct tls *t)
{
	return t->problem;
}

static ssize_t outcome(const struct tls *t, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return TLS_LATER;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return TLS_BROKEN;
	}
}

ssize_t tls_read(struct tls *t, void *p, size_t n)
{
	ERR_clear_error();
	return outcome(t, SSL_read(t->ssl, p, (int)n));
}

ssize_t tls_write(struct tls *t, const void *p, size_t n)
{
	ERR_clear_error();
	return outcome(t, SSL_write(t->ssl, p, (int)n));
}
