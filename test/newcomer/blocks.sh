# shellcheck shell=bash
# The commands of docs/operations.md. Sourced by install and walk.

manual=/root/sojorn/docs/operations.md

# blocks HEADING [NUMBER]: the shell blocks below "## HEADING" up to the next heading, or the one of that number.
blocks() {
	awk -v heading="## $1" -v number="${2:-0}" '
		/^##+ / { here = ($0 == heading) }
		here && /^ *```sh$/ { inside = 1; n++; next }
		/^ *```$/ { inside = 0 }
		here && inside && (number == 0 || n == number) { sub(/^   /, ""); print }' "$manual"
}
