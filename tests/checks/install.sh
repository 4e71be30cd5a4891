#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# install.sh BUILD [FLAG...]: what `meson install` lays out is enough to build a
# program with pkg-config, against the shared library and against the static
# one. FLAGs are what a sanitized or measured library wants at link time.
set -eu

build=${1:?build directory}
shift
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT

die()
{
	echo "install: $*" >&2
	exit 1
}

meson install -C "$build" --no-rebuild --quiet --destdir "$dest/root" >"$dest/log" 2>&1 ||
    { cat "$dest/log" >&2; die "meson install failed"; }

find_one()
{
	find "$dest/root" -name "$1" | head -n 1 | grep . || die "no $1"
}

pc=$(find_one sealtls.pc)
shared=$(find_one libsealtls.so)
static=$(find_one libsealtls.a)
find_one libsealtls.so.0 >/dev/null
find_one error.h >/dev/null

prefix=$dest/root$(sed -n 's/^prefix=//p' "$pc")
config()
{
	PKG_CONFIG_PATH=$(dirname "$pc") \
	    pkg-config "--define-variable=prefix=$prefix" "$@" sealtls
}

# A stack that is not built in has no header.
stacks=" $(config --variable=stacks) "
for header in "$(dirname "$0")"/../../include/sealtls/*.h; do
	name=$(basename "$header")
	case $name in
	gnutls.h | nss.h | wolfssl.h)
		case $stacks in
		*" ${name%.h} "*) ;;
		*) continue ;;
		esac
		;;
	esac
	find_one "$name" >/dev/null
done

cat >"$dest/tiny.c" <<'END'
#include <sealtls/error.h>

#include <string.h>

int
main(void)
{
	return strcmp(seal_error_name(SEAL_E_BINDER), "SEAL_E_BINDER") != 0;
}
END

# shellcheck disable=SC2046 # pkg-config prints several options
${CC:-cc} "$@" $(config --cflags) -o "$dest/tiny" "$dest/tiny.c" $(config --libs)
LD_LIBRARY_PATH=$(dirname "$shared") "$dest/tiny" || die "shared: wrong answer"

# shellcheck disable=SC2046
${CC:-cc} "$@" $(config --cflags) -o "$dest/tiny-static" "$dest/tiny.c" \
    "$static" $(config --static --libs | sed 's/-lsealtls//')
"$dest/tiny-static" || die "static: wrong answer"
