/*
 * Connections of commands, which may wait. By its own socket PostgreSQL takes an account for the role of the same name
 * ("peer"), so that there is no password to lose; root has no role, but may be whom a URL names.
 *
 * Private to lib/db.
 */
#pragma once

#include <libpq-fe.h>

/* As PQconnectdbParams, whose lists these are; a URL may stand as dbname. Refused as root by a socket of this
 * machine, it tries again as the account of the role's name, if there is one. Never NULL; blocks. */
PGconn *peer_connect(const char *const *keys, const char *const *values);
