/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/diag.h"
#include "base/text.h"
#include "cli/offline.h"
#include "cli/out.h"
#include "cli/verifier_conf.h"
#include "service/provision.h"
#include "service/query.h"
#include "service/request.h"

#define NUMBER_MAX 999999999999

/* What a verifier's store holds, looked at and added to in place. */

static int
open_store(const struct verifier_opts *o, struct service_conf *conf,
    struct store **ret, struct seal_diag *d)
{
	int r;

	if ((r = verifier_conf(o, conf, d)) != 0)
		return r;
	if (conf->store == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "expected --config with a store, or --store");
	return store_open(conf->store, 1, ret, d);
}

static int
ended(const struct verifier_opts *o, const struct seal_diag *d)
{
	return d->code == 0 ? EXIT_ACCEPTED : out_diag(stdout, o->json, d);
}

/* ---- add ---- */

static int
print_added(const struct verifier_opts *o, const struct provisioned *p)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	if (o->json) {
		wr_u8(&w, '{');
		out_json_member(&w, "kind", p->kind);
		out_json_member(&w, "name", p->name);
		wr_printf(&w, ",\"id\":%lld}", (long long)p->id);
	} else {
		wr_printf(&w, "%s ", p->kind);
		out_plain(&w, p->name);
		wr_printf(&w, ", number %lld: in force", (long long)p->id);
	}
	return out_line(stdout, &w);
}

/* By its first byte: JSON is a policy, CBOR a CoRIM. COSE_Sign1 is tag 18. */
static const char *
type_of(struct span body)
{
	size_t i = 0;

	while (i < body.n && strchr(" \t\r\n", body.p[i]) != NULL &&
	       body.p[i] != 0)
		i++;
	if (i < body.n && body.p[i] == '{')
		return PROVISION_POLICY;
	return body.n > 0 && body.p[0] == 0xd2 ? "application/rim+cose"
					       : "application/rim+cbor";
}

static int
add(const struct verifier_opts *o, const char *file)
{
	struct provision p = { .by = "seal verifier add" };
	struct provisioned got = { 0 };
	struct service_conf conf = { 0 };
	struct store *store = NULL;
	struct seal_diag d = { 0 };
	uint8_t *body = NULL;
	int status = EXIT_ACCEPTED;
	size_t n = 0;

	if (open_store(o, &conf, &store, &d) == 0 &&
	    offline_read(file, &body, &n, &d) == 0) {
		p.body = span_of(body, n);
		p.type = type_of(p.body);
		p.anchors_dir = conf.anchors;
		p.name = strcmp(p.type, PROVISION_POLICY) == 0 ? conf.policy
							       : o->policy;
		if (provision(store, &p, &got, &d) == 0)
			status = print_added(o, &got);
	}
	free(got.name);
	free(body);
	store_close(&store);
	conf_wipe(&conf);
	return status != EXIT_ACCEPTED ? status : ended(o, &d);
}

static int
run_add(int argc, char **argv)
{
	struct verifier_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		VERIFIER_CONFIG(&o),
		VERIFIER_STORE(&o),
		{ "--name", "NAME", "of the policy (default)",
		    .text = &o.policy },
		{ "--anchors", "DIR", "certificates that it may name",
		    .text = &o.anchors },
		{ "--json", NULL, "what was done as JSON", .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_verifier_add, opts, argc, argv, 1, 1, &args);

	return r != OPT_RUN ? opt_exit(r) : add(&o, args.v[0]);
}

const struct command cmd_verifier_add = {
	.name = "verifier add",
	.operands = "FILE (--config FILE | --store WHERE) [--name NAME]",
	.summary = "put a policy or a CoRIM into force",
	.example = "  seal policy learn host.example:4433 -o golden.json\n"
		   "  seal verifier add golden.json --store verifier.db",
	.details =
	    "Verifiers that share the store judge by it from the next "
	    "request on. A policy takes\nreference values from CoRIMs by "
	    "\"corim\": \"store\", those of its corim_signers. A CoRIM\n"
	    "replaces that of the same id. Older ones are kept: seal "
	    "verifier list.",
	.run = run_add,
};

/* ---- remove ---- */

static int
remove_one(const struct verifier_opts *o, const char *number)
{
	struct service_conf conf = { 0 };
	struct store *store = NULL;
	struct seal_diag d = { 0 };
	int64_t id = 0;

	if (query_number(span_str(number), "number", 1, NUMBER_MAX, &id, &d) ==
		0 &&
	    open_store(o, &conf, &store, &d) == 0)
		store_item_remove(store, id, (int64_t)time(NULL), &d);
	store_close(&store);
	conf_wipe(&conf);
	return ended(o, &d);
}

static int
run_remove(int argc, char **argv)
{
	struct verifier_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		VERIFIER_CONFIG(&o),
		VERIFIER_STORE(&o),
		{ "--json", NULL, "failures as JSON", .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_verifier_remove, opts, argc, argv, 1, 1, &args);

	return r != OPT_RUN ? opt_exit(r) : remove_one(&o, args.v[0]);
}

const struct command cmd_verifier_remove = {
	.name = "verifier remove",
	.operands = "NUMBER (--config FILE | --store WHERE)",
	.summary = "take a policy or a CoRIM out of force",
	.example = "  seal verifier list --store verifier.db\n"
		   "  seal verifier remove 7 --store verifier.db",
	.details = "What it had replaced does not come back: add that again. "
		   "Without a policy nothing\nis appraised.",
	.run = run_remove,
};

/* ---- list ---- */

static const char *
state_of(const struct item *item)
{
	return item->in_force        ? "in force"
	       : item->removed_s > 0 ? "removed"
				     : "replaced";
}

static int
print_item(void *arg, const struct item *item, struct seal_diag *d)
{
	const struct verifier_opts *o = arg;
	char when[TIME_TEXT];
	struct wr w;

	(void)d;
	wr_init_heap(&w, OUT_MAX);
	time_text(item->added_s, when);
	if (!o->json) {
		wr_printf(&w, "%6lld  %s  %-8s  %-6s  ", (long long)item->id,
		    when, state_of(item), item->kind);
		out_plain(&w, item->name);
		wr_printf(&w, "  %.16s  by ", item->digest);
		out_plain(&w, item->by);
		return out_line(stdout, &w) == EXIT_ACCEPTED ? 0 : SEAL_E_IO;
	}
	wr_printf(&w, "{\"id\":%lld", (long long)item->id);
	out_json_member(&w, "added", when);
	out_json_member(&w, "state", state_of(item));
	out_json_member(&w, "kind", item->kind);
	out_json_member(&w, "name", item->name);
	out_json_member(&w, "type", item->type);
	out_json_member(&w, "sha256", item->digest);
	out_json_member(&w, "by", item->by);
	wr_u8(&w, '}');
	return out_line(stdout, &w) == EXIT_ACCEPTED ? 0 : SEAL_E_IO;
}

static int
list(struct verifier_opts *o)
{
	struct service_conf conf = { 0 };
	struct store *store = NULL;
	struct seal_diag d = { 0 };

	if (open_store(o, &conf, &store, &d) == 0)
		store_item_list(store, print_item, o, &d);
	store_close(&store);
	conf_wipe(&conf);
	return ended(o, &d);
}

static int
run_list(int argc, char **argv)
{
	struct verifier_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		VERIFIER_CONFIG(&o),
		VERIFIER_STORE(&o),
		{ "--json", NULL, "a JSON object a line", .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_verifier_list, opts, argc, argv, 0, 0, &args);

	return r != OPT_RUN ? opt_exit(r) : list(&o);
}

const struct command cmd_verifier_list = {
	.name = "verifier list",
	.operands = "(--config FILE | --store WHERE)",
	.summary = "what was provisioned, newest first",
	.example = "  seal verifier list --store verifier.db",
	.run = run_list,
};

/* ---- log ---- */

struct log_opts {
	struct verifier_opts verifier;
	const char *attester;
	const char *before;
	bool refused;
	uint32_t max;
};

static int
print_text(const struct ar_row *row, const char *when, struct wr *w)
{
	wr_printf(w, "%s  ", when);
	out_plain(w, seal_outcome_name((enum seal_outcome)row->outcome));
	wr_printf(w, "  %.16s  ",
	    row->attester[0] != '\0' ? row->attester : "unproved");
	out_plain(w, row->reason[0] != '\0' ? row->reason : row->scheme);
	return out_line(stdout, w) == EXIT_ACCEPTED ? 0 : SEAL_E_IO;
}

static int
print_result(void *arg, const struct ar_row *row, struct seal_diag *d)
{
	const struct log_opts *o = arg;
	char when[TIME_TEXT];
	struct wr w;

	(void)d;
	wr_init_heap(&w, OUT_MAX);
	time_text(row->at_s, when);
	if (!o->verifier.json)
		return print_text(row, when, &w);
	wr_printf(&w, "{\"id\":%lld", (long long)row->id);
	out_json_member(&w, "at", when);
	out_json_member(
	    &w, "outcome", seal_outcome_name((enum seal_outcome)row->outcome));
	out_json_member(&w, "attester", row->attester);
	out_json_member(&w, "scheme", row->scheme);
	out_json_member(&w, "policy", row->policy);
	out_json_member(&w, "verifier", row->verifier);
	out_json_member(&w, "session", row->session);
	out_json_member(&w, "evidence_sha256", row->evidence);
	wr_printf(&w, ",\"ar4si\":[%s]", row->vector);
	out_json_member(&w, "reason", row->reason);
	out_json_member(&w, "remedy", row->remedy);
	out_json_member(&w, "result", row->result);
	wr_u8(&w, '}');
	return out_line(stdout, &w) == EXIT_ACCEPTED ? 0 : SEAL_E_IO;
}

static int
show_log(struct log_opts *o)
{
	struct ar_filter filter = { .attester = o->attester,
		.which = o->refused ? AR_REFUSED : AR_ALL,
		.max = o->max };
	struct service_conf conf = { 0 };
	struct store *store = NULL;
	struct seal_diag d = { 0 };

	if ((o->before == NULL ||
		query_number(span_str(o->before), "--before", 1, INT64_MAX,
		    &filter.before_id, &d) == 0) &&
	    open_store(&o->verifier, &conf, &store, &d) == 0)
		store_ar_list(store, &filter, print_result, o, &d);
	store_close(&store);
	conf_wipe(&conf);
	return ended(&o->verifier, &d);
}

static int
run_log(int argc, char **argv)
{
	struct log_opts o = { .max = 50 };
	struct operands args;
	const struct opt opts[] = {
		VERIFIER_CONFIG(&o.verifier),
		VERIFIER_STORE(&o.verifier),
		{ "--attester", "HEX", "results about this one alone",
		    .text = &o.attester },
		{ "--refused", NULL, "what was not accepted alone",
		    .flag = &o.refused },
		{ "--max", "N", "how many (50)", .number = &o.max, .min = 1,
		    .max = STORE_LIST_MAX },
		{ "--before", "ID",
		    "older than this one alone (--json has ids)",
		    .text = &o.before },
		{ "--json", NULL, "a JSON object a line",
		    .flag = &o.verifier.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_verifier_log, opts, argc, argv, 0, 0, &args);

	return r != OPT_RUN ? opt_exit(r) : show_log(&o);
}

const struct command cmd_verifier_log = {
	.name = "verifier log",
	.operands = "(--config FILE | --store WHERE) [--refused] ...",
	.summary = "what was appraised, newest first, and why refused",
	.example = "  seal verifier log --store verifier.db --refused",
	.run = run_log,
};
