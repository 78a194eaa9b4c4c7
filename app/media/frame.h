/* The first frame of a film. Private to app/media. */
#pragma once

#include "app/media/kind.h"

/*
 * Writes the first picture of a film as JPEG to `to`, at most 960 pixels wide, by ffmpeg in a process of its
 * own: of the named kind and no other, without network, with limits on time, memory and output. Blocks for
 * up to 20 s. False when there is none: no ffmpeg on this machine, or a film it cannot read.
 */
[[nodiscard]] bool frame_extract(int from, enum media_form form, int to);
