/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/nvidia.h"

#include <stdio.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

const char *const nvidia_rule_keys[] = { "measurements", "driver", "vbios",
	NULL };

#define MODEL "nvidia-gpu" /* in the environment of a CoMID */
#define FOUND (HEX_FULL + 24)

/* ---- Rules ---- */

/* In one spelling, so that none stands twice. */
static bool
index_of(const char *text, size_t *ret)
{
	char again[8];

	for (unsigned i = 1; i < NVIDIA_BLOCKS; i++) {
		snprintf(again, sizeof(again), "%u", i);
		if (strcmp(text, again) == 0)
			return *ret = i, true;
	}
	return false;
}

static int
load_values(json_t *map, struct nvidia_rules *r, struct seal_diag *d)
{
	const char *key;
	json_t *value;
	char where[40];
	size_t i = 0;
	int code;

	if (!json_is_object(map) || json_object_size(map) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' is missing (or 'corim')");
	json_object_foreach(map, key, value)
	{
		if (!index_of(key, &i))
			return seal_fail(d, SEAL_E_CONFIG,
			    "measurements: '%.16s' is not an index, 1 to %u",
			    key, NVIDIA_BLOCKS - 1);
		snprintf(where, sizeof(where), "measurements.%zu", i);
		if ((code = strict_hex(
			 value, NVIDIA_DIGEST, where, r->value[i], d)) != 0)
			return code;
		r->set[i] = true;
	}
	return 0;
}

static int
load_text(const json_t *entry, const char *key, char ret[NVIDIA_RULE_TEXT_MAX],
    struct seal_diag *d)
{
	const char *text = NULL;
	int r;

	if ((r = strict_text(entry, key, false, "accept", &text, d)) != 0 ||
	    text == NULL)
		return r;
	if (text[0] == '\0' || strlen(text) >= NVIDIA_RULE_TEXT_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: '%s' has 1 to %d bytes", key,
		    NVIDIA_RULE_TEXT_MAX - 1);
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

int
nvidia_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	json_t *values = json_object_get(entry, "measurements");
	struct nvidia_rules *r = rules;
	int code;

	(void)debug;
	r->by_refs = json_object_get(entry, "corim") != NULL;
	if (r->by_refs && values != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' or 'corim', not both");
	if (!r->by_refs && (code = load_values(values, r, d)) != 0)
		return code;
	if ((code = load_text(entry, "driver", r->driver, d)) != 0)
		return code;
	return load_text(entry, "vbios", r->vbios, d);
}

int
nvidia_rules_explain(const void *rules, struct wr *out)
{
	const struct nvidia_rules *r = rules;
	size_t n = 0;

	for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
		n += r->set[i];
	if (n > 0)
		wr_printf(out, "    %zu of its measurements are given\n", n);
	if (r->driver[0] != '\0')
		wr_printf(out, "    its driver is %s\n", r->driver);
	if (r->vbios[0] != '\0')
		wr_printf(out, "    its VBIOS is %s\n", r->vbios);
	wr_printf(out, "    not proved: which machine the GPU is in, and "
		       "whether its certificate was revoked\n");
	return out->error;
}

/* ---- Matching ---- */

static bool
match_one(const struct nvidia_rules *r, const struct nvidia_report *rep,
    size_t i, struct seal_verdict *v)
{
	struct span want = span_of(r->value[i], NVIDIA_DIGEST);
	char e[FOUND], g[FOUND], hex[HEX_FULL];

	snprintf(e, sizeof(e), "%zu = %s", i, hex_full(want, hex));
	snprintf(g, sizeof(g), "%zu = %s", i,
	    rep->measurement[i].n > 0 ? hex_full(rep->measurement[i], hex)
				      : "none");
	return verdict_check(v, "nvidia.measurement",
	    span_equal_ct(rep->measurement[i], want), SEAL_E_POLICY, e, g,
	    "if driver or VBIOS changed on purpose, learn the policy again");
}

static bool
match_text(const char *check, const char *want, struct span got,
    struct seal_verdict *v)
{
	char shown[NVIDIA_RULE_TEXT_MAX];

	return want[0] == '\0' ||
	       verdict_check(v, check, span_is(got, want), SEAL_E_POLICY, want,
		   text_safe(got, shown, sizeof(shown)),
		   "if it changed on purpose, change the policy");
}

bool
nvidia_match(
    const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct nvidia_report *rep =
	    &((const struct nvidia_facts *)f->facts)->report;
	const struct nvidia_rules *r = rules;
	char vbios[NVIDIA_RULE_TEXT_MAX] = "";
	bool ok = true, any = false;

	for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
		if (r->set[i]) {
			any = true;
			ok = match_one(r, rep, i, v) && ok;
		}
	ok = ok && (any || r->by_refs);
	if (!r->by_refs)
		v->ar4si[AR4SI_EXECUTABLES] =
		    ok ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	ok = match_text("nvidia.driver", r->driver, rep->driver, v) && ok;
	(void)nvidia_vbios_text(rep->vbios, vbios, sizeof(vbios));
	return match_text("nvidia.vbios", r->vbios, span_str(vbios), v) && ok;
}

/* ---- CoRIM and learning ---- */

/* Values of another size are no digests. */
static bool
telling(const struct nvidia_report *rep, size_t i)
{
	return rep->measurement[i].n == NVIDIA_DIGEST;
}

int
nvidia_describe(
    const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct nvidia_report *rep =
	    &((const struct nvidia_facts *)f->facts)->report;
	struct comid_env e = { .other = false };
	uint8_t buf[32], key_buf[4], digest_buf[NVIDIA_DIGEST + 16];
	struct wr model, key, digests;
	size_t count = 0;

	wr_init(&model, buf, sizeof(buf));
	cbor_put_text(&model, span_str(MODEL));
	e.model = wr_view(&model);
	comid_put_env(env, &e);
	for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
		count += telling(rep, i);
	cbor_put_array(measurements, count);
	for (size_t i = 0; i < NVIDIA_BLOCKS; i++) {
		struct comid_measurement m = { .other = false };

		if (!telling(rep, i))
			continue;
		wr_init(&key, key_buf, sizeof(key_buf));
		cbor_put_uint(&key, i);
		wr_init(&digests, digest_buf, sizeof(digest_buf));
		cbor_put_array(&digests, 1);
		comid_put_digest(&digests, COMID_SHA384, rep->measurement[i]);
		m.mkey = wr_view(&key);
		m.val[COMID_DIGESTS] = wr_view(&digests);
		comid_put_measurement(measurements, &m);
	}
	return env->error != 0 ? env->error : measurements->error;
}

int
nvidia_learn(const struct findings *f, json_t *entry)
{
	const struct nvidia_report *rep =
	    &((const struct nvidia_facts *)f->facts)->report;
	json_t *values = json_object();
	char key[8], hex[HEX_FULL], text[NVIDIA_RULE_TEXT_MAX];
	int bad = values == NULL;

	for (size_t i = 0; !bad && i < NVIDIA_BLOCKS; i++) {
		if (!telling(rep, i))
			continue;
		snprintf(key, sizeof(key), "%zu", i);
		bad = json_object_set_new(values, key,
		    json_string(hex_full(rep->measurement[i], hex)));
	}
	bad = json_object_set_new(entry, "measurements", values) != 0 || bad;
	if (rep->driver.n > 0)
		bad = json_object_set_new(entry, "driver",
			  json_string(text_safe(
			      rep->driver, text, sizeof(text)))) != 0 ||
		      bad;
	if (nvidia_vbios_text(rep->vbios, text, sizeof(text)))
		bad = json_object_set_new(entry, "vbios", json_string(text)) !=
			  0 ||
		      bad;
	return bad ? SEAL_E_MEMORY : 0;
}
