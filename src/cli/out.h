/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include <sealtls/verdict.h>

#include "base/wr.h"

#define OUT_MAX 1048576u /* bytes of one thing printed */

/* text as a JSON string, quotes included. */
void out_json_text(struct wr *w, const char *text);
/* `"key":"text"`, after a comma unless it opens its object. */
void out_json_member(struct wr *w, const char *key, const char *text);
/* Likewise `"error":{…}`: code, outcome, text and remedy. */
void out_json_error(struct wr *w, const struct seal_diag *d);
/* JSON laid out over lines, on one line. */
void out_json_flat(struct wr *w, const char *json);

/* Prints what w holds and a newline, and frees it. EXIT_ACCEPTED, or
 * EXIT_USAGE, told on stderr, where it cannot be written. */
int out_line(FILE *to, struct wr *w);
/* Prints text, made by the library, and frees it. Likewise. */
int out_text(FILE *to, char *text);

/* Text for one line of a terminal: control characters become '?'. */
void out_plain(struct wr *w, const char *text);

/*
 * The story of a failure: on stderr for people; as JSON on to for programs.
 * Returns the exit status that it means.
 */
int out_diag(FILE *to, bool json, const struct seal_diag *d);
/* The exit status of a failure before any peer was judged. */
int out_exit(int code);

#endif
