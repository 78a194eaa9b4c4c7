/* The options of the program: one table, from which they are read, checked, printed and documented. */
#pragma once

#include "lib/base/config.h"

/* Reads `.env` of the working directory, or without one /etc/sojorn/sojorn.env, and the environment. On a bad value says so on stderr and returns NULL. */
struct config *options_load(void);
