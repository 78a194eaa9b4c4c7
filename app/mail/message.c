/*
 * Messages as mail servers take them: RFC 5322 headers, multipart/alternative with a plain and an HTML
 * part (RFC 2046), other than ASCII as encoded words (RFC 2047) and quoted-printable (RFC 2045 §6.7).
 * A part that needs no encoding is sent as it is, so that links stay readable in the raw mail.
 */
#include "app/mail/letter.h"

#include "lib/base/codec.h"
#include "lib/base/rand.h"

#include <string.h>
#include <time.h>

enum {
	LINE_MAX = 998,	   /* RFC 5322 §2.1.1 */
	ENCODED_LINE = 75, /* quoted-printable, without the soft break's "=" */
	ENCODED_WORD = 45, /* bytes of text in one word: 60 characters, 72 with its frame */
};

#define TEXT(s) (int)(s).n, (s).p

static bool plain(char c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

/* ---- headers ---- */

/* At most ENCODED_WORD bytes, ended where a character ends. */
static str cut_word(str *rest)
{
	size_t n = rest->n < ENCODED_WORD ? rest->n : ENCODED_WORD;
	str word;

	while (n > 0 && n < rest->n && ((unsigned char)rest->p[n] & 0xC0) == 0x80)
		n--;
	word = str_slice(*rest, 0, n);
	*rest = str_slice(*rest, n, rest->n);
	return word;
}

static str encoded_words(struct arena *a, str text)
{
	str out = S("");

	while (!str_empty(text)) {
		str word = cut_word(&text);
		char *b64 = arena_alloc(a, BASE64_LENGTH(ENCODED_WORD));
		size_t n = base64_encode(word.p, word.n, b64);

		out = arena_printf(a, "%.*s%s=?utf-8?B?%.*s?=", TEXT(out),
				   str_empty(out) ? "" : "\r\n ", (int)n, b64);
	}
	return out;
}

/* A header's text; line breaks and the like cannot be in one. */
static str header_text(struct arena *a, str text)
{
	bool ascii = true;

	for (size_t i = 0; i < text.n; i++)
		ascii = ascii && plain(text.p[i]);
	return ascii ? text : encoded_words(a, text);
}

str mail_address(str header)
{
	ptrdiff_t from = str_find_char(header, '<'), to = str_find_char(header, '>');

	if (from < 0 || to < from)
		return str_trim(header);
	return str_trim(str_slice(header, (size_t)from + 1, (size_t)to));
}

/* "Name <address>" with the name quoted or encoded. */
static str header_mailbox(struct arena *a, str header)
{
	ptrdiff_t at = str_find_char(header, '<');
	str address = mail_address(header);
	str name = at > 0 ? str_trim(str_slice(header, 0, (size_t)at)) : S("");
	str text;

	if (str_starts(name, S("\"")) && str_ends(name, S("\"")) && name.n > 1)
		name = str_slice(name, 1, name.n - 1);
	if (str_empty(name))
		return address;
	text = header_text(a, name);
	if (text.p != name.p || str_find_char(name, '"') >= 0 || str_find_char(name, '\\') >= 0)
		return arena_printf(a, "%.*s <%.*s>", TEXT(text), TEXT(address));
	return arena_printf(a, "\"%.*s\" <%.*s>", TEXT(name), TEXT(address));
}

/* RFC 5322 §3.3, in UTC; the names of days and months are English whatever the locale. */
static str header_date(struct arena *a, usec date)
{
	static const char days[] = "SunMonTueWedThuFriSat",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = date.us / SECOND;
	struct tm t;

	gmtime_r(&seconds, &t);
	return arena_printf(a, "%.3s, %d %.3s %d %02d:%02d:%02d +0000", days + 3 * t.tm_wday,
			    t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min,
			    t.tm_sec);
}

static str domain_of(str address)
{
	ptrdiff_t at = str_find_char(address, '@');

	return at < 0 ? S("localhost") : str_slice(address, (size_t)at + 1, address.n);
}

/* ---- bodies ---- */

static bool needs_encoding(str text)
{
	size_t line = 0;

	for (size_t i = 0; i < text.n; i++) {
		line = text.p[i] == '\n' ? 0 : line + 1;
		if (line > LINE_MAX || (text.p[i] != '\n' && !plain(text.p[i])))
			return true;
	}
	return false;
}

static str with_crlf(struct arena *a, str text)
{
	char *out = arena_alloc(a, 2 * text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			out[n++] = '\r';
		out[n++] = text.p[i];
	}
	return (str){ out, n };
}

/* Blanks stay as they are but at the end of a line. */
static bool qp_plain(str text, size_t i)
{
	char c = text.p[i];

	if (c == ' ' || c == '\t')
		return i + 1 < text.n && text.p[i + 1] != '\n';
	return plain(c) && c != '=';
}

static str quoted_printable(struct arena *a, str text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_alloc(a, 4 * text.n + 4);
	size_t n = 0, line = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		size_t width = qp_plain(text, i) ? 1 : 3;

		if (c == '\n') {
			memcpy(out + n, "\r\n", 2);
			n += 2;
			line = 0;
			continue;
		}
		if (line + width > ENCODED_LINE) {
			memcpy(out + n, "=\r\n", 3);
			n += 3;
			line = 0;
		}
		if (width == 1)
			out[n] = (char)c;
		else
			memcpy(out + n, (char[]){ '=', hex[c >> 4], hex[c & 15] }, 3);
		n += width;
		line += width;
	}
	return (str){ out, n };
}

static str part(struct arena *a, const char *type, str text)
{
	bool encode = needs_encoding(text);
	str body = encode ? quoted_printable(a, text) : with_crlf(a, text);

	return arena_printf(a,
			    "Content-Type: text/%s; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: %s\r\n\r\n%.*s\r\n",
			    type, encode ? "quoted-printable" : "7bit", TEXT(body));
}

str message_write(struct arena *a, const struct message *m)
{
	str boundary = rand_token(a, 18);
	str from = header_mailbox(a, m->from), to = header_mailbox(a, m->to);
	str subject = header_text(a, m->subject), date = header_date(a, m->date);
	str domain = domain_of(mail_address(m->from));
	str text = part(a, "plain", m->text), html = part(a, "html", m->html);

	return arena_printf(
		a,
		"From: %.*s\r\nTo: %.*s\r\nSubject: %.*s\r\nDate: %.*s\r\n"
		"Message-ID: <%.*s@%.*s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/alternative; boundary=\"%.*s\"\r\n\r\n"
		"--%.*s\r\n%.*s--%.*s\r\n%.*s--%.*s--\r\n",
		TEXT(from), TEXT(to), TEXT(subject), TEXT(date), TEXT(m->id), TEXT(domain),
		TEXT(boundary), TEXT(boundary), TEXT(text), TEXT(boundary), TEXT(html),
		TEXT(boundary));
}
