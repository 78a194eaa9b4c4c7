/*
 * Moderation: what may be published. Every text that others will read goes through moderation_gate (or
 * moderation_name), which judges it by the built-in scorer (tone.h), refuses it with 422 and, for a slur
 * or a threat, records a strike with its consequence. Also the lapse of suspensions.
 */
#pragma once

#include "app/ops/jobs.h"
#include "lib/web/req.h"

struct verdict {
	str tone;     /* label to store: positive … hostile */
	double cis;   /* 0 … 1, to store beside it */
	str hint;     /* "nsfw" or "violence": to be marked as sensitive; else absent */
	str blocked;  /* "slur" or "threat": refused, with a strike; else absent */
	bool hostile; /* refused, without a strike */
};

/* The verdict on a text, without any effect. Any bytes. */
struct verdict moderation_check(struct arena *a, str text);

/*
 * Lets a text pass or refuses it; nothing of a refused text may be stored. Errors: content_blocked (422,
 * with blocked, category, strikes and consequence in the envelope) after the strike was recorded, a
 * transaction of its own; tone_rejected (422). Nobody signed in, no strike. Suspends when it refuses.
 */
err moderation_gate(struct req *r, str text, struct verdict *out);

/* The same for a name or another short text; `field` is named in the error. An absent text passes. */
err moderation_name(struct req *r, const char *field, str text);

/*
 * Ends a suspension that has lapsed: the account is active again, its jailed posts too, the history says
 * so. One statement; changes nothing while the suspension lasts. For whoever finds an account suspended
 * with suspended_until in the past: login, refresh, token check. Suspends.
 */
err moderation_lift_suspension(struct db *db, uuid user, bool *ret_lifted);

/* Daily: strikes older than 30 days no longer count in the ranking. */
err moderation_recount_strikes(struct job *j);

extern const struct route moderation_routes[];
