/* Which addresses links may lead to. Private to app/compat. */
#pragma once

#include "lib/base/str.h"

/*
 * Is the address allowed: of the same origin as `site`, on this machine by its number, or matched by one of
 * the comma-separated patterns? In a pattern * stands for anything but . and /, ** for anything at all,
 * ? for one character but these two.
 */
bool redirect_is_allowed(str address, str site, str patterns);
