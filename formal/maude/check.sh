#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every scenario and compares attack / no attack with expected.txt.
set -eu
cd "$(dirname "$0")"
got=$(mktemp)
trap 'rm -f "$got"' EXIT
for f in t-early t-expat; do
	maude -no-banner -no-wrap $f.maude </dev/null 2>&1 | awk -v f=$f '
		/^Warning|^Error/ { print > "/dev/stderr"; bad = 1 }
		/^search/ {
			m = $4; s = $0; sub(/.*init\(/, "init(", s); sub(/ =>.*/, "", s)
			q = /acc\(E1/ ? "reach" : "agree"
		}
		/^Solution 1/ { print f, m, q, s, q == "reach" ? "reachable" : "ATTACK" }
		/^No solution/ { print f, m, q, s, q == "reach" ? "unreachable" : "none" }
		END { exit bad }' >>"$got"
done
diff -u expected.txt "$got"
echo "maude: $(wc -l <"$got") scenarios as expected"
