/* What the files of `sojorn supabase` share. */
#pragma once

#include "app/supabase/supabase.h"

/* {"ok":…,"held_ms":…,"steps":[{"what","ok","detail"}]}, or a line a step, on stdout. */
void supabase_print_steps(struct arena *a, bool json, const struct move_steps *s, bool ok);

/* `sojorn supabase watch …` and `shadow …`; argv[0] is that word. The exit status. */
int supabase_watch(int argc, char **argv);
int supabase_shadow(int argc, char **argv);
