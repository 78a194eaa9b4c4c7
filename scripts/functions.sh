# shellcheck shell=sh
# Shared by ./dev and scripts/: messages, and where and as whom PostgreSQL runs.

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# The programs of the newest PostgreSQL from 15 on that has PostGIS; PG_BIN overrides.
postgres_bin() {
	if [ -n "${PG_BIN:-}" ]; then
		say "$PG_BIN"
		return
	fi
	for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5nr); do
		version=${dir#/usr/lib/postgresql/}
		version=${version%/bin}
		case $version in *[!0-9]* | '') continue ;; esac
		[ "$version" -ge 15 ] || continue
		[ -x "$dir/initdb" ] || continue
		[ -e "/usr/share/postgresql/$version/extension/postgis.control" ] || continue
		say "$dir"
		return
	done
	return 1
}

# Becomes a program run by the account PostgreSQL may use; it ends when our caller does.
exec_as_postgres() {
	if is_root; then
		exec_as="--reuid=$(pg_user) --regid=$(id -g "$(pg_user)") --clear-groups"
	else
		exec_as=
	fi
	# shellcheck disable=SC2086 # words on purpose
	exec setpriv $exec_as --pdeathsig INT "$@"
}

pg_user() {
	say "${SOJORN_DEV_USER:-sojorn-dev}"
}

# Gives a directory to that account, making the account first if need be.
own_by_postgres() {
	is_root || return 0
	id "$(pg_user)" >/dev/null 2>&1 ||
		useradd --system --user-group --no-create-home --home-dir /nonexistent \
			--shell /usr/sbin/nologin "$(pg_user)"
	chown "$(pg_user):" "$1"
}

# A few loopback ports to try: another process may take one meanwhile.
free_ports() {
	awk 'BEGIN { srand(); for (i = 0; i < 5; i++) print 20000 + int(rand() * 12000) }' </dev/null
}
