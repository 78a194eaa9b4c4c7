/*
 * What clients encrypt and leave here for their next device, and the list of devices: domain-rules §15, contract
 * §5.13. The server stores ciphertext; it cannot open it and is never given what could.
 */
#pragma once

#include "app/app.h"

extern const struct route vault_routes[], backup_routes[], devices_routes[];
