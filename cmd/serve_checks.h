/* What `serve` refuses to start with, and what it only warns about. */
#pragma once

#include "lib/base/config.h"

/* The first reason not to start as a sentence for the operator; NULL: none. */
const char *serve_refusal(const struct config *c);

/* Logs what is allowed, but hardly meant. */
void serve_warnings(const struct config *c);
