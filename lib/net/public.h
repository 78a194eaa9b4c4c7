/* Which addresses belong to the public internet, for whoever connects where strangers say. */
#pragma once

#include <stdbool.h>

struct sockaddr;

/* False for this machine, private networks, link-local, multicast, reserved and documentation addresses
 * (IANA's special-purpose registries), also where IPv6 wraps IPv4, and for anything but IPv4 and IPv6. */
bool address_is_public(const struct sockaddr *sa);
