/* What a page says of itself. Private to app/previews. */
#pragma once

#include "app/previews/previews_db.h"

/* Fills *out from a page's head: Open Graph (ogp.me) before Twitter's tags before plain HTML, cut to what
 * a card shows. `charset`: as Content-Type has it, absent: the page's own word or UTF-8. The page is at `url`,
 * which relative links are relative to. Takes milliseconds for a megabyte: offload it. */
void preview_read(struct arena *a, str html, str charset, str url, struct preview *out);
