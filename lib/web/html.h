/* HTML made by hand: a few small pages and mails, so escaping is all there is. */
#pragma once

#include "lib/base/arena.h"

/* Text for an element or a quoted attribute: & < > " ' as references. */
str html_escape(struct arena *a, str text);
