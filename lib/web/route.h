/*
 * Routes as data. A feature's table is the single source for routing, authentication, limits, body
 * validation, metrics labels, `sojorn routes` and the OpenAPI document; zero values are the strict
 * ones. `sojorn routes --check` fails the build on a row without a summary, on a row with a body
 * but no field table, and on two rows that match the same request.
 */
#pragma once

#include "lib/base/field.h"

struct req;

enum method { GET, POST, PUT, PATCH, DELETE, METHODS };

enum auth {
	AUTH_USER,     /* a valid token of an active account */
	AUTH_ACCOUNT,  /* a valid token; the account may be deactivated or pending deletion */
	AUTH_PARTIAL,  /* the same, and its session may still lack the account's second factor */
	AUTH_KEY,      /* no user, but what the program asks of every client */
	AUTH_OPTIONAL, /* a token is checked when there is one */
	AUTH_NONE,
};

enum body {
	BODY_JSON,   /* read whole, at most body_max bytes, then validated by the route's table */
	BODY_FORM,   /* the same, but as an HTML form sends it (req_form) */
	BODY_STREAM, /* the handler reads it as it comes (req_read) */
};

/* A token bucket: `burst` at once, then `per_second`; by user when there is one, else by address. */
struct rate {
	const char *name;
	double per_second;
	int burst;
};

struct route {
	enum method method;
	const char *path; /* "/api/v1/posts/:id"; a GET row answers HEAD too */
	err (*run)(struct req *r);
	const char *summary; /* one phrase for people: "create a post" */
	enum auth auth;
	bool writes;		   /* a GET which changes something */
	const struct rate *rate;   /* on top of the server's general limits; NULL: none */
	const struct field *query; /* query parameters; NULL: none read */
	const struct field *body;  /* JSON members; NULL: none read (any body is ignored) */
	const struct field
		*out;	 /* the success reply; NULL: no JSON object (redirect, page, text) */
	int status;	 /* of the success reply; 0: 200 */
	int page;	 /* list: default page length; adds limit, offset and cursor to the query */
	int page_max;	 /* list: longest page; 0: 50 */
	size_t body_max; /* bytes; 0: 64 KiB */
	enum body body_kind;
	int64_t deadline;   /* microseconds; 0: the server's default (10 s) */
	const char *errors; /* OpenAPI: further statuses it answers, "404 409" */
};

/* Number of handler parameters in a path at most, and the matched values. */
#define ROUTE_PARAMS 4
struct route_match {
	const struct route *route;
	size_t n;
	str name[ROUTE_PARAMS], value[ROUTE_PARAMS];
};

struct router;

/* Builds the look-up structure over NULL-terminated tables of {0}-terminated rows. */
struct router *router_new(const struct route *const *tables);
void router_free(struct router *r);

/* Finds the row for a method and a path (without query). When the path exists under other methods
 * only, false with *ret_allowed a bit per method; when it does not exist at all, 0 there. */
bool router_find(const struct router *r, enum method method, str path, struct route_match *out,
		 unsigned *ret_allowed);

/* First mistake in the tables as a sentence in *problem; true when there is none. */
bool router_check(const struct route *const *tables, char *problem, size_t size);

const char *method_name(enum method m);
