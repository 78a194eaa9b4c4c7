/*
 * See reader.h. libxml2 reads the HTML, which copes with whatever people call that, and with its character
 * sets; nothing is loaded or expanded on the way.
 */
#include "app/previews/reader.h"

#include "lib/net/fetch.h"

#include <libxml/HTMLparser.h>
#include <limits.h>

enum { TITLE_MAX = 300, TEXT_MAX = 600, URL_MAX = 2048 };

/* Where each member may be found, the best first. */
struct source {
	const char *name;
	size_t member;
};
static const struct source sources[] = {
	{ "og:title", offsetof(struct preview, title) },
	{ "twitter:title", offsetof(struct preview, title) },
	{ "og:description", offsetof(struct preview, description) },
	{ "twitter:description", offsetof(struct preview, description) },
	{ "description", offsetof(struct preview, description) },
	{ "og:image:secure_url", offsetof(struct preview, image_url) },
	{ "og:image", offsetof(struct preview, image_url) },
	{ "twitter:image", offsetof(struct preview, image_url) },
	{ "og:site_name", offsetof(struct preview, site_name) },
};
enum { SOURCES = sizeof(sources) / sizeof(*sources) };

struct page {
	struct arena *arena;
	str title;
	str found[SOURCES];
};

/* White space in one line, at most n characters. */
static str tidy(struct arena *a, str s, size_t n)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t size = 0, at = 0, chars = 0;

	while (at < s.n && chars < n) {
		size_t from = at;
		int32_t c = str_utf8_next(s, &at);
		bool blank = c >= 0 && c <= ' ';

		if (c < 0)
			break;
		if (blank && (size == 0 || out[size - 1] == ' '))
			continue;
		if (blank)
			out[size++] = ' ';
		else
			memcpy(out + size, s.p + from, at - from), size += at - from;
		chars++;
	}
	while (size && out[size - 1] == ' ')
		size--;
	out[size] = '\0';
	return size ? (str){ out, size } : (str){ 0 };
}

static str attribute(struct page *p, xmlNode *node, const char *name)
{
	xmlChar *text = xmlGetProp(node, (const xmlChar *)name);
	str copy = { 0 };

	if (text)
		copy = arena_copy(p->arena, str_of((const char *)text));
	xmlFree(text);
	return copy;
}

static void read_meta(struct page *p, xmlNode *node)
{
	str name = attribute(p, node, "property"), content = attribute(p, node, "content");

	if (!name.p)
		name = attribute(p, node, "name");
	for (size_t i = 0; i < SOURCES; i++)
		if (str_ieq(name, str_of(sources[i].name)) && !p->found[i].p
		    && !str_empty(str_trim(content)))
			p->found[i] = content;
}

static void read_title(struct page *p, xmlNode *node)
{
	xmlChar *text = xmlNodeGetContent(node);

	if (text && !p->title.p)
		p->title = arena_copy(p->arena, str_of((const char *)text));
	xmlFree(text);
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The next node in the order of the text. */
static xmlNode *next(xmlNode *node)
{
	if (node->children && node->type == XML_ELEMENT_NODE)
		return node->children;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

static void walk(struct page *p, xmlNode *root)
{
	for (xmlNode *node = root; node; node = next(node)) {
		if (is_named(node, "meta"))
			read_meta(p, node);
		else if (is_named(node, "title"))
			read_title(p, node);
	}
}

static void fill(struct page *p, str url, struct preview *out)
{
	for (size_t i = 0; i < SOURCES; i++) {
		str *member = (str *)((char *)out + sources[i].member);

		if (!member->p)
			*member = p->found[i];
	}
	if (!out->title.p)
		out->title = p->title;
	out->title = tidy(p->arena, out->title, TITLE_MAX);
	out->description = tidy(p->arena, out->description, TEXT_MAX);
	out->site_name = tidy(p->arena, out->site_name, TITLE_MAX);
	if (out->image_url.p)
		out->image_url = fetch_resolve(p->arena, url, str_trim(out->image_url));
	if (out->image_url.n > URL_MAX)
		out->image_url = (str){ 0 };
}

void preview_read(struct arena *a, str html, str charset, str url, struct preview *out)
{
	struct page p = { .arena = a };
	int options =
		HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;
	htmlDocPtr doc = NULL;

	if (html.n <= INT_MAX)
		doc = htmlReadMemory(html.p, (int)html.n, NULL,
				     charset.p ? arena_cstr(a, charset) : NULL, options);
	if (!doc)
		return;
	walk(&p, xmlDocGetRootElement(doc));
	xmlFreeDoc(doc);
	fill(&p, url, out);
}
