/* The words the tone scorer knows, by what they do in a sentence. */
#pragma once

#include "app/moderation/phrases.h"

enum word_class {
	PLAIN = 1, /* harmless, though a part of it is not: "chink in the armour" */

	/* Who is meant. */
	YOU,   /* the reader, as subject or object */
	OBJ,   /* the reader as object before the verb: "te voy a …", "dich" */
	YOUR,  /* what is the reader's */
	GROUP, /* people by origin, faith, sex, body */
	SELF,  /* the writer: "i am", "me" */
	FILL,  /* may stand between a verb and its object */

	/* What turns the meaning. */
	NOT,
	INTENT, /* "i will", "somebody should" */

	/* Hard families, domain-rules §6.1. */
	SLUR,
	THREAT,	  /* a threat, or a call to harm oneself, as it stands */
	KILL,	  /* a threat behind INTENT and with a person as its object */
	KILL_YOU, /* the same, the object is in it: "slit your throat" */

	/* Poison; weights in tone.c. */
	WISH,	 /* wishing death */
	BIGOTRY, /* against a group, as it stands */
	DEHUMAN, /* likening people to what is exterminated */
	CURSE,	 /* aimed as it stands: "go to hell" */
	ABUSE,	 /* vulgar insults */
	INSULT,
	HATEFUL, /* "hate", "despise" */
	PROFANE,
	DOWN, /* mild displeasure */
	GREED,
	DELUSION,

	GOOD,

	/* What a viewer may not want to see. */
	EXPLICIT,
	SEXUAL, /* only when it comes often */
	GORE,

	CLASSES
};

extern const struct phrase_list lexicon[];
