/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_END_DATAGRAM_H
#define UNIT_LIB_END_DATAGRAM_H

#include "fake/impair.h"
#include "pair.h"

/* Both ends of a pair, or neither; one such pair at a time. */
extern const struct end_stack end_datagram;
/* What the network of the pairs to come does. */
void end_datagram_net(const struct impair_net *net, uint64_t seed);

#endif
