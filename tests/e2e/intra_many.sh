#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many handshakes at once, whose Evidence takes its time, on one thread of one
# server: each is accepted. PEERS: how many; DELAY_MS: of each Evidence.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
many=${INTRA_MANY:?the program intra_many}
peers=${PEERS-200}
delay=${DELAY_MS-300}
deadlines='"deadlines_ms": { "attest": 120000, "answer": 120000 }'

soft_key server
soft_policy of-server.json "$pin" 00ff
sed -i 's/"version": 1,/"version": 1, "min_binding": "transcript",/' of-server.json
cat >server.json <<END
{ "mode": "intra", $deadlines, "identity": { "mode": "none" },
  "handshakes": { "total": $peers },
  "attesters": [ { "driver": "soft",
    "conf": { "key": "server.key", "measurements": "app=00ff" } } ] }
END
echo "{ \"mode\": \"intra\", \"policy\": \"of-server.json\", $deadlines }" >client.json

say "$peers at once"
"$many" server.json client.json "$peers" "$delay" || die "not all were accepted"
