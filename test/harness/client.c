/* The HTTP client of the tests: blocking, one connection a thread, kept alive, no cookies. */
#include "test/harness/internal.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TIMEOUT_SECONDS = 40 };

/* A reply and where it is being received. */
struct incoming {
	struct t_reply reply; /* first: what callers get */
	char *body, *headers; /* growing, realloc'd; copied when complete */
	size_t body_size, headers_size;
	const char *kept_headers;
};

/* One a thread; a thread's own ends with it. */
static _Thread_local CURL *handle;

static CURL *curl(void)
{
	if (!handle)
		handle = curl_easy_init();
	else
		curl_easy_reset(handle);
	if (!handle)
		abort();
	return handle;
}

void h_client_thread_end(void)
{
	curl_easy_cleanup(handle);
	handle = NULL;
}

static void append(char **to, size_t *size, const void *p, size_t n)
{
	*to = realloc(*to, *size + n + 1);
	if (!*to)
		abort();
	memcpy(*to + *size, p, n);
	*size += n;
	(*to)[*size] = '\0';
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct incoming *in = arg;

	append(&in->body, &in->body_size, p, size * n);
	return size * n;
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct incoming *in = arg;

	append(&in->headers, &in->headers_size, p, size * n);
	return size * n;
}

static bool names_type(const struct t_request *q)
{
	for (int i = 0; q->headers && q->headers[i]; i++)
		if (strncasecmp(q->headers[i], "Content-Type:", 13) == 0)
			return true;
	return false;
}

static struct curl_slist *request_headers(const struct t_request *q)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (!names_type(q))
		list = curl_slist_append(list, "Content-Type: application/json");
	if (q->user)
		list = curl_slist_append(list, t_fmt("Authorization: Bearer %s", q->user->token));
	for (int i = 0; q->headers && q->headers[i]; i++)
		list = curl_slist_append(list, q->headers[i]);
	return list;
}

static void set_body(CURL *c, const struct t_request *q)
{
	if (!q->body)
		return;
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)(q->size ? q->size : strlen(q->body)));
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
}

static void set_up(CURL *c, const struct t_request *q, struct incoming *in)
{
	curl_easy_setopt(c, CURLOPT_URL,
			 t_fmt("http://127.0.0.1:%d%s", q->admin ? 80 : h_server->port, q->path));
	if (q->admin)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH,
				 t_fmt("%s/admin.sock", h_server->dir));
	set_body(c, q);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c, CURLOPT_NOBODY, (long)(strcmp(q->method, "HEAD") == 0));
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, in);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)TIMEOUT_SECONDS);
}

/* A server that closes the connection instead of answering gives status 0 and the reason as body. */
const struct t_reply *t_send(const struct t_request *q)
{
	struct incoming *in = t_keep(sizeof(*in));
	struct curl_slist *headers = request_headers(q);
	CURL *c = curl();
	CURLcode code;
	long status = 0;

	set_up(c, q, in);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(c);
	if (code == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);

	in->reply.request = t_fmt("%s %s", q->method, q->path);
	in->reply.status = (int)status;
	in->reply.size = code == CURLE_OK ? in->body_size : 0;
	in->reply.body = code == CURLE_OK ? h_keep_text(in->body ? in->body : "", in->body_size)
					  : curl_easy_strerror(code);
	in->kept_headers = h_keep_text(in->headers ? in->headers : "", in->headers_size);
	free(in->body);
	free(in->headers);
	return &in->reply;
}

const char *t_header(const struct t_reply *reply, const char *name)
{
	const char *line = ((const struct incoming *)(const void *)reply)->kept_headers,
		   *value = NULL;
	size_t n = strlen(name);

	while (*line) {
		size_t length = strcspn(line, "\r\n");

		if (length > n && strncasecmp(line, name, n) == 0 && line[n] == ':') {
			const char *p = line + n + 1 + strspn(line + n + 1, " \t");

			value = h_keep_text(p, (size_t)(line + length - p));
		}
		line += length;
		line += strspn(line, "\r\n");
	}
	return value;
}

/* ---- the short forms ---- */

static const struct t_reply *call(const char *method, const struct t_user *user, const char *body,
				  const char *path, va_list args)
	__attribute__((format(printf, 4, 0)));

static const struct t_reply *call(const char *method, const struct t_user *user, const char *body,
				  const char *path, va_list args)
{
	const struct t_request q = { .method = method,
				     .user = user,
				     .body = body,
				     .path = h_vprintf(path, args) };

	return t_send(&q);
}

const struct t_reply *t_get(const struct t_user *user, const char *path, ...)
{
	const struct t_reply *r;
	va_list args;

	va_start(args, path);
	r = call("GET", user, NULL, path, args);
	va_end(args);
	return r;
}

const struct t_reply *t_post(const struct t_user *user, const char *path, ...)
{
	const struct t_reply *r;
	va_list args;

	va_start(args, path);
	r = call("POST", user, "null", path, args);
	va_end(args);
	return r;
}

const struct t_reply *t_put(const struct t_user *user, const char *path, ...)
{
	const struct t_reply *r;
	va_list args;

	va_start(args, path);
	r = call("PUT", user, "null", path, args);
	va_end(args);
	return r;
}

const struct t_reply *t_patch(const struct t_user *user, const char *path, ...)
{
	const struct t_reply *r;
	va_list args;

	va_start(args, path);
	r = call("PATCH", user, "null", path, args);
	va_end(args);
	return r;
}

const struct t_reply *t_delete(const struct t_user *user, const char *path, ...)
{
	const struct t_reply *r;
	va_list args;

	va_start(args, path);
	r = call("DELETE", user, "null", path, args);
	va_end(args);
	return r;
}

/* The format with ' turned into "; what is put into it keeps its own. */
static const char *json_text(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

static const char *json_text(const char *format, va_list args)
{
	char *quoted = t_keep(strlen(format) + 1);

	strcpy(quoted, format);
	for (char *p = quoted; (p = strchr(p, '\'')); p++)
		*p = '"';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return h_vprintf(quoted, args);
#pragma GCC diagnostic pop
}

static const struct t_reply *call_json(const char *method, const struct t_user *user,
				       const char *path, const char *body)
{
	const struct t_request q = { .method = method, .user = user, .path = path, .body = body };

	return t_send(&q);
}

const struct t_reply *t_post_json(const struct t_user *user, const char *path, const char *json,
				  ...)
{
	const char *body;
	va_list args;

	va_start(args, json);
	body = json_text(json, args);
	va_end(args);
	return call_json("POST", user, path, body);
}

const struct t_reply *t_put_json(const struct t_user *user, const char *path, const char *json, ...)
{
	const char *body;
	va_list args;

	va_start(args, json);
	body = json_text(json, args);
	va_end(args);
	return call_json("PUT", user, path, body);
}

const struct t_reply *t_patch_json(const struct t_user *user, const char *path, const char *json,
				   ...)
{
	const char *body;
	va_list args;

	va_start(args, json);
	body = json_text(json, args);
	va_end(args);
	return call_json("PATCH", user, path, body);
}

const struct t_reply *t_delete_json(const struct t_user *user, const char *path, const char *json,
				    ...)
{
	const char *body;
	va_list args;

	va_start(args, json);
	body = json_text(json, args);
	va_end(args);
	return call_json("DELETE", user, path, body);
}

const struct t_reply *t_admin_get(const char *path)
{
	const struct t_request q = { .method = "GET", .path = path, .admin = true };

	return t_send(&q);
}
