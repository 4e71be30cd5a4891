/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_END_DATAGRAM_H
#define UNIT_LIB_END_DATAGRAM_H

#include "path.h"

/* Both ends of a pair, or neither; one such pair at a time, on a path whose
 * network path_net() sets. */
extern const struct end_stack end_datagram;

#endif
