/* See peer.h. */
#include "lib/db/peer.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of this thread alone: glibc's own function would change the whole process. */
static bool become(uid_t uid)
{
	return syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) == 0;
}

/* The account to try, 0: none. */
static uid_t account_of(const PGconn *c)
{
	const char *host = PQhost(c), *role = PQuser(c);
	const struct passwd *account;

	if (geteuid() != 0 || !host || *host != '/' || !role)
		return 0;
	account = getpwnam(role);
	return account ? account->pw_uid : 0;
}

PGconn *peer_connect(const char *const *keys, const char *const *values)
{
	PGconn *c = PQconnectdbParams(keys, values, 1);
	uid_t account = PQstatus(c) == CONNECTION_OK ? 0 : account_of(c);

	if (account == 0 || !become(account))
		return c;
	PQfinish(c);
	c = PQconnectdbParams(keys, values, 1);
	if (!become(0))
		abort();
	return c;
}
