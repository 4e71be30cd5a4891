#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bad network that other tests rely on: what it loses, delays, duplicates
# and reorders, and that a seed decides it.
# Environment: FAKE_RELAY, it; RELAY_TEST, relay.py.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

need python3
python3 "${RELAY_TEST:?}" "${FAKE_RELAY:?}"
