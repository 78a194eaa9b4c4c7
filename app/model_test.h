/*
 * The rules of who sees what, as plainly as they can be said: arrays of who follows, blocks and trusts whom, and
 * a few ifs. Nothing here knows of SQL; model_test.c holds the server to it.
 */
#pragma once

#include <stdbool.h>

enum { PEOPLE = 6, POSTS = 24 };

enum audience { EVERYBODY, FOLLOWERS, CIRCLE, NEIGHBORS, NOBODY, AUDIENCES };
enum edge { NONE, PENDING, ACCEPTED };

struct model_post {
	int author, parent; /* parent -1: a root post */
	enum audience audience;
	bool deleted, removed, expired, sensitive;
};

/* [a][b]: what a has done about b. */
struct model {
	enum edge follows[PEOPLE][PEOPLE];
	bool blocks[PEOPLE][PEOPLE], circle[PEOPLE][PEOPLE];
	bool is_private[PEOPLE], is_gone[PEOPLE], wants_sensitive[PEOPLE];
	enum audience ceiling[PEOPLE];
	int n;
	struct model_post posts[POSTS];
	bool liked[PEOPLE][POSTS], saved[PEOPLE][POSTS], hidden[PEOPLE][POSTS];
};

/* The card, and what is behind it. */
bool model_sees_person(const struct model *m, int viewer, int who);
bool model_sees_inside(const struct model *m, int viewer, int who);

bool model_sees_post(const struct model *m, int viewer, int post);

/* What a feed of followed accounts shows. */
bool model_feeds_post(const struct model *m, int viewer, int post);

/* What somebody does; false: there is no such thing for him (404), and nothing changes. */
bool model_follow(struct model *m, int me, int who);
void model_unfollow(struct model *m, int me, int who);
bool model_accept(struct model *m, int me, int who);
void model_block(struct model *m, int me, int who);
void model_open(struct model *m, int me); /* to everybody: whoever waits is accepted */
