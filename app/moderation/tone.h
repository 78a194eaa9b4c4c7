/*
 * The built-in tone scorer: a text's poisons, its content integrity score, its label, and what a hard
 * rule or a viewer's settings make of it (domain-rules §6.1, §6.2). A function of the text alone.
 */
#pragma once

#include "lib/base/arena.h"

struct tone {
	double hate, greed, delusion; /* the poisons, 0 … 1 */
	double cis;		      /* 1 − their mean, to three digits */
	str label;    /* positive, neutral, mixed, negative, hostile by cis; hate: a blocked text */
	str blocked;  /* "slur" or "threat", else absent: such a text is never stored */
	str hint;     /* "nsfw" or "violence", else absent: hidden from who did not ask for it */
	bool bigotry; /* a slur, or poison against a group of people */
};

/* Any bytes; a text without anything known is neutral at 0.8. */
struct tone tone_of(struct arena *a, str text);

/* The label of a CIS: domain-rules §6.2. */
str tone_label(double cis);
