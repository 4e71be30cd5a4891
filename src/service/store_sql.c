/* SPDX-License-Identifier: Apache-2.0 */
#include "service/store_parts.h"

#define AR_COLUMNS                                                        \
	"id, at, session, verifier, attester, scheme, policy, evidence, " \
	"outcome, tier, vector, reason, remedy, result"

#define ITEM_COLUMNS "id, added, kind, name, type, digest, author"
/* How many of its name came later and are still there. */
#define ITEM_NEWER                                                          \
	"(SELECT count(*) FROM item AS newer WHERE newer.kind = item.kind " \
	"AND newer.name = item.name AND newer.removed = 0 AND newer.id > "  \
	"item.id)"

/* As every database takes them. */
const char *const store_sql[STATEMENTS] = {
	[S_SESSION_ADD] = "INSERT INTO session (id, nonce, given, expiry, "
			  "state) VALUES ($1, $2, $3, $4, $5)",
	[S_SESSION_GET] = "SELECT nonce, given, expiry, state, result FROM "
			  "session WHERE id = $1 AND expiry > $2",
	[S_SESSION_DELETE] =
	    "DELETE FROM session WHERE id = $1 AND expiry > $2",
	[S_SESSION_END] = "UPDATE session SET state = $1, result = $2 WHERE "
			  "id = $3 AND expiry > $4 AND state = $5",
	[S_SESSION_EXPIRE] = "DELETE FROM session WHERE expiry <= $1",
	[S_AR_ADD] =
	    "INSERT INTO ar (at, session, verifier, attester, scheme, "
	    "policy, evidence, outcome, tier, vector, reason, remedy, result) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
	[S_AR_LIST] = "SELECT " AR_COLUMNS
		      " FROM ar WHERE ($1 = '' OR attester = $1) AND "
		      "($2 = '' OR scheme = $2) AND ($3 = 0 OR outcome = 1) "
		      "AND ($4 = 0 OR id < $4) ORDER BY id DESC LIMIT $5",
	/* A few of very many: by the index ar_refused, whose condition has to
	 * stand here as it stands there. */
	[S_AR_REFUSED] =
	    "SELECT " AR_COLUMNS " FROM ar WHERE outcome <> 1 AND ($1 = '' OR "
	    "attester = $1) AND ($2 = '' OR scheme = $2) AND "
	    "($3 = 0 OR id < $3) ORDER BY id DESC LIMIT $4",
	[S_AR_ATTESTERS] =
	    "SELECT " AR_COLUMNS " FROM ar WHERE id IN (SELECT max(id) FROM ar "
	    "WHERE attester <> '' GROUP BY attester) "
	    "ORDER BY id DESC LIMIT $1",
	[S_AR_EXPIRE] = "DELETE FROM ar WHERE at < $1 OR id <= (SELECT "
			"max(id) FROM ar) - $2",
	[S_ITEM_ADD] = "INSERT INTO item (kind, name, type, digest, author, "
		       "added, body) VALUES ($1, $2, $3, $4, $5, $6, $7) "
		       "RETURNING id",
	/* Also what it had replaced, which must not come back. */
	[S_ITEM_REMOVE] =
	    "UPDATE item SET removed = $1 WHERE removed = 0 AND id <= $2 AND "
	    "kind = (SELECT kind FROM item WHERE id = $2) AND "
	    "name = (SELECT name FROM item WHERE id = $2)",
	[S_ITEM_LIST] = "SELECT " ITEM_COLUMNS ", removed, " ITEM_NEWER
			" FROM item ORDER BY id DESC LIMIT $1",
	[S_ITEM_IN_FORCE] =
	    "SELECT " ITEM_COLUMNS ", body, (SELECT n FROM generation) FROM "
	    "item WHERE removed = 0 AND (kind = 'corim' OR (kind = 'policy' "
	    "AND name = $1)) AND " ITEM_NEWER " = 0 ORDER BY id",
	[S_CORIM_COUNT] = "SELECT count(DISTINCT name) FROM item WHERE "
			  "removed = 0 AND kind = 'corim'",
	[S_GENERATION] = "SELECT n FROM generation",
	[S_GENERATION_NEXT] = "UPDATE generation SET n = n + $1",
	[S_ENROLMENT_ADD] =
	    "INSERT INTO enrolment (id, state, expiry) VALUES ($1, $2, $3)",
	[S_ENROLMENT_TAKE] =
	    "DELETE FROM enrolment WHERE id = $1 RETURNING state",
	[S_ENROLMENT_EXPIRE] = "DELETE FROM enrolment WHERE expiry <= $1",
	[S_COUNT] = "SELECT (SELECT count(*) FROM session), (SELECT count(*) "
		    "FROM item), (SELECT count(*) FROM ar), (SELECT count(*) "
		    "FROM ar WHERE outcome <> 1)",
	[S_PING] = "SELECT count(*) FROM item WHERE id = 0",
};
