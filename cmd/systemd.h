/*
 * What a service manager hears of us: that we are ready, that we end, that we still turn. Without one
 * (NOTIFY_SOCKET unset) all of this does nothing.
 */
#pragma once

#include <stdint.h>

void systemd_ready(void);
void systemd_stopping(void);
void systemd_alive(void);

/* How often it wants to hear that we are alive, microseconds; 0: not at all. */
int64_t systemd_watchdog(void);
