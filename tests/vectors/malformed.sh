#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# malformed.sh VECTORS DIRECTORY: what is no file of vectors, or has a value
# changed, ends with status 1 and says so; other spellings do no harm.
set -eu

vectors=$1
dir=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/vectors.XXXXXX")
trap 'rm -rf "$work"' EXIT
bad=0

# expect STATUS WHAT: runs the file on it.
expect()
{
	status=0
	"$vectors" "$work/file" >"$work/out" 2>&1 || status=$?
	if [ "$status" -ne "$1" ] || [ ! -s "$work/out" ]; then
		echo "$2: expected status $1, got $status:"
		cat "$work/out"
		bad=1
	fi
}

refuse()
{
	printf '%s' "$1" >"$work/file"
	expect 1 "$1"
}

refuse ''
refuse '{'
refuse '[]'
refuse '7'
refuse '{}'
refuse '{"vectors":[]}'
refuse '{"vectors":7}'
refuse '{"vectors":[7]}'
refuse '{"vectors":[{}]}'
refuse '{"vectors":[],"vectors":[]}'
refuse '{"handshakes":{}}'
refuse '{"handshakes":[null]}'
refuse '{"handshakes":[{"hash":"sha256","spki":"00"}]}'
refuse '{"hkdf_expand_label":[{"hash":"md5"}]}'
refuse '{"hkdf_expand_label":[{"hash":7}]}'
refuse '{"hkdf_expand_label":[{"hash":"sha256","secret":"0g","label":"x","out":"00"}]}'
refuse '{"hkdf_expand_label":[{"hash":"sha256","secret":"00","label":"x","out":"00","length":-1}]}'
refuse '{"dtls13_exporter":[{"hash":"sha256","exporter_master_secret":"00","label":"x","value":""}]}'
refuse '{"certificates":{"a":{"certificate":"3000"}}}'
refuse '{"certificates":{"a":7}}'
refuse '{"early_binder":[{"hash":"sha256","certificate":"nobody"}]}'

# change FILE SED WHAT: a changed value must be noticed.
change()
{
	sed -e "$2" "$dir/$1" >"$work/file"
	! cmp -s "$dir/$1" "$work/file" || { echo "$3: changes nothing"; bad=1; }
	expect 1 "$3"
}

# Hex values are flipped in their last digit.
flip='s/\(": "[0-9a-f]*\)[0-9a-e]"/\1f"/'
for key in authenticator certificate certificate_transcript_hash signed_content \
    certificate_verify finished_transcript_hash finished; do
	change authenticators.json "/\"$key\": \"/$flip" "another $key"
done
for key in out hkdf_label value exported_value aik_pub_hash binder \
    binder_zero_padded_64 transcript_hash attest_base spki_hash spki_sha256; do
	change binders.json "/\"$key\": \"/$flip" "another $key"
done
change authenticators.json 's/"valid": true/"valid": false/' "none valid"
change authenticators.json 's/"valid": false/"valid": true/' "all valid"
change authenticators.json 's/"finished_mismatch"/"key_usage"/' "another reason"
change authenticators.json 's/"time": [0-9]*/"time": 4000000000/' "a later time"
change authenticators.json 's/"hash": "sha256"/"hash": "sha999"/' "unknown hash"

# What may differ.
sed -e 's/\("[0-9a-f]\{16,\}"\)/\U\1/' "$dir/binders.json" >"$work/file"
expect 0 "upper case"
sed -e 's/"finished_mismatch"/"a_reason_of_tomorrow"/' \
    -e 's/"role":/"extra": {"a": [1]}, "role":/' "$dir/authenticators.json" >"$work/file"
expect 0 "unknown reasons and fields"
sed -e 's/"intermediate":/"intermediate_not":/' -e 's/"key_pkcs8"/"no_key"/' \
    -e 's/"identity"/"no_identity"/' "$dir/authenticators.json" >"$work/file"
expect 0 "optional fields missing"

exit "$bad"
