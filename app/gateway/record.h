/* What people read through the gateway, written down for `sojorn supabase shadow`. Private to app/gateway. */
#pragma once

#include "app/gateway/gate.h"

/* Opens SUPABASE_RECORD for appending, readable by its owner alone; -1: it is not set, or cannot be. */
int record_open(const char *file);

/*
 * A line for a GET that is passed on: {"path","role","user"}. Tokens and keys are not in it: of who asks it has the
 * account's id and the role of a token that is signed with the project's secret, and a request with a secret in its
 * query has no line. No more lines come when the file has 64 MB.
 */
void record_get(struct gate *g, struct req *r);
