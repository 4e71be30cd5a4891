#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attested DTLS between hosts, over networks that lose, reorder, duplicate and
# delay: none is stuck, none wrongly judged. A few of each; `bench/impaired` has
# more, one network after the other.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/impaired.lib.sh
. "$(dirname "$0")/impaired.lib.sh"
hosts_open
parties

say "all networks at once, ten connections each"
head_of_rows
seed=1
rows=
while IFS='|' read -r name mtu settings; do
	seed=$((seed + 1))
	# shellcheck disable=SC2086 # settings are words
	alone row "$name" 10 10 "$mtu" $settings seed=$seed &
	rows="$rows $!"
	pids="$pids $!"
done <<END
$networks
END
wrong=
for p in $rows; do
	finish "$p"
	[ "$status" -eq 0 ] || wrong=yes
done
[ -z "$wrong" ] || die "see above"
netem_row 10 10
