/*
 * Words and phrases to look for, each with a class; a trie over the symbols of fold.h.
 *
 * A phrase matches whole words only. Written with a letter three times or more in a row it matches as if
 * with one or two ("haaate"), a digit stands for the letters it looks like, and a plural s may follow.
 */
#pragma once

#include "lib/base/str.h"

struct phrases;

/* One class and its phrases: "worthless, waste of space"; classes are 1 … 255. */
struct phrase_list {
	uint8_t class;
	const char *phrases;
};

/* Built from a table that ends with class 0; at start-up, so it ends the process without memory. */
struct phrases *phrases_new(const struct phrase_list *lists);
void phrases_free(struct phrases *p);

/* Phrases in it, and how many of its source stood there twice (the first class counts). */
size_t phrases_count(const struct phrases *p);
size_t phrases_doubled(const struct phrases *p);

/* The class of the longest phrase that begins at symbols[at], a word's first; *ret_end is where it
 * ends. 0 when there is none: *ret_end is the word's end then. */
uint8_t phrases_find(const struct phrases *p, str symbols, size_t at, size_t *ret_end);
