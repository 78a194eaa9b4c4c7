/* Types, functions, operators and operator classes of extensions that are here already, in another schema than the
 * dump looks for them. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

struct qualifiers;

/* What is known so far of the run's extensions; the arena's. False: m->problem. */
bool qualifiers_read(struct move *m, struct arena *a, struct qualifiers **out);

/* From now on an extension, which is here already, is meant where the dump names `schema`. */
bool qualifiers_add(struct move *m, const char *extension, const char *schema);

/* The statement with such names found where they are; the same text when it has none. */
str qualifiers_apply(struct arena *a, const struct qualifiers *q, str statement);
