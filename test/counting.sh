# shellcheck shell=sh
# For test/*/run in shell: a temporary directory to work in, checks that count, and the last line.
# Sets root (of the checkout) and work; a check leaves what it printed in $work/output.

root=$(cd "$(dirname "$0")/../.." && pwd)
export root
work=$(mktemp -d)
trap 'clean_up; rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP
cd "$work" || exit 1
passed=0
failed=0

# What else must be undone at the end; a test may define it anew.
clean_up() {
	:
}

# result NAME STATUS: counts; a failure shows its output.
result() {
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL  $1"
		sed 's/^/      /' "$work/output"
	fi
}

# works NAME CMD...: the command succeeds.
works() {
	name=$1
	shift
	"$@" >"$work/output" 2>&1
	result "$name" $?
}

# says NAME TEXT CMD...: the command fails and its message has the text.
says() {
	name=$1 text=$2
	shift 2
	if "$@" >"$work/output" 2>&1; then
		echo "it did not fail" >>"$work/output"
		result "$name" 1
	else
		grep -qF -- "$text" "$work/output"
		result "$name" $?
	fi
}

# free_ports N: the first of N neighbouring ports that nobody uses, below the range of outgoing connections.
free_ports() {
	awk -v n="$1" 'BEGIN {
		while ((getline line <"/proc/net/tcp") > 0) {
			split(line, words, /[ :]+/)
			used[words[4]] = 1
		}
		srand()
		do {
			first = 10000 + int(rand() * 10000)
			busy = 0
			for (i = 0; i < n; i++)
				busy += (sprintf("%04X", first + i) in used)
		} while (busy)
		print first
	}'
}

finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}
