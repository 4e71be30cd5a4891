#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-pv.sh [PROVERIF]: compares every result with expected-pv.txt.
set -u
pv=${1:-proverif}
cd "$(dirname "$0")" || exit 1
bad=0
while read -r model cfg query want; do
	got=$("$pv" -lib core.pvl -lib "$cfg.pvl" -lib "$query.pvl" "$model.pv" 2>&1 |
		sed -n 's/^RESULT.* is true\..*/TRUE/p; s/^RESULT.* is false\..*/FALSE/p
			s/^RESULT.*cannot be proved.*/UNKNOWN/p' | head -n 1)
	if [ "$got" = "$want" ]; then
		echo "ok   $model $cfg $query $got"
	else
		echo "FAIL $model $cfg $query: expected $want, found ${got:-nothing}"
		bad=1
	fi
done <expected-pv.txt
exit $bad
