/* QR codes (ISO/IEC 18004) as SVG, by libqrencode. */
#pragma once

#include "lib/base/arena.h"

/* A picture of the text with the quiet zone around it, a unit a module; error correction M. Absent when the
 * text is too long (2331 bytes). */
str qr_svg(struct arena *a, str text);
