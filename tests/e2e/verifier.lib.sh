# shellcheck shell=sh disable=SC2034,SC2154 # for those that source it
# SPDX-License-Identifier: Apache-2.0
# Verifiers in tests: sourced after lib.sh. ASKER is a program that asks much.
need curl openssl python3
asker=${ASKER-}
scheme_type='Content-Type: application/cmw+cbor'
policy_type='Content-Type: application/vnd.sealtls.policy+json'
new_session=/challenge-response/v1/newSession
submit_policy=/endorsement-provisioning/v1/submit

# prepare_verifier: keys, a token, a policy in policy.json and the attester
# that it accepts, in $spec and attester.json.
prepare_verifier() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out results.key 2>/dev/null
	echo 'a secret of the provisioners' >token
	chmod 600 results.key token
	soft_key signer
	soft_policy policy.json "$pin" 00ff
	spec='soft:key=signer.key;measurements=app='
	echo '{ "attesters": [ { "driver": "soft", "conf": {
		"key": "signer.key", "measurements": "app=00ff" } } ] }' >attester.json
}

# verifier NAME [LINE]...: a running one, with these lines of configuration,
# its pid in $pid, its address in $url and $port. $store is where it keeps
# things, perhaps with others.
verifier() {
	verifier_name=$1
	shift
	cat >"$verifier_name.conf" <<-END
		listen = 127.0.0.1:0
		store = $store
		key = results.key
		id = https://v.example
		token_file = token
		session_s = 3600
		per_address = 512
	END
	for line; do
		sed -i "/^${line%% =*} =/d" "$verifier_name.conf"
		echo "$line" >>"$verifier_name.conf"
	done
	start "$verifier_name" "$seal" verifier run --config "$verifier_name.conf"
	await "$verifier_name.log" 'listening on ' "$pid"
	url=http://$found
	port=${found##*:}
}

# ask STATUS CURL-ARGUMENT...: the body is in the file body, the head in head.
ask() {
	want=$1
	shift
	got=$(curl -s -m 30 -D head -o body -w '%{http_code}' "$@") || true
	[ "$got" = "$want" ] || die "$*: expected $want, found $got: $(cat body)"
}
# session_at URL: its path in $at, its nonce in $nonce.
session_at() {
	ask 201 -X POST "$1$new_session"
	at=$(sed -n 's/^Location: *//ip' head | tr -d '\r')
	nonce=$(python3 -c 'import json,base64
print(base64.b64decode(json.load(open("body"))["nonce"]).hex())')
}
session() { session_at "$url"; }
# submit STATUS VALUE NONCE [URL]: Evidence that app is VALUE, to the session.
submit() {
	"$seal" evidence --attest "$spec$2" --nonce "$3" -o e.cmw
	ask "$1" -H "$scheme_type" --data-binary @e.cmw "${4-$url}$at"
}
# provision FILE [URL]: a policy; fails quietly where nobody takes it.
provision() {
	curl -sf -m 30 -o provisioned -H "$policy_type" \
		-H "Authorization: Bearer $(cat token)" --data-binary "@$1" \
		"${2-$url}$submit_policy"
}
# provision_on JOURNAL [URL]: policies, each with a number of its own, until
# nobody takes one any more or the file enough is there.
provision_on() {
	n=0
	while [ ! -e enough ]; do
		n=$((n + 1))
		sed "s/\"max_age_s\": [0-9]*/\"max_age_s\": $((60 + n % 100))/" \
			policy.json >next.json
		provision next.json "${2-$url}" || {
			# 7: nobody listens any more.
			[ $? -ne 7 ] || break
			continue
		}
		# A line in one write, whole among those of others.
		echo "policy $(sed -n 's/.*"id":\([0-9]*\).*/\1/p' provisioned)" >>"$1"
	done
}

# lines FILE PATTERN: how many.
lines() { grep -c -- "$2" "$1" 2>/dev/null || [ -e "$1" ] || echo 0; }
grown() { [ "$(lines "$1" "$2")" -ge "$3" ]; }

# logged_since ID: the sessions of all results after that one.
logged_since() {
	before=
	while :; do
		# shellcheck disable=SC2086 # two words
		expect 0 verifier log --store "$store" --json --max 200 $before
		sed -n 's/^{"id":\([0-9]*\),.*"session":"\([^"]*\)".*/\1 \2/p' out >page
		awk -v since="$1" '$1 > since { print $2 }' page
		last=$(tail -n 1 page | cut -d' ' -f1)
		[ "${last:-0}" -gt "$1" ] || return 0
		before="--before $last"
	done
}
newest_result() {
	expect 0 verifier log --store "$store" --json --max 1
	newest=$(sed -n 's/^{"id":\([0-9]*\),.*/\1/p' out)
	newest=${newest:-0}
}

# acknowledged JOURNAL ID: all that it lists is there: in the log after result
# number ID, among the policies, and as sessions of the verifier at $url.
acknowledged() {
	cp "$1" listed # as it is now: more may be coming
	logged_since "$2" | sort >logged
	sed -n 's/^done //p' listed | sort >told
	comm -23 told logged >lost
	[ ! -s lost ] || die "results were lost: $(cat lost)"
	[ -z "$(uniq -d logged)" ] || die "results twice: $(uniq -d logged)"
	expect 0 verifier list --store "$store" --json
	sed -n 's/^{"id":\([0-9]*\),.*/\1/p' out | sort >logged
	sed -n 's/^policy //p' listed | tail -n 200 | sort >told
	comm -23 told logged >lost
	[ ! -s lost ] || die "policies were lost: $(cat lost)"
	sed -n "s,^open \(.*\),url = \"$url/challenge-response/v1/session/\1\"\noutput = /dev/null," \
		listed >urls
	[ -s urls ] || return 0
	curl -s -m 60 -K urls -w '%{http_code}\n' | sort | uniq -c >statuses
	[ "$(awk '{ print $2 }' statuses)" = 200 ] ||
		die "sessions were lost: $(cat statuses)"
}
