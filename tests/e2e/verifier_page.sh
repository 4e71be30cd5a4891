#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The status page in a browser: what its readers find in it, with script and
# without, wide and on a phone. SEAL_SCREENSHOTS: a folder to leave pictures in.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$(dirname "$0")/verifier.lib.sh"
need chromium
prepare_verifier
store=v.db
expect 0 verifier add policy.json --store "$store"
verifier v
session
submit 200 00ff "$nonce"
session
submit 200 00fe "$nonce"

# What no honest Evidence would have, the store could still hold.
python3 - <<'END'
import sqlite3
import time
db = sqlite3.connect("v.db")
add = ("INSERT INTO ar (at, session, verifier, attester, scheme, policy, evidence, outcome,"
       " tier, vector, reason, remedy, result) VALUES (?, 's', ?, ?, ?, ?, 'e', ?, ?, ?, ?, ?, 'r')")
hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\"'&lt;"
now = int(time.time())
db.execute(add, (now, "https://v.example", "ab" * 32, "application/eat+cwt", "default",
                 1, 32, "2,32,2,0,2,0,0,0", "", ""))
db.execute(add, (now, hostile, hostile, hostile, hostile, 4, 96, "96,0,96,0,0,0,0,0",
                 hostile, hostile))
for i in range(60):
    db.execute(add, (now - 60 * i, "https://v.example", "%064x" % (i % 7), "application/eat+cwt",
                     "default", 1, 2, "2,0,2,0,0,0,0,0", "", ""))
db.commit()
END

# Two profiles, one of which runs no script on any page.
mkdir -p home script noscript/Default
echo '{"profile":{"default_content_setting_values":{"javascript":2}}}' \
	>noscript/Default/Preferences
# browse PROFILE OPTION...
browse() {
	profile=$1
	shift
	HOME=$dir/home timeout 90 chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --no-first-run --disable-extensions \
		--disable-background-networking --disable-component-update \
		--user-data-dir="$dir/$profile" "$@" </dev/null 2>>browser.log ||
		die "chromium: $(tail browser.log)"
}
# dump NAME PROFILE PATH: the page as the browser has it, in NAME.html, with a
# line for each element.
dump() {
	browse "$2" --dump-dom "$url$3" | sed 's/</\n</g' >"$1.html"
	has "$1.html" '^<title>'
}
# picture NAME WIDTH HEIGHT PROFILE PATH
picture() {
	[ -z "${SEAL_SCREENSHOTS-}" ] ||
		browse "$4" --window-size="$2,$3" \
			--screenshot="$SEAL_SCREENSHOTS/$1.png" "$url$5" >/dev/null
}
articles() { lines "$1.html" '^<article'; }

say "the profiles are what they are called"
cat >control.html <<-'END'
	<!doctype html><title>still</title><script>document.title = "scripted"</script>
END
for profile in script noscript; do
	browse $profile --dump-dom "file://$dir/control.html" >$profile.html
done
has script.html '<title>scripted'
has noscript.html '<title>still'

say "the same page with script and without: colours by tier, reasons, no markup"
dump with script /
dump without noscript /
cmp with.html without.html || die "the page needs script"
for line in '<link rel="stylesheet" href="/style.css">' '<title>Verifier' \
	'<article class="ok">' '<article class="warn">' '<article class="bad">' \
	'<li class="ok">executables: affirming' '<li class="warn">configuration: warning' \
	'<li class="bad">executables: contraindicated' \
	'<p>soft.measurement: expected app = 00ff, got app = 00fe' \
	'<p class="dim">To do: if the peer changed on purpose, learn the policy again'; do
	grep -qxF -- "$line" without.html || die "the page has no line '$line'"
done
has without.html '&lt;script&gt;document.title'
hasnt without.html '^<script'
hasnt without.html '^<img'
hasnt without.html '^<[^>]* on[a-z]*=' # handlers

say "colours are there"
ask 200 "$url/style.css"
for class in ok warn bad; do
	has body "article.$class{"
	has body "li.$class{"
done

say "filters, without script"
dump refused noscript '/?outcome=refused'
[ "$(articles refused)" -eq 2 ] || die "expected 2 refusals"
hasnt refused.html '<article class="ok">'
has refused.html '^<option selected="">refused'
dump accepted noscript '/?outcome=accepted'
hasnt accepted.html '<article class="bad">'
[ "$(articles accepted)" -eq 50 ] || die "expected a page of 50"
dump one noscript "/?attester=$(printf '%064x' 3)"
[ "$(articles one)" -eq 9 ] || die "expected 9 of one attester: $(articles one)"
dump type noscript '/?scheme=application%2Feat%2Bcwt'
hasnt type.html '<article class="bad">'
older=$(sed -n 's/.*name="before" value="\([0-9]*\)".*/\1/p' accepted.html)
[ -n "$older" ] || die "nothing leads to older results"
dump older noscript "/?outcome=accepted&attester=&scheme=&before=$older"
[ "$(articles older)" -eq 12 ] || die "expected the other 12: $(articles older)"
dump none noscript '/?scheme=%3Cscript%3Ealert(1)%3C%2Fscript%3E'
hasnt none.html '^<script'
[ "$(articles none)" -eq 0 ] || die "expected nothing"

picture wide 1280 1600 script /
picture phone 500 1600 script /
picture wide-without-script 1280 1000 noscript /
picture phone-refused 500 1200 noscript '/?outcome=refused'
