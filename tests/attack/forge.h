/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACK_FORGE_H
#define ATTACK_FORGE_H

#include "base/wr.h"
#include "lib/job.h"
#include "pair.h"

/*
 * What an attacker does who runs a whole peer, its keys and its session
 * machine included, but cannot make genuine Evidence for this connection.
 * Everything here works on jobs that the sides of a pair hold back.
 */

/* The job that side now holds back; fails the test where it is not of kind. */
struct seal_job *forge_job(struct side *s, enum session_job_kind kind);
/* The CMW in the authenticator that j brings to be judged, or that it made,
 * appended to out. */
void forge_steal(const struct seal_job *j, struct wr *out);
/* Answers j's request with that CMW, whatever it was made for: keyed by this
 * connection, signed with the key of the side's own attester. */
void forge_answer(struct seal_job *j, struct span cmw);
/* Answers with bytes as they stand. */
void forge_answer_bytes(struct seal_job *j, struct span authenticator);
/* Gives the job back. */
void forge_done(struct side *s, struct seal_job **j);
/* Evidence that a genuine server makes on a connection of its own, now. */
void forge_genuine(struct world *w, const char *client_json,
    const char *server_json, struct wr *out);

/* The connection failed for the reason code, and no byte passes. */
void expect_refused(struct pair *p, struct side *victim, const char *name,
    enum seal_outcome outcome, int code);
void expect_accepted(struct pair *p, struct side *victim, const char *name);

#define FORGE_SOFT(key)                                                \
	"\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=00ff\"}}]"

#endif
