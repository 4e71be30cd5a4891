# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# TPMs whose endorsement keys have certificates, and who certifies AKs; sourced
# after lib.sh.
need swtpm swtpm_setup swtpm_localca tpm2_getrandom tpm2_getcap openssl

# manufacture NAME: a TPM with EK certificates by a CA of its own, running; how
# to reach it in $tcti. start_tpm makes the folder, so it is filled before.
manufacture() {
	mkdir "$1.ca"
	cat >"$1.setup" <<-END
		create_certs_tool=$(command -v swtpm_localca)
		create_certs_tool_config=$dir/$1.localca
		create_certs_tool_options=$dir/$1.options
	END
	cat >"$1.localca" <<-END
		statedir=$dir/$1.ca
		signingkey=$dir/$1.ca/signkey.pem
		issuercert=$dir/$1.ca/issuercert.pem
		certserial=$dir/$1.ca/certserial
	END
	echo "--platform-manufacturer test --platform-version 1 --platform-model $1" \
		>"$1.options"
	mkdir "$1.made"
	swtpm_setup --tpm2 --tpmstate "$dir/$1.made" --create-ek-cert \
		--config "$dir/$1.setup" </dev/null >"$1.setup.log" 2>&1 ||
		die "swtpm_setup: $(cat "$1.setup.log")"
	start_tpm "$1" "$1.made"
	tpm2_getcap -T "$tcti" handles-nv-index >"$1.nv"
	grep -qi 0x1c00002 "$1.nv" || die "no EK certificate: $(cat "$1.setup.log")"
	expect 0 tpm init --tcti "$tcti" --out "$1.keys"
}
# ca NAME: a CA that certifies AKs.
ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 2 \
		-addext basicConstraints=critical,CA:TRUE \
		-addext keyUsage=critical,keyCertSign 2>/dev/null
	chmod 600 "$1.key"
}
