/* What makes a request one, and where it ends: whatever could be understood in two ways is refused. */
#include "lib/web/request.h"

#include <string.h>

/* tchar of RFC 9110 §5.6.2. */
static bool is_token(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (c < '0' || c > '9') && !strchr("!#$%&'*+-.^_`|~", c))
			return false;
	}
	return s.n > 0;
}

static bool has_control(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

static err read_length(struct request *r, str value)
{
	if (r->content_length >= 0 || value.n == 0 || value.n > 18)
		return err_bad_request;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return err_bad_request;
	return str_to_i64(value, &r->content_length) ? OK : err_bad_request;
}

static err read_encoding(struct request *r, str value)
{
	if (r->chunked || !str_ieq(value, S("chunked")))
		return err_bad_request;
	r->chunked = true;
	return OK;
}

/* libmicrohttpd 0.9 appends a continued line to the header's name: "Transfer-Encoding:\r\n chunked" comes
 * as "Transfer-Encodingchunked". Elsewhere that does no harm. */
static bool is_folded_framing(str name)
{
	str length = S("Content-Length"), encoding = S("Transfer-Encoding");

	return (name.n > length.n && str_ieq(str_slice(name, 0, length.n), length))
		|| (name.n > encoding.n && str_ieq(str_slice(name, 0, encoding.n), encoding));
}

/*
 * What two servers in a row could understand differently is refused (RFC 9112 §6.3, §11.2): lengths that
 * are given twice, or twice differently, codings other than chunked, names that are no names.
 */
err framing_check(struct request *r, str version)
{
	bool host = false;

	for (size_t i = 0; i < r->nheaders; i++) {
		str name = r->headers[i].name, value = r->headers[i].value;

		if (!is_token(name) || is_folded_framing(name) || has_control(value))
			return err_bad_request;
		value = str_trim(value); /* of blanks: no other white space is left */
		if (str_ieq(name, S("Content-Length")))
			TRY(read_length(r, value));
		if (str_ieq(name, S("Transfer-Encoding")))
			TRY(read_encoding(r, value));
		if (str_ieq(name, S("Host")) && host)
			return err_bad_request;
		host = host || str_ieq(name, S("Host"));
	}
	if (r->chunked && (r->content_length >= 0 || !str_eq(version, S("HTTP/1.1"))))
		return err_bad_request;
	r->expects = str_ieq(req_header(&r->req, "Expect"), S("100-continue"));
	return OK;
}
