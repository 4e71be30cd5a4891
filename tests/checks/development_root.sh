#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# development_root.sh DOUBLE FILE...: what tests sign with stays with the tests.
# No FILE that is installed holds a certificate, or a part of the double of a
# platform; DOUBLE, where there is one, shows that this would be seen.
set -eu

double=${1?the double, or empty}
shift
marks='DEVELOPMENT ROOT|SEV-Milan|snp_setup|dcap_setup|fake_tsm'

die()
{
	echo "development_root: $*" >&2
	exit 1
}

# A certificate in base64 starts so; in DER its outer two lengths have two bytes.
certificates()
{
	grep -acE 'MII[A-Za-z0-9+/]{60}' "$1" ||
	    LC_ALL=C grep -acP '\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02' "$1" || true
}

for file; do
	[ -s "$file" ] || die "no such file: $file"
	! grep -aqE "$marks" "$file" || die "$file: holds a part of a test's root"
	found=$(certificates "$file" | tail -n 1)
	[ "$found" = 0 ] || die "$file: holds a certificate"
done
[ -z "$double" ] || grep -aqE "$marks" "$double" ||
    die "the marks are not even in $double"
