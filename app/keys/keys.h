/*
 * Public keys of the end-to-end encryption: domain-rules §14, contract §5.12. The server hands out bundles
 * and cannot read what is encrypted with them. Two shapes are known: the existing client's (Ed25519 and
 * X25519, 32 bytes each) and Signal's (33 bytes, XEdDSA), the latter with ML-KEM-1024 prekeys.
 */
#pragma once

#include "app/app.h"

extern const struct route keys_routes[];
