/* See parts.h; there are a handful, so a list will do. */
#include "lib/net/parts.h"

#include <stdlib.h>

struct part {
	struct part *next;
	const struct loop_part *kind;
	void *value;
};

void *parts_get(struct parts *parts, struct loop *l, const struct loop_part *kind)
{
	struct part *p;

	for (p = parts->first; p; p = p->next)
		if (p->kind == kind)
			return p->value;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->kind = kind;
	p->value = kind->make(l, kind);
	if (!p->value) {
		free(p);
		return NULL;
	}
	p->next = parts->first;
	parts->first = p;
	return p->value;
}

void parts_free(struct parts *parts)
{
	for (struct part *p; (p = parts->first); free(p)) {
		parts->first = p->next;
		p->kind->free(p->value);
	}
}
