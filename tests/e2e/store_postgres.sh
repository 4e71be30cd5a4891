#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store's own table of tests, on PostgreSQL. STORE_TEST: its program.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.lib.sh
. "$(dirname "$0")/postgres.lib.sh"
start_postgres

SEAL_TEST_STORE=$pg_url "${STORE_TEST:?}"
