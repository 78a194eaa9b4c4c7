/* What a project has, each thing with what becomes of it. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"

/* Looks at the live project (m->source), or at what a dump has brought. Its rows are read from *ret_where: section, object,
 * detail, verdict, question, and the whole as JSON, the sections one after the other. False: m->problem. */
bool inventory_look(struct move *m, bool on_source, struct script **ret_where);

/* What this server's own database lacks for a live move: object, detail, whether it is good, of m->db. */
bool inventory_here(struct move *m);
