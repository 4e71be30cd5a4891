/* SPDX-License-Identifier: Apache-2.0 */
/* tsm PROVIDER MOUNT STATE: see tsm.h. */
#include <stdio.h>

#include "tsm.h"

int
main(int argc, char **argv)
{
	if (argc == 4)
		return fake_tsm(argv[1], argv[2], argv[3]);
	fprintf(stderr, "usage: fake-tsm PROVIDER MOUNT STATE\n");
	return 1;
}
