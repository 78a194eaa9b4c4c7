/* See systemd.h; sd_notify(3), sd_watchdog_enabled(3). */
#include "cmd/systemd.h"

#include <systemd/sd-daemon.h>

void systemd_ready(void)
{
	sd_notify(0, "READY=1");
}

void systemd_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void systemd_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

int64_t systemd_watchdog(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)us : 0;
}
