/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_REMOTE_PLACE_H
#define UNIT_REMOTE_PLACE_H

#include <stdbool.h>

/*
 * A folder with what clients and services need: here.key and here.pem (for
 * 127.0.0.1), other.key and other.pem (for another name), token.
 */
struct place {
	char dir[64];
	char here_cert[96], here_key[96], other_cert[96], other_key[96],
	    token[96];
};

int place_setup(void **state);
int place_teardown(void **state);

#endif
