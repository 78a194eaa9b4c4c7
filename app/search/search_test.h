/* What the tests of search share. */
#pragma once

#include "test/harness/harness.h"

/* A word of letters that no other test has, and that is not like another one. */
const char *search_new_word(void);

/* Publishes a post through the API; its id. */
const char *search_say(const struct t_user *author, const char *body);

/* An account whose display name are these words. */
struct t_user search_named(const char *first, const char *last);

const struct t_reply *search_for(const struct t_user *viewer, const char *type, const char *q);
bool search_finds_post(const struct t_user *viewer, const char *q, const char *post);
bool search_finds_user(const struct t_user *viewer, const char *q, const struct t_user *who);
