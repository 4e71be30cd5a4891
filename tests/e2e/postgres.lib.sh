# shellcheck shell=sh disable=SC2034 # for those that source it
# SPDX-License-Identifier: Apache-2.0
# A PostgreSQL of the test's own: on a unix socket, in a folder of its own, as
# an unprivileged user. Sourced after lib.sh. Skips where there is none.

# start_postgres: its pid in $pid, and the store's line in $pg_url.
start_postgres() {
	pg_bin=$(dirname "$(find /usr/lib/postgresql -name initdb 2>/dev/null |
		sort -V | tail -n 1)")
	[ -x "$pg_bin/postgres" ] || {
		echo "skipped: there is no PostgreSQL server on this machine"
		exit 77
	}
	pg_as=
	pg_dir=$dir/pg
	mkdir "$pg_dir"
	if [ "$(id -u)" -eq 0 ]; then
		# It refuses to run as root.
		need setpriv
		pg_user=postgres
		id "$pg_user" >/dev/null 2>&1 || pg_user=nobody
		pg_as="setpriv --reuid=$pg_user --regid=$(id -g "$pg_user") --clear-groups"
		chmod 711 "$dir"
		chown "$pg_user" "$pg_dir"
	fi
	# shellcheck disable=SC2086 # several words
	(cd "$pg_dir" && $pg_as "$pg_bin/initdb" -D "$pg_dir/data" -A trust \
		-U seal -N -E UTF8 --locale=C) >initdb.log 2>&1 </dev/null ||
		die "initdb: $(cat initdb.log)"
	restart_postgres
}

# restart_postgres: the same data, after it was stopped or killed.
restart_postgres() {
	# shellcheck disable=SC2086
	start pg sh -c "cd '$pg_dir' && exec $pg_as '$pg_bin/postgres' -D data \
		-k '$pg_dir' -c listen_addresses='' -c max_connections=60"
	until_true "$pg_bin/pg_isready" -q -h "$pg_dir" -U seal -d postgres
	pg_url="postgres://seal@/postgres?host=$pg_dir"
}
