/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_UNDRESS_H
#define LIB_UNDRESS_H

#include "base/wr.h"

/*
 * Bytes in the clothes that people keep them in: hex or base64 of either
 * alphabet, with white space anywhere, and the lines that frame PEM. out is
 * initialised. False, with nothing in it, where in is none of that: no format
 * that is text itself, such as JSON or a JWT, is.
 */
bool undress(struct span in, struct wr *out);

#endif
