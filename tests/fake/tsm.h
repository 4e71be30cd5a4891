/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_TSM_H
#define FAKE_TSM_H

/*
 * A file system that behaves like Linux's configfs-tsm: mkdir makes an entry
 * with its attributes, inblob is taken at close, generation counts the writes,
 * outblob makes a report under a DEVELOPMENT ROOT of its own, whose
 * certificate goes into the folder state (root.pem, and other.pem of another
 * root) and nowhere else.
 *
 * Lines written to .control in it, a word and its values:
 *   fail ATTRIBUTE ERRNO COUNT  the next COUNT reads or writes of it fail;
 *                               ATTRIBUTE mkdir likewise
 *   short N     at most N bytes at a time
 *   race N      somebody else writes after the next N reports
 *   lost N      the next N writes of inblob are lost at close
 *   early N     somebody else writes before the next N reads of outblob
 *   late N      somebody else writes after the next N reads of manifestblob
 *   hang MS     a report takes that long, then fails with ETIMEDOUT
 *   other       reports hold other data; cut: they lack their last byte
 *   noaux, badaux   auxblob is missing, or garbage
 *   floor N, svsm   the least privilege level; an SVSM is there, which has
 *                   the services of svsm_fixture.h
 *   plain           the SVSM's report is over what was asked alone
 *   othermanifest, longmanifest   manifestblob differs from what was hashed,
 *                   or is longer than anybody takes
 *   nomanifest      it is empty, and so was what was hashed
 *   measurement N, debug   in the reports
 *   provider NAME   another name of the provider
 *   reset       none of these any more
 * Read, it says how many entries there are, how many were made, how many
 * reports, and how many bytes of the last one's data stand before its zeros.
 */
#define FAKE_TSM_SKIP 77 /* there is no FUSE here */

int fake_tsm(const char *provider, const char *mount, const char *state);

#endif
