/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_FOLDER_FIXTURE_H
#define APPRAISE_FOLDER_FIXTURE_H

#include "appraise/endorse.h"

/* Every part as a file of the folder, which is made where it is not there;
 * what it held before is gone. */
void folder_put(const char *dir, const struct endorsements *e);
void folder_clear(const char *dir);  /* its files */
void folder_remove(const char *dir); /* and the folder */

#endif
