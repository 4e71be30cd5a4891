/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sealtls/tools.h>

#include "evidence/driver.h"
#include "evidence/tpm2_init.h"
#include "lib/ctx.h"
#include "tls/stack.h"

#define REPORT_MAX 65536u

/* ---- seal doctor ---- */

struct probed {
	const char *name, *media_type; /* of a driver, if always the same */
	bool stack;                    /* a TLS stack, no driver */
	bool insecure;
	int result; /* 0: works here */
	char *found;
	struct seal_diag why;
};

static void
probe_driver(
    const struct evidence_driver *driver, const char *tcti, struct probed *ret)
{
	struct conf_pair pair = { "tcti", tcti };
	struct conf conf = { &pair, tcti != NULL };
	struct wr out;

	*ret = (struct probed){
		.name = driver->name,
		.media_type = driver->media_type,
		.insecure = driver->insecure,
	};
	wr_init_heap(&out, REPORT_MAX);
	ret->result = driver->probe(&conf, &out, &ret->why);
	if (wr_take_text(&out, &ret->found) != 0)
		ret->found = NULL;
	wr_free(&out);
}

static void
probe_stack(const struct stack_kind *kind, struct probed *ret)
{
	struct wr out;

	*ret = (struct probed){ .name = kind->name, .stack = true };
	wr_init_heap(&out, REPORT_MAX);
	ret->result = kind->probe(&out, &ret->why);
	if (wr_take_text(&out, &ret->found) != 0)
		ret->found = NULL;
	wr_free(&out);
}

static json_t *
probed_json(const struct probed *p)
{
	json_t *j = json_object();

	json_object_set_new(
	    j, p->stack ? "stack" : "driver", json_string(p->name));
	if (p->media_type != NULL)
		json_object_set_new(
		    j, "media_type", json_string(p->media_type));
	if (!p->stack)
		json_object_set_new(j, "insecure", json_boolean(p->insecure));
	json_object_set_new(j, "available", json_boolean(p->result == 0));
	json_object_set_new(
	    j, "found", json_string(p->found != NULL ? p->found : ""));
	if (p->result != 0) {
		json_object_set_new(j, "why", json_string(p->why.text));
		json_object_set_new(j, "remedy", json_string(p->why.remedy));
	}
	return j;
}

static void
probed_text(const struct probed *p, struct wr *out)
{
	wr_printf(out, "%-10s %s", p->name, p->result == 0 ? "yes" : "no ");
	if (p->found != NULL && p->found[0] != '\0')
		wr_printf(out, "  %.600s", p->found);
	if (p->result != 0)
		wr_printf(out, "  %s", p->why.text);
	wr_printf(out, "\n");
	if (p->result != 0 && p->why.remedy[0] != '\0')
		wr_printf(out, "            to do: %s\n", p->why.remedy);
	if (p->result == 0 && p->insecure)
		wr_printf(out, "            INSECURE: proves nothing about a "
			       "platform; for development\n");
}

/* One line of the report, and one of the list. */
static void
probed_put(struct probed *p, json_t *list, struct wr *out)
{
	json_array_append_new(list, probed_json(p));
	probed_text(p, out);
	free(p->found);
}

int
seal_probe(const char *tcti, int as_json, char **ret, struct seal_diag *d)
{
	json_t *list = json_array();
	struct wr out;
	struct probed p;
	int r = 0;

	wr_init_heap(&out, REPORT_MAX);
	wr_printf(&out, "seal %s; what this machine can attest with:\n",
	    seal_version());
	for (size_t i = 0; evidence_drivers[i] != NULL; i++) {
		probe_driver(evidence_drivers[i], tcti, &p);
		probed_put(&p, list, &out);
	}
	wr_printf(&out, "TLS stacks built in:\n");
	for (size_t i = 0; stack_kinds[i] != NULL; i++) {
		probe_stack(stack_kinds[i], &p);
		probed_put(&p, list, &out);
	}
	if (as_json) {
		if ((*ret = json_dumps(list, JSON_INDENT(2))) == NULL)
			r = seal_fail(d, SEAL_E_MEMORY, "doctor");
	} else if ((r = wr_take_text(&out, ret)) != 0) {
		seal_fail(d, r, "doctor");
	}
	json_decref(list);
	wr_free(&out);
	return r;
}

/* ---- seal tpm init ---- */

int
seal_tpm_init(const struct seal_tpm_args *args, char **ret, struct seal_diag *d)
{
	struct tpm2_init_conf conf = {
		.tcti = args->tcti,
		.srk = args->srk,
		.ak = args->ak,
		.subject = args->subject,
		.out_dir = args->out_dir,
	};
	struct wr report;
	int r;

	wr_init_heap(&report, REPORT_MAX);
	if ((r = tpm2_init(&conf, &report, d)) == 0 &&
	    (r = wr_take_text(&report, ret)) != 0)
		seal_fail(d, r, "tpm init: report");
	wr_free(&report);
	return r;
}
