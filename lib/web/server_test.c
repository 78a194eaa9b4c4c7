/* The server, seen by a client that behaves. */
#include "lib/web/wire_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void expect_has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("no %s in: %s", part, text ? text : "(nothing)");
}

static void expect_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s in: %s", part, text);
}

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

TEST(a_request_is_answered_with_the_usual_headers)
{
	struct answer *a;

	site_start();
	a = ask(HELLO);
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR("{\"message\":\"hello\"}", a->body);
	EXPECT_CSTR("application/json; charset=utf-8", header(a, "Content-Type"));
	EXPECT_CSTR("noindex, nofollow, noarchive, nosnippet", header(a, "X-Robots-Tag"));
	EXPECT_CSTR("Origin", header(a, "Vary"));
	EXPECT_CSTR("nosniff", header(a, "X-Content-Type-Options"));
	EXPECT_CSTR("default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
		    header(a, "Content-Security-Policy"));
	EXPECT_CSTR("no-referrer", header(a, "Referrer-Policy"));
	EXPECT_EQ(16, strlen(header(a, "X-Request-Id")));
	EXPECT_NULL(header(a, "Connection"));
	EXPECT_TRUE(header(a, "Date") != NULL);
	site_stop();
	EXPECT_EQ(1, seen.done);
	EXPECT_EQ(200, seen.last_status);
}

TEST(a_connection_serves_many_requests)
{
	struct wire *w;

	site_start();
	w = dial();
	for (int i = 0; i < 100; i++) {
		say(w, i % 2 ? HELLO : "GET /wait/1 HTTP/1.1\r\nHost: x\r\n\r\n");
		EXPECT_EQ(200, hear(w)->status);
	}
	hang_up(w);
	site_stop();
}

TEST(pipelined_requests_are_answered_in_order)
{
	static char text[8192];
	struct wire *w;

	site_start();
	w = dial();
	for (int i = 0; i < 40; i++) {
		char one[200];

		snprintf(one, sizeof one,
			 i % 4 == 0
				 ? "GET /wait/%d HTTP/1.1\r\nHost: x\r\nX-Request-Id: r%d\r\n\r\n"
				 : i % 4 == 1
				 ? "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
				   "X-N: %d\r\nX-Request-Id: r%d\r\n\r\nnull"
				 : "GET /echo/%d HTTP/1.1\r\nHost: x\r\nX-Request-Id: r%d\r\n\r\n",
			 20 - i / 2, i);
		strcat(text, one);
	}
	say(w, text);
	for (int i = 0; i < 40; i++) {
		struct answer *a = hear(w);
		char id[16];

		snprintf(id, sizeof id, "r%d", i);
		EXPECT_TRUE(a != NULL);
		EXPECT_EQ(200, a->status);
		EXPECT_CSTR(id, header(a, "X-Request-Id"));
	}
	hang_up(w);
	site_stop();
}

TEST(a_request_may_come_byte_by_byte)
{
	const char *text = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "8\r\n{\"body\":\r\n5\r\n\"abc\"\r\n1\r\n}\r\n0\r\nTrailer: z\r\n\r\n";
	struct wire *w;

	site_start();
	w = dial();
	for (const char *p = text; *p; p++) {
		say_bytes(w, p, 1);
		usleep(200);
	}
	expect_has(hear(w)->body, "{\"body\":\"abc\",");
	say(w, HELLO);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(head_is_get_without_the_body)
{
	struct wire *w;
	struct answer *a;

	site_start();
	w = dial();
	say(w, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" HELLO);
	a = hear_head(w);
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR("19", header(a, "Content-Length"));
	EXPECT_CSTR("{\"message\":\"hello\"}", hear(w)->body);
	say(w, "HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" HELLO);
	EXPECT_EQ(404, hear_head(w)->status);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(what_no_route_takes_is_404_405_or_501)
{
	struct answer *a;

	site_start();
	a = get("/no\"where?x=1", "X-Request-Id: abc\r\n");
	EXPECT_EQ(404, a->status);
	EXPECT_CSTR("{\"error\":\"route not found\",\"code\":\"route_not_found\","
		    "\"path\":\"/no\\\"where\",\"method\":\"GET\",\"request_id\":\"abc\"}",
		    a->body);
	a = ask("PATCH /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnull");
	EXPECT_EQ(405, a->status);
	EXPECT_CSTR("OPTIONS, GET, DELETE", header(a, "Allow"));
	expect_has(a->body,
		   "\"code\":\"method_not_allowed\",\"path\":\"/echo/1\",\"method\":\"PATCH\"");
	EXPECT_NULL(header(a, "Connection"));
	a = ask("BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(501, a->status);
	a = ask("get /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(501, a->status);
	site_stop();
}

TEST(a_wellformed_request_id_is_kept)
{
	char long_id[100] = "X-Request-Id: ";

	site_start();
	EXPECT_CSTR("a.B_9-z", header(get("/hello", "X-Request-ID: a.B_9-z\r\n"), "X-Request-Id"));
	EXPECT_EQ(16, strlen(header(get("/hello", "X-Request-Id: a b\r\n"), "X-Request-Id")));
	EXPECT_EQ(16, strlen(header(get("/hello", "X-Request-Id: \r\n"), "X-Request-Id")));
	memset(long_id + 14, 'a', 65);
	strcpy(long_id + 14 + 65, "\r\n");
	EXPECT_EQ(16, strlen(header(get("/hello", long_id), "X-Request-Id")));
	strcpy(long_id + 14 + 64, "\r\n");
	EXPECT_EQ(64, strlen(header(get("/hello", long_id), "X-Request-Id")));
	site_stop();
}

TEST(parameters_and_queries_are_decoded)
{
	site_start();
	expect_has(get("/echo/a%2Fb%20+?q=x%20+y&z", "")->body, "\"id\":\"a/b +\",\"q\":\"x  y\"");
	expect_has(get("/echo/%C3%A9?q=%zz%4&q=last%", "")->body, "\"q\":\"last%\"");
	expect_has(get("http://other.example/echo/1?q=2", "")->body, "\"id\":\"1\",\"q\":\"2\"");
	EXPECT_EQ(400, get("/echo/%00", "")->status);
	EXPECT_EQ(400, get("/echo/%ff", "")->status);
	EXPECT_EQ(400, get("/echo/1?q=%00", "")->status);
	EXPECT_EQ(404, get("http://other.example", "")->status);
	EXPECT_EQ(400, get("echo/1", "")->status);
	site_stop();
}

TEST(errors_have_one_envelope)
{
	struct answer *a;

	site_start();
	a = get("/fail/17", "X-Request-Id: r\r\n");
	EXPECT_EQ(400, a->status);
	EXPECT_CSTR("{\"error\":\"id must be a UUID\",\"code\":\"invalid\",\"field\":\"id\","
		    "\"request_id\":\"r\"}",
		    a->body);
	a = get("/fail/01234567-89ab-cdef-0123-456789abcdef", "X-Request-Id: r\r\n");
	EXPECT_EQ(409, a->status);
	EXPECT_CSTR("{\"error\":\"this is taken\",\"code\":\"conflict\",\"request_id\":\"r\"}",
		    a->body);
	a = get("/blocked", "X-Request-Id: r\r\n");
	EXPECT_EQ(403, a->status);
	expect_has(a->body, "\"code\":\"forbidden\",\"message\":\"slur\",\"request_id\":\"r\"}");
	a = get("/noreply", "");
	EXPECT_EQ(500, a->status);
	expect_has(a->body, "\"code\":\"internal\"");
	a = ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{\"a\":");
	EXPECT_EQ(400, a->status);
	expect_has(a->body, "\"code\":\"invalid\"");
	EXPECT_NULL(header(a, "Connection"));
	site_stop();
}

TEST(a_deadline_becomes_503)
{
	struct answer *a;

	site_start();
	a = get("/deadline", "");
	EXPECT_EQ(503, a->status);
	expect_has(a->body, "\"code\":\"deadline\"");
	EXPECT_CSTR("1", header(a, "Retry-After"));
	site_stop();
}

TEST(other_replies_than_json)
{
	struct wire *w;
	struct answer *a;

	site_start();
	a = get("/headers", "X-Mine: v w\r\n");
	EXPECT_CSTR("text/plain; charset=utf-8", header(a, "Content-Type"));
	EXPECT_CSTR("v w", a->body);
	EXPECT_CSTR("a  Set-Cookie: b ", header(a, "X-Evil"));
	EXPECT_NULL(header(a, "Set-Cookie"));
	a = get("/elsewhere", "");
	EXPECT_EQ(303, a->status);
	EXPECT_CSTR("/hello", header(a, "Location"));
	a = get("/nothing", "");
	EXPECT_EQ(204, a->status);
	EXPECT_NULL(header(a, "Content-Type"));
	w = dial();
	say(w,
	    "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n\r\n" HELLO);
	EXPECT_EQ(204, hear(w)->status);
	usleep(200000); /* the socket's buffer is full by now */
	a = hear(w);
	EXPECT_EQ(1 << 20, a->n);
	for (size_t i = 0; i < a->n; i++)
		EXPECT_EQ('x', a->body[i]);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(bodies_come_whole_chunked_on_delete_and_as_null)
{
	static char text[150200];
	struct answer *a;

	site_start();
	a = ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"body\":\"hej\"}");
	expect_has(a->body, "\"body\":\"hej\"");
	a = ask("DELETE /echo/5 HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"body\":\"hej\"}");
	expect_has(a->body, "\"body\":\"hej\",\"id\":\"5\"");
	a = ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnull");
	EXPECT_EQ(200, a->status);
	a = ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	EXPECT_EQ(200, a->status);
	a = ask("POST /echo HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(200, a->status);
	a = ask("GET /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnull");
	EXPECT_EQ(200, a->status);
	strcpy(text,
	       "POST /echo/large HTTP/1.1\r\nHost: x\r\nContent-Length: 90011\r\n\r\n{\"body\":\"");
	memset(text + strlen(text), 'z', 90000);
	strcat(text, "\"}");
	a = ask(text);
	EXPECT_EQ(200, a->status);
	EXPECT_TRUE(a->n > 90000);
	site_stop();
}

TEST(a_client_that_waits_for_100_is_told_to_continue)
{
	struct wire *w;

	site_start();
	w = dial();
	say(w,
	    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n");
	EXPECT_EQ(100, hear(w)->status);
	say(w, "{\"body\":\"hej\"}");
	expect_has(hear(w)->body, "\"body\":\"hej\"");
	hang_up(w);

	w = dial(); /* unless the answer is known before */
	say(w,
	    "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n"
	    "Expect: 100-continue\r\n\r\n");
	EXPECT_EQ(404, hear(w)->status);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	site_stop();
}

/* ---- who is asking ---- */

TEST(tokens_are_asked_for_by_the_routes_column)
{
	struct answer *a;

	site_start();
	a = get("/who", "");
	EXPECT_EQ(401, a->status);
	EXPECT_CSTR("Bearer", header(a, "WWW-Authenticate"));
	expect_has(a->body, "\"code\":\"unauthorized\"");
	EXPECT_EQ(401, get("/who", "Authorization: Bearer bad\r\n")->status);
	a = get("/who", "Authorization: Bearer good\r\n");
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR("00000000-0000-0000-0000-000000000001", a->body);
	EXPECT_CSTR("00000000-0000-0000-0000-000000000000", get("/maybe", "")->body);
	EXPECT_EQ(401, get("/maybe", "Authorization: Bearer bad\r\n")->status);
	EXPECT_EQ(200, get("/hello", "Authorization: Bearer bad\r\n")->status);
	site_stop();
}

TEST(the_clients_address_comes_from_trusted_proxies)
{
	site_start();
	expect_has(get("/echo/1", "")->body, "\"client\":\"127.0.0.1\"");
	expect_has(get("/echo/1", "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n")->body,
		   "\"client\":\"203.0.113.9\"");
	expect_has(get("/echo/1", "X-Real-IP: 203.0.113.9\r\n")->body,
		   "\"client\":\"203.0.113.9\"");
	site_stop();
}

TEST(others_are_not_believed_about_addresses)
{
	site.options.trusted_proxies = "10.0.0.0/8";
	site_start();
	expect_has(get("/echo/1", "X-Forwarded-For: 203.0.113.9\r\n")->body,
		   "\"client\":\"127.0.0.1\"");
	site_stop();
}

TEST(rates_are_limited_by_route_user_and_address)
{
	static const struct rate five = { "five", 0.01, 5 };
	struct answer *a;

	site.options.limiter = limiter_new(1000);
	site.options.rate_address = &five;
	site_start();
	EXPECT_EQ(200, get("/twice", "")->status);
	EXPECT_EQ(200, get("/twice", "")->status);
	a = get("/twice", "");
	EXPECT_EQ(429, a->status);
	expect_has(a->body, "\"code\":\"rate_limited\"");
	EXPECT_CSTR("2", header(a, "X-RateLimit-Limit"));
	EXPECT_CSTR("0", header(a, "X-RateLimit-Remaining"));
	EXPECT_CSTR("20", header(a, "X-RateLimit-Reset"));
	EXPECT_CSTR("10", header(a, "Retry-After"));
	EXPECT_EQ(200, get("/twice", "X-Real-IP: 203.0.113.9\r\n")->status); /* somebody else */
	EXPECT_EQ(200, get("/hello", "")->status);
	EXPECT_EQ(404, get("/nowhere", "")->status);
	EXPECT_EQ(429, get("/hello", "")->status); /* the sixth of this address */
	EXPECT_EQ(204, ask("OPTIONS /hello HTTP/1.1\r\nHost: x\r\n\r\n")->status);
	site_stop();
}

TEST(a_handler_limits_by_a_key_of_its_own)
{
	struct answer *a;

	site.options.limiter = limiter_new(1000);
	site_start();
	EXPECT_EQ(200, get("/by/one", "")->status);
	EXPECT_EQ(200, get("/by/one", "")->status);
	a = get("/by/one", "");
	EXPECT_EQ(429, a->status);
	EXPECT_CSTR("2", header(a, "X-RateLimit-Limit"));
	EXPECT_CSTR("10", header(a, "Retry-After"));
	EXPECT_EQ(200, get("/by/another", "")->status);
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(200, get("/by/kept", "")->status);
	site_stop();
	site.options.limiter = NULL;
	site_start();
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(200, get("/by/one", "")->status);
	site_stop();
}

TEST(a_handler_knows_a_head_from_a_get)
{
	struct wire *w;

	site_start();
	EXPECT_CSTR("no", header(get("/by/one", ""), "X-Head"));
	w = dial();
	EXPECT_TRUE(say(w, "HEAD /by/one HTTP/1.1\r\nHost: x\r\n\r\n"));
	EXPECT_CSTR("yes", header(hear_head(w), "X-Head"));
	hang_up(w);
	site_stop();
}

TEST(a_form_is_read_by_the_field_table)
{
	static const char head[] = "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/"
				   "x-www-form-urlencoded\r\nContent-Length: ";
	char request[300];
	struct answer *a;

	site_start();
	snprintf(request, sizeof request, "%s27\r\n\r\nbody=a+b%%26c%%3D%%C3%%BC&q=1&x", head);
	a = ask(request);
	EXPECT_EQ(200, a->status);
	expect_has(a->body, "\"body\":\"a b&c=ü\"");
	expect_has(a->body, "\"q\":\"1\"");
	snprintf(request, sizeof request, "%s10\r\n\r\nbody=%%FF%%FE", head);
	EXPECT_EQ(400, ask(request)->status);
	site_stop();
}

/* ---- CORS ---- */

TEST(allowed_origins_are_echoed_on_every_reply)
{
	static const char *const paths[] = { "/hello", "/nowhere", "/fail/x", "/who", "/deadline" };

	site.options.cors_origins = "https://app.example";
	site_start();
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct answer *a = get(paths[i], "Origin: https://app.example\r\n");

		EXPECT_CSTR("https://app.example", header(a, "Access-Control-Allow-Origin"));
		EXPECT_CSTR("true", header(a, "Access-Control-Allow-Credentials"));
		expect_has(header(a, "Access-Control-Expose-Headers"), "Content-Length");
		EXPECT_CSTR("Origin", header(a, "Vary"));
		a = get(paths[i], "Origin: https://evil.example\r\n");
		EXPECT_NULL(header(a, "Access-Control-Allow-Origin"));
		EXPECT_NULL(header(a, "Access-Control-Allow-Credentials"));
		EXPECT_CSTR("Origin", header(a, "Vary"));
	}
	site_stop();
}

TEST(a_preflight_is_answered_for_every_path_without_a_token)
{
	static const char *const paths[] = { "/hello", "/who", "/echo", "/nowhere" };
	char text[300];

	site.options.cors_origins = "*";
	site_start();
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct answer *a;

		snprintf(text, sizeof text,
			 "OPTIONS %s HTTP/1.1\r\nHost: x\r\nOrigin: https://any.example\r\n"
			 "Access-Control-Request-Method: PUT\r\n\r\n",
			 paths[i]);
		a = ask(text);
		EXPECT_EQ(204, a->status);
		EXPECT_CSTR("https://any.example", header(a, "Access-Control-Allow-Origin"));
		EXPECT_CSTR("GET, POST, PUT, PATCH, DELETE, OPTIONS",
			    header(a, "Access-Control-Allow-Methods"));
		expect_has(header(a, "Access-Control-Allow-Headers"), "Authorization");
		expect_has(header(a, "Access-Control-Allow-Headers"), "Idempotency-Key");
		EXPECT_CSTR("43200", header(a, "Access-Control-Max-Age"));
	}
	site_stop();
}

/* ---- log ---- */

TEST(the_log_has_a_line_a_request_without_its_query)
{
	static char text[8192];
	FILE *log = tmpfile();
	int before = dup(2);
	size_t n;

	dup2(fileno(log), 2);
	site.options.access_log = true;
	site_start();
	get("/echo/seventeen?q=secret", "X-Request-Id: r1\r\n");
	get("/fail/x", "");
	ask("OPTIONS /x HTTP/1.1\r\nHost: x\r\n\r\n");
	site_stop();
	dup2(before, 2);
	rewind(log);
	n = fread(text, 1, sizeof text - 1, log);
	text[n] = '\0';
	fclose(log);
	expect_has(text, "msg=request method=GET route=/echo/:id status=200 us=");
	expect_has(text, "request_id=r1");
	expect_has(text, "route=/fail/:id status=400");
	expect_has(text, "code=invalid");
	expect_has(text, "method=OPTIONS route=- status=204");
	expect_not(text, "secret");
	expect_not(text, "seventeen");
}
