/* What the tests of the feeds share. */
#pragma once

#include "test/harness/harness.h"

#define PERSONAL "/api/v1/feed/personal"
#define VIDEOS	 "/api/v1/feed?has_video=true"
#define RANKED	 "/api/v1/feed/sojorn"

#define TECH	"5070a000-0000-4000-8000-000000000003" /* a category that is off by default */
#define GENERAL "5070a000-0000-4000-8000-000000000001" /* one that is on */

enum { WALK_MAX = 400 };

/* Whether the first page of a list has the post. */
bool feed_shows(const struct t_user *viewer, const char *path, const char *post);

/* Reads a list to its end, `between` (may be NULL) after each page: the ids in order (room for WALK_MAX) and
 * their number. Every page but the last must be full, as clients take a shorter one for the last. */
size_t feed_walk(const struct t_user *viewer, const char *path, size_t limit,
		 void (*between)(const void *arg), const void *arg, const char **ids);

const char *feed_new_video(const struct t_user *author);
const char *feed_new_answer(const struct t_user *author, const char *parent);
const char *feed_new_comment(const struct t_user *author, const char *post);

/* n videos of an author, four at each moment, so that ids have to break ties. */
void feed_post_at_equal_times(const struct t_user *author, int n);

/* Fails the test unless the posts are newest first, of equal ones the higher id. */
void feed_check_order(const char *const *ids, size_t n);

/* The path with a further parameter. */
const char *feed_with(const char *path, const char *query);

/* Chooses whether the category TECH is shown. */
void feed_choose_tech(const struct t_user *user, bool enabled);
