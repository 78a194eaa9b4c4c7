#!/bin/sh
# Puts a program into service on this machine, below /opt/sojorn, and takes it back when it does not get well.
#
#   sudo deploy/deploy.sh [--check] PROGRAM      a `build/sojorn`; --check says what would be done
#
# For machines without the Debian package, which does the same with apt. Doing it twice changes nothing.
#
# bin/sojorn is a link to the program in use, bin/sojorn.before to the one before it. The schema is moved first:
# the program in use works on the newer schema, too (docs/operations.md, Upgrade).
#
# SOJORN_HOME (/opt/sojorn), SOJORN_UNITS (/etc/systemd/system), SOJORN_USER (sojorn), SOJORN_RESTART (the command that
# restarts the server) and SOJORN_HEALTH (its address) are for other layouts and for tests.
set -eu

home=${SOJORN_HOME:-/opt/sojorn}
units=${SOJORN_UNITS:-/etc/systemd/system}
user=${SOJORN_USER:-sojorn}
restart=${SOJORN_RESTART:-systemctl restart sojorn-api.service}
health=${SOJORN_HEALTH:-http://127.0.0.1:8080/health/ready}
here=$(cd "$(dirname "$0")" && pwd)
check=false
[ "${1:-}" != --check ] || { check=true; shift; }
if [ $# -ne 1 ] || [ ! -x "$1" ]; then
	echo "usage: deploy.sh [--check] PROGRAM" >&2
	exit 2
fi
program=$1

step() {
	echo "deploy: $*"
}

# run CMD...: does it, or says that it would.
run() {
	if $check; then step "would: $*"; else "$@"; fi
}

account() {
	if ! getent passwd "$user" >/dev/null; then
		run adduser --quiet --system --group --home "$home" --no-create-home "$user"
		! getent passwd www-data >/dev/null || run adduser --quiet www-data "$user" # nginx serves the uploads
	fi
}

# Folders, the environment with secrets of its own, units that name this layout.
layout() {
	run install -d -m 755 "$home" "$home/bin"
	run install -d -m 750 -o "$user" -g "$user" "$home/uploads"
	[ -e "$home/.env" ] || new_environment
	[ ! -d "$units" ] || [ -e "$units/sojorn-api.socket" ] || install_units
}

new_environment() {
	if $check; then
		step "would: write $home/.env"
		return
	fi
	(umask 077 && "$here/new-env" "$home/uploads" >"$home/.env.new")
	mv "$home/.env.new" "$home/.env"
	step "wrote $home/.env: edit it, then do this again"
	exit 1
}

install_units() {
	if $check; then
		step "would: install the units in $units"
		return
	fi
	for unit in "$here"/systemd/*; do
		sed -e "s|/usr/bin/sojorn|$home/bin/sojorn|; s|/etc/sojorn/sojorn.env|$home/.env|" \
			-e "s|^WorkingDirectory=.*|WorkingDirectory=$home|" \
			-e "s|^StateDirectory=sojorn .*|ReadWritePaths=$home/uploads|" "$unit" >"$units/${unit##*/}"
	done
	[ -d /run/systemd/system ] || return 0
	systemctl daemon-reload
	systemctl enable --now sojorn-backup.timer sojorn-drill.timer
}

# The program under a name of its own; the link is exchanged in one step.
use() {
	ln -sfn "$1" "$home/bin/sojorn.new"
	mv -T "$home/bin/sojorn.new" "$home/bin/sojorn"
}

is_well() {
	curl -fsS -o /dev/null --max-time 5 --retry 10 --retry-delay 1 --retry-connrefused --retry-max-time 30 "$health"
}

account
layout
name=sojorn-$(sha256sum "$program" | cut -c1-16)
before=$(readlink "$home/bin/sojorn" || true)
if [ "$before" = "$name" ] && is_well 2>/dev/null; then
	step "$name is in use and well"
	exit 0
fi
if $check; then
	step "would: install $name, migrate, restart, ask $health; else go back to ${before:-nothing}"
	exit 0
fi
install -m 755 "$program" "$home/bin/$name"
step "moving the schema"
(cd "$home" && "bin/$name" migrate up)
use "$name"
step "restarting"
$restart || true
if is_well; then
	[ -z "$before" ] || [ "$before" = "$name" ] || ln -sfn "$before" "$home/bin/sojorn.before"
	step "$name is in use and well"
	exit 0
fi
step "$name does not get well"
if [ -n "$before" ] && [ "$before" != "$name" ]; then
	use "$before"
	$restart || true
	is_well && step "back to $before, which is well"
fi
exit 1
