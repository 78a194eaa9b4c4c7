/*
 * What every feature may use: the program's configuration and its long-lived parts. Made by
 * cmd/serve.c, the same for all loops; what belongs to one loop is reached through the request.
 */
#pragma once

#include "lib/base/config.h"
#include "lib/net/offload.h"
#include "lib/web/limit.h"
#include "lib/web/route.h"

struct gate;
struct guessed;
struct jwks;
struct media;
struct redis;

struct app {
	const struct config *config;
	struct offload *offload; /* password hashes */
	struct limiter *limiter; /* NULL: RATE_LIMITS=off */
	struct redis *redis;	 /* NULL: this is the only copy */
	struct gate *gate;	 /* app/gateway: who writes while the app moves; NULL: we do */
	struct media *media;	 /* stores of what people upload */
	str jwt_secret;
	const struct jwks *jwks; /* of the project that moved here; NULL: it signed by jwt_secret */
	const struct guessed *guessed; /* passwords nobody may choose; NULL: no list */
	bool production;
};

/* Every feature's route table, NULL-terminated: app/routes.c. */
extern const struct route *const app_routes[];

/* The same for ADMIN_ADDR. */
extern const struct route *const admin_routes[];
