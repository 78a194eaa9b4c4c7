/*
 * Text as the lexicon reads it: every way to write a letter becomes that letter, so that a word is
 * found however it is dressed up (domain-rules §6.1).
 *
 * The result is a row of symbols, one byte each:
 *
 *	a-z  a letter, without case, accent or foreign shape
 *	0-9  a digit beside letters, which may stand for one ("k1ll")
 *	~    a letter of another script, or a number
 *	@    what follows is somebody's name; a word of its own
 *	+    a kindly emoji; a word of its own
 *	' '  between words, '\n' between sentences; never two in a row, none at the ends
 */
#pragma once

#include "lib/base/arena.h"

/* What becomes of . - _ * | between two letters: nothing ("k.i.l.l"), or the gap they often are
 * ("well-known", "here.There"). */
enum joiners { JOINERS_VANISH, JOINERS_PART };

/* The symbols of a text, in the arena. Any bytes are fine; invalid UTF-8 parts words.
 * *ret_joiners (may be NULL): there was a joiner between letters, so that the two ways differ. */
str fold(struct arena *a, str text, enum joiners joiners, bool *ret_joiners);
