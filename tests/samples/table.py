# SPDX-License-Identifier: Apache-2.0
"""The rows of `samples`: how each file is to be judged, and what to expect.

The times, anchors and results are those of the samples' own PROVENANCE.md. A
row whose want is "accepted" has to be accepted; any other names the check that
has to fail first. Every row's policy is what `seal policy learn` writes of the
file, with the maker's root as the signer and the row's rules over it.
"""

TDX = "application/vnd.sealtls.tdx-quote"
SGX = "application/vnd.sealtls.sgx-quote"
SNP = "application/vnd.sealtls.sev-snp"
NITRO = "application/vnd.sealtls.nitro+cbor"
PSA = 'application/eat+cwt; eat_profile="tag:psacertified.org,2023:psa#tfm"'
CCA = "application/vnd.sealtls.cca+cbor"

ROWS = []


def judged(how, file, want, **more):
    """Adds one row."""
    ROWS.append({"how": how, "file": file, "want": want, **more})


# ---- AMD SEV-SNP ----

MILAN = "sev-snp/chains/milan-vcek-ask-ark.pem"
MILAN_VLEK = "sev-snp/chains/milan-vlek-ask-ark.pem"
GENOA = "sev-snp/chains/genoa-vcek-ask-ark.pem"
GENOA_VLEK = "sev-snp/chains/genoa-vlek-ask-ark.pem"
TURIN = "sev-snp/chains/turin-vcek-ask-ark.pem"
TURIN_VLEK = "sev-snp/chains/turin-vlek-ask-ark.pem"
NO_LIST = {"crl": False}  # no revocation list of AMD's was collected
SNP_STUB = {
    "scheme": SNP, "debug": False, "measurements": {"measurement": "00" * 48},
    "tcb": {"reported": {
        "boot_loader": 0, "tee": 0, "snp": 0, "microcode": 0}}}


def snp(file, cert, ca, time, want="accepted", note="", **rules):
    """A report with its certificate and AMD's root."""
    judged("appraise", "sev-snp/" + file, want, note=note, time=time, ca=ca,
           given=["sev-snp/" + cert] if cert else [], stub=SNP_STUB,
           rules={"debug": False, **NO_LIST, **rules})


snp("milan-v2-google/report.bin", "milan-v2-google/vcek.der", MILAN,
    "2023-01-01T00:00:00Z", "debug")
snp("milan-v2-google/report.bin", "milan-v2-google/vcek.der", MILAN,
    "2023-01-01T00:00:00Z", note="debug allowed", debug=True)
snp("milan-v2-google/report.bin", "milan-v2-google/vcek.der", MILAN,
    "2022-01-01T00:00:00Z", "signer", "before its certificate", debug=True)
snp("milan-v2-virtee/report.hex", "milan-v2-virtee/vcek.der", MILAN,
    "2024-01-01T00:00:00Z")
snp("milan-v2-coco/report.bin", "milan-v2-coco/vcek.der", MILAN,
    "2024-01-01T00:00:00Z")
snp("milan-v2-coco/report.bin", "milan-v2-coco/vcek-invalid-legacy.der", MILAN,
    "2024-01-01T00:00:00Z", "snp.signature", "tampered certificate")
snp("milan-v2-coco/report.bin", "milan-v2-coco/vcek-invalid-new.der", MILAN,
    "2024-01-01T00:00:00Z", "snp.signature", "another tampered certificate")
snp("milan-v2-coco/report.bin", None, MILAN, "2024-01-01T00:00:00Z",
    "snp.certificate", "no certificate")
snp("milan-v2-coco/report.bin", "milan-v2-coco/vcek.der", GENOA,
    "2024-01-01T00:00:00Z", "signer", "another generation's root")
snp("milan-v2-coco/report.bin", "milan-v2-coco/vcek.der", MILAN,
    "2024-01-01T00:00:00Z", "snp.crl", "list wanted, none there", crl=True)
snp("milan-v3-vlek-coco/report.bin", "milan-v3-vlek-coco/vlek.der",
    MILAN_VLEK, "2025-06-01T00:00:00Z", note="VLEK")
snp("milan-v3-vlek-coco/report.bin", "milan-v3-vlek-coco/vlek.der",
    MILAN_VLEK, "2026-06-01T00:00:00Z", "signer", "VLEK that has expired")
snp("milan-v3-vlek-coco/report.bin", "milan-v3-vlek-coco/vlek.der",
    GENOA_VLEK, "2025-06-01T00:00:00Z", "signer", "VLEK, Genoa's root")
snp("milan-v3-vlek-coco/report.bin", "milan-v3-vlek-coco/vlek.der",
    TURIN_VLEK, "2025-06-01T00:00:00Z", "signer", "VLEK, Turin's root")
snp("milan-v3-oak/report.bin", "milan-v3-oak/vcek.der", MILAN,
    "2025-06-01T00:00:00Z")
snp("genoa-v5-oak/report.bin", "genoa-v5-oak/vcek.der", GENOA,
    "2025-09-01T00:00:00Z")
snp("genoa-v5-oak/report.bin", "genoa-v5-oak/vcek.der", MILAN,
    "2025-09-01T00:00:00Z", "signer", "Milan's root")
snp("turin-v5-oak/report.bin", "turin-v5-oak/vcek.der", TURIN,
    "2025-08-01T00:00:00Z")
snp("turin-v5-oak/report.bin", "turin-vcek-virtee/vcek.der", TURIN,
    "2025-08-01T00:00:00Z", "snp.signature", "certificate of another chip")
snp("veraison-tsm/tsm-report.cbor", None, GENOA, "2025-06-01T00:00:00Z")
snp("veraison-tsm/tsm-report.json", None, GENOA, "2025-06-01T00:00:00Z",
    note="in JSON")
snp("veraison-tsm/tsm-report.cbor", None, TURIN, "2025-06-01T00:00:00Z",
    "signer", "Turin's root")
for cert in ("milan-v2-google/vcek", "milan-v3-vlek-coco/vlek",
             "turin-vcek-virtee/vcek"):
    judged("inspect", "sev-snp/%s.der" % cert, "Certificate of an SEV-SNP key")

# ---- Intel TDX and SGX ----

INTEL = "intel-certs/sgx-root-ca.pem"
SIGNER_2018 = "intel-certs/tcb-signing-2018.pem"
SIGNER_2025 = "intel-certs/tcb-signing-2025.pem"
NO_LISTS = {"crl": False}
SPR = ["tdx/v4-spr-google/" + n for n in (
    "tcbinfo.json", "qe-identity.json", "pck.crl", "root.crl")] + [SIGNER_2018]
OAK = ["tdx/v4-oak/" + n for n in (
    "tcbinfo.json", "qe-identity.json", "pck.crl")] + [SIGNER_2025]
GCP = ["tdx/v4-outofdate-gcp/" + n for n in (
    "tcbinfo.json", "qe-identity.json", "pck.crl", "root.crl")] + [SIGNER_2025]
AUTOMATA = ["sgx/v3-automata/" + n for n in (
    "tcbinfo.json", "qe-identity.json", "pck.crl")] + [SIGNER_2025]
SOLANA = ["sgx/v3-automata-solana/" + n for n in (
    "tcbinfo.json", "qe-identity.json")] + [SIGNER_2025]
GCP_ADVISORIES = ["INTEL-SA-00960", "INTEL-SA-00982", "INTEL-SA-00986"]


def dcap(file, given, time, want="accepted", note="", tcb=None, **more):
    """A quote with collateral; 'rules' of more go over those of its TCB."""
    sgx = file.startswith("sgx/")
    rules = {"debug": False, "tcb": tcb or {}, **more.pop("rules", {})}
    judged("appraise", file, want, note=note, time=time, ca=INTEL, given=given,
           rules=rules, stub={
               "scheme": SGX if sgx else TDX,
               "measurements": {"mrenclave": "00" * 32} if sgx
               else {"mrtd": "00" * 48}}, **more)


dcap("tdx/v4-uptodate-phala/quote.bin",
     ["tdx/v4-uptodate-phala/collateral.json"], "2025-06-20T00:00:00Z")
dcap("tdx/v4-uptodate-phala/quote.bin", [], "2025-06-20T00:00:00Z",
     "dcap.tcb.signer", "without collateral")
dcap("tdx/v4-uptodate-phala/quote.bin",
     ["tdx/v4-uptodate-phala/collateral.json"], "2025-06-20T00:00:00Z",
     note="collateral sent along", stapled=True, member="cpu")
dcap("tdx/v4-uptodate-phala/quote.bin",
     ["tdx/v4-uptodate-phala/collateral.json"], "2025-06-20T00:00:00Z",
     "cpu/dcap.crl.root", "sent along, and none taken", stapled=True,
     member="cpu", rules={"stapled": False})
dcap("tdx/v4-uptodate-phala/quote.bin",
     ["tdx/v4-uptodate-phala/collateral.json"], "2025-06-29T00:00:00Z",
     "cpu/dcap.tcb.info", "sent along over a week later", NO_LISTS,
     stapled=True, member="cpu")
dcap("tdx/v4-uptodate-phala/quote.bin", ["sgx/v3-phala/collateral.json"],
     "2025-06-20T00:00:00Z", "cpu/dcap.tcb.info", "SGX's sent along",
     NO_LISTS, stapled=True, member="cpu")
dcap("tdx/v4-uptodate-phala/quote.bin",
     ["tdx/v4-uptodate-phala/collateral.json"], "2025-07-20T00:00:00Z",
     "dcap.crl.pck", "a month later")
dcap("tdx/v4-uptodate-phala/quote.bin", ["sgx/v3-phala/collateral.json"],
     "2025-06-20T00:00:00Z", "dcap.tcb.info", "collateral of SGX", NO_LISTS)
dcap("tdx/v5-google/quote.dat", [
    "tdx/v5-google/tcbinfo.json", "tdx/v5-google/qe-identity.json",
    SIGNER_2025], "2026-02-03T00:00:00Z", tcb=NO_LISTS)
dcap("tdx/v4-spr-google/quote.dat", SPR, "2023-07-01T00:00:00Z", "dcap.quote",
     "bytes behind it", type=TDX)
dcap("tdx/v4-spr-google/quote.dat", SPR, "2023-07-01T00:00:00Z",
     "dcap.tcb.level", "cut: no TCB level", cut=39)
dcap("tdx/v4-debug-coco/quote.dat", SPR, "2023-07-01T00:00:00Z", "debug")
dcap("tdx/v4-debug-coco/quote.dat", SPR, "2023-07-01T00:00:00Z",
     note="debug allowed", rules={"debug": True})
dcap("tdx/v5-notsupported-azure/quote.bin",
     ["tdx/v5-notsupported-azure/collateral.json"], "2026-03-01T00:00:00Z",
     "dcap.tcb.level")
dcap("tdx/v5-coco/quote.dat", ["tdx/v5-notsupported-azure/collateral.json"],
     "2026-03-01T00:00:00Z", "dcap.tcb.level")
dcap("tdx/v4-outofdate-coco/quote.dat", [
    "tdx/v4-outofdate-coco/tcbinfo.json",
    "tdx/v4-outofdate-coco/qe-identity.json", SIGNER_2025],
     "2025-11-10T00:00:00Z", "dcap.tcb.status", tcb=NO_LISTS)
dcap("tdx/v4-outofdate-gcp/quote.bin", GCP, "2025-07-20T00:00:00Z",
     "dcap.tcb.status", tcb={"advisories": GCP_ADVISORIES})
dcap("tdx/v4-outofdate-gcp/quote.bin", GCP, "2025-07-20T00:00:00Z",
     "dcap.tcb.advisories", "out of date allowed",
     {"status": ["OutOfDate"], "advisories": GCP_ADVISORIES[:2]})
dcap("tdx/v4-outofdate-gcp/quote.bin", GCP, "2025-07-20T00:00:00Z",
     note="out of date and advisories allowed",
     tcb={"status": ["OutOfDate"], "advisories": GCP_ADVISORIES})
dcap("tdx/v4-oak/quote.bin", OAK, "2025-10-25T00:00:00Z", tcb=NO_LISTS)
dcap("tdx/v4-oak/quote.bin", OAK[:3] + [SIGNER_2018], "2025-10-25T00:00:00Z",
     "dcap.tcb.signer", "signer that has ended", NO_LISTS)
COS = "tdx/v4-cos113-ccel/"
EVENTS = {"rtmrs": [2], "required": [{"rtmr": 2, "text": "set default=2"}]}
dcap(COS + "quote.dat", OAK, "2025-10-25T00:00:00Z", tcb=NO_LISTS)
dcap(COS + "quote.dat", OAK + [COS + "ccel_data.dat"], "2025-10-25T00:00:00Z",
     note="its log", tcb=NO_LISTS, rules={"events": EVENTS},
     without=["measurements/rtmr2"])
dcap(COS + "quote.dat", OAK, "2025-10-25T00:00:00Z", "tdx.event.log",
     "without its log", NO_LISTS, rules={"events": EVENTS},
     without=["measurements/rtmr2"])
dcap(COS + "quote.dat", OAK + ["tdx/eventlogs/ccel-grub-gke.bin"],
     "2025-10-25T00:00:00Z", "tdx.log.replay", "another's log", NO_LISTS,
     rules={"events": EVENTS}, without=["measurements/rtmr2"])
for log in (COS + "ccel_data.dat", "tdx/eventlogs/ccel-grub-gke.bin",
            "tdx/eventlogs/ccel-aael-alibaba.bin"):
    judged("inspect", log, "Event log of a confidential VM (CCEL)")

dcap("sgx/v3-phala/quote.bin", ["sgx/v3-phala/collateral.json"],
     "2025-06-20T00:00:00Z", "dcap.tcb.status")
dcap("sgx/v3-phala/quote.bin", ["sgx/v3-phala/collateral.json"],
     "2025-06-20T00:00:00Z", note="status and advisories allowed", tcb={
         "status": ["ConfigurationAndSWHardeningNeeded"],
         "advisories": ["INTEL-SA-00289", "INTEL-SA-00615"]})
dcap("sgx/v3-automata/quote.hex", AUTOMATA, "2025-08-20T00:00:00Z",
     "dcap.tcb.status", tcb=NO_LISTS)
dcap("sgx/v3-automata/quote.hex", AUTOMATA, "2025-08-20T00:00:00Z",
     note="status and advisory allowed", tcb={
         **NO_LISTS, "status": ["SWHardeningNeeded"],
         "advisories": ["INTEL-SA-00615"]})
dcap("sgx/v3-occlum-coco/quote.dat", AUTOMATA, "2025-08-20T00:00:00Z",
     "debug", tcb={**NO_LISTS, "status": ["OutOfDate"], "advisories": "any"})
dcap("sgx/v3-occlum-coco/quote.dat", AUTOMATA, "2025-08-20T00:00:00Z",
     "dcap.tcb.status", "debug allowed", {**NO_LISTS, "advisories": "any"},
     rules={"debug": True})
dcap("sgx/v3-automata-solana/quote.bin", SOLANA, "2025-05-20T00:00:00Z",
     "dcap.qe.info", "before", NO_LISTS, rules={"debug": True})
dcap("sgx/v3-automata-solana/quote.bin", SOLANA, "2025-06-10T00:00:00Z",
     "dcap.tcb.info", "after: no time makes both current", NO_LISTS,
     rules={"debug": True})
dcap("sgx/v3-fortanix/quote.bin", [SIGNER_2025], "2025-06-20T00:00:00Z",
     "dcap.tcb.info", "no collateral for it", NO_LISTS, rules={"debug": True})
dcap("sgx/v3-phala/quote.bin", [
    "sgx/v3-automata/tcbinfo.json",
    "sgx/v3-certtypes/qe-identity-corrupt.json", SIGNER_2025],
     "2025-08-20T00:00:00Z", "dcap.tcb.info", "a corrupt identity", NO_LISTS)
dcap("sgx/v3-phala/quote.bin", [
    "sgx/v3-certtypes/qe-identity-2020.json", SIGNER_2025],
     "2025-06-20T00:00:00Z", "dcap.tcb.info", "an identity of 2020 alone",
     NO_LISTS)
dcap("sgx/v3-certtypes/quote-certtype3.bin", [], "2025-06-20T00:00:00Z",
     "dcap.certificates", "no chain in it", NO_LISTS)
dcap("sgx/intel-qvl-testca/quote.dat", [
    "sgx/intel-qvl-testca/" + n for n in (
        "pckCert.pem", "pckSignChain.pem", "tcbInfo.json", "tcbSignChain.pem",
        "qeIdentity.json", "qveIdentity.json", "rootCaCrl.der",
        "intermediateCaCrl.der", "trustedRootCaCert.pem")],
     "2024-01-01T00:00:00Z", "dcap.certificates", "a test root", NO_LISTS)

# ---- AWS Nitro ----

AWS = "aws-nitro/aws-nitro-root-g1.pem"


def nitro(file, time, want="accepted", note="", **rules):
    """A document; it brings its chain along."""
    judged("appraise", "aws-nitro/" + file, want, note=note, time=time, ca=AWS,
           rules={"debug": False, **rules}, stub={
               "scheme": NITRO, "pcrs": {"sha384": {"0": "00" * 48}}})


nitro("veracruz.cbor", "2022-11-09T22:52:00Z")
nitro("veracruz.cbor", "2022-11-09T23:52:00Z", "age", "an hour later")
nitro("veracruz.cbor", "2022-11-10T02:52:00Z", "signer", "four hours later")
nitro("veracruz-bad-sig.cbor", "2022-11-09T22:52:00Z", "nitro.signature")
nitro("blocky-production.cbor", "2024-09-07T14:37:39Z")
nitro("blocky-debug.cbor", "2024-09-07T14:38:06Z", "debug")
nitro("blocky-debug.cbor", "2024-09-07T14:38:06Z", note="debug allowed",
      debug=True)
nitro("fortanix.cbor", "2021-09-09T10:19:20Z", "debug")
nitro("fortanix.cbor", "2021-09-09T10:19:20Z", note="debug allowed",
      debug=True)
nitro("fortanix-tampered-signature.cbor", "2021-09-09T10:19:20Z",
      "nitro.signature")
nitro("mysten-debug.cbor", "2024-11-14T23:46:29Z", "debug")
nitro("mysten-debug.cbor", "2024-11-15T02:46:29Z", "signer",
      "three hours later", debug=True)

# ---- PSA and Arm CCA ----

UNDATED = "2026-09-01T00:00:00Z"  # neither token has a date


def arm(file, key, want="accepted", note="", scheme=PSA, **more):
    """A token with the maker's public key beside it."""
    stub = {"scheme": scheme, "debug": False,
            "signers": [{"spki_sha256": "00" * 32}],
            "software": [{"measurement": "00" * 32}]}
    if scheme == CCA:
        stub["measurements"] = {"rim": "00" * 32}
    judged("appraise", file, want, note=note, time=UNDATED, stub=stub,
           given=[key] if key else [], **more)


TOOLS = "psa/tf-m-tools/"
arm("psa/tf-m/psa-2_0_0_sign1.bin", "psa/tf-m/iak.pub.pem")
arm("psa/tf-m/psa-2_0_0_sign1.bin", TOOLS + "iak.pub.pem", "psa.signature",
    "another's key")
arm("psa/tf-m/psa-iot-1_sign1.bin", "psa/tf-m/iak.pub.pem")
arm("psa/tf-m/psa-2_0_0_mac0.bin", "psa/tf-m/iak.pub.pem", "psa.form",
    "a MAC")
arm("psa/tf-m/psa-iot-1_mac0.bin", "psa/tf-m/iak.pub.pem", "psa.form",
    "a MAC")
for name in ("psa-2_0_0_mac0", "psa-iot-1_mac0"):
    judged("inspect", "psa/tf-m/%s.bin" % name,
           "PSA attestation token (RFC 9783)", note="shown")
arm("psa/veraison/psa-evidence.cbor", "psa/veraison/iak.jwk")
arm(TOOLS + "iat.cbor", TOOLS + "iak.pub.pem")
arm(TOOLS + "iat.cbor", TOOLS + "wrong-iak.pub.pem", "psa.signature",
    "the wrong key")
arm(TOOLS + "malformed.cbor", TOOLS + "iak.pub.pem", "psa.form", type=PSA)
arm(TOOLS + "missing-claim.cbor", TOOLS + "iak.pub.pem", "psa.form", type=PSA)
arm("arm-cca/tf-rmm/cca_token.cbor", "arm-cca/tf-rmm/cpak.pub", scheme=CCA)
arm("arm-cca/tf-rmm/cca_token.cbor", "arm-cca/veraison/cpak-p256.jwk",
    "psa.signature", "another's key", CCA)
arm("arm-cca/tfm-907/cca_example_token.cbor", "arm-cca/tfm-907/cpak.pub.pem",
    scheme=CCA)
arm("arm-cca/veraison/cca-good.cbor", "arm-cca/veraison/cpak-p256.jwk",
    scheme=CCA)
judged("inspect", "arm-cca/tsm/tsm-report-arm-cca.json",
       "Report of configfs-tsm")
arm("arm-cca/e2e/cca-evidence.cbor", "arm-cca/e2e/cpak-p256.json", scheme=CCA)



def rim(file, corims, want="accepted", note="", scheme=PSA):
    """Key and values out of CoRIMs that others made."""
    arm(file, None, want, note, scheme,
        rules={"signers": [{"corim": True}], "corim_unsigned": True,
               "corim": ["@" + name for name in corims]},
        without=["software"] + (["measurements"] if scheme == CCA else []))


rim("psa/veraison/psa-evidence.cbor", ["psa/veraison/psa-endorsements.cbor"],
    note="by CoRIM")
rim("psa/tf-m/psa-2_0_0_sign1.bin", ["psa/veraison/psa-endorsements.cbor"],
    "psa.signature", "a CoRIM of another device")
rim("arm-cca/veraison/cca-good.cbor",
    ["arm-cca/veraison/corim-cca-platform-valid.cbor",
     "arm-cca/veraison/corim-cca-realm-valid.cbor"],
    "corim.reference", "a CoRIM with another signer id", CCA)

# ---- NVIDIA GPUs ----

NVIDIA_NONCE = (
    "931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb")
NVIDIA_STUB = {"scheme": "application/vnd.sealtls.nvidia-gpu-report",
               "signers": [{"root_sha256": "00" * 32}], "debug": False,
               "measurements": {"1": "00" * 48}}


def gpu(file, chain, want="accepted", note="", **more):
    """A report with its chain, whose end is NVIDIA's root."""
    judged("appraise", "nvidia-gpu/" + file, want, note=note, time=UNDATED,
           given=["nvidia-gpu/" + chain] if chain else [], stub=NVIDIA_STUB,
           **more)


for name, other in (("hopper", "blackwell"), ("blackwell", "hopper")):
    gpu(name + "/report.hex.txt", name + "/chain.pem", binder=NVIDIA_NONCE)
    gpu(name + "/report.hex.txt", name + "/chain.pem", "binder",
        "another nonce", binder="00" * 31 + "01")
    gpu(name + "/report.hex.txt", other + "/chain.pem", "nvidia.signature",
        "another's chain", binder=NVIDIA_NONCE)
    gpu(name + "/report.hex.txt", name + "/chain.pem", "signer",
        "another root", binder=NVIDIA_NONCE,
        rules={"signers": [{"root_sha256": "00" * 32}]})
gpu("veraison/blackwell-evidence.json", None, binder=(
    "cb86922a772181d54971ccc584bbc96b717c32b7"
    "087fff9aaf52832dd3f697a1"))

# ---- Azure: hardware and virtual TPM in one ----


def azure(file, ca, want="accepted", note="", member="platform",
          time="2025-06-01T00:00:00Z", **more):
    """As the agents of Confidential Containers send it."""
    judged("appraise", "azure-vtpm/" + file, want, note=note, time=time,
           ca=ca, member=member, **more)


for name, ca, binder in (
        ("snp-evidence-v2", MILAN,
         "982f5c6e45df0ed3f10b6f60b02f0c8390e281300f3805e2279c16168cd6ae9a"
         "a398f647caa2338748cd0fd9f5f819ef"),
        ("snp-evidence-genoa", GENOA,
         "0218488bae25d2509232bf676f1a66a30d7372add909109b36016ef136f2938c"
         "a05475f8b46094de6b64270ea35d950f")):
    azure(name + ".json", ca, binder=binder, rules=NO_LIST)
    azure(name + ".json", ca, "tpm/tpm.quote", "another nonce",
          binder="00" * 47 + "01", rules=NO_LIST, stub={
              "scheme": "application/cmw+cbor", "members": {"platform": {
                  "scheme": "application/vnd.sealtls.azure-hcl-snp+cbor",
                  **{k: v for k, v in SNP_STUB.items() if k != "scheme"}}}})
    azure(name + ".json", TURIN, "platform/signer", "Turin's root",
          binder=binder, rules=NO_LIST)
# Their quotes answer a word that is no binder.
azure("snp-evidence-v0.json", MILAN, "binder.known", rules=NO_LIST)
azure("tdx-evidence-v1.json", INTEL, "platform/dcap.tcb.status",
      time="2025-10-25T00:00:00Z", given=OAK, rules={"tcb": NO_LISTS})
azure("tdx-evidence-v1.json", INTEL, "binder.known", "out of date allowed",
      time="2025-10-25T00:00:00Z", given=OAK, rules={"tcb": {
          **NO_LISTS, "status": ["OutOfDate"], "advisories": "any"}})

for name, kind in (("hcl-report-snp", "SEV-SNP"),
                   ("hcl-report-tdx", "TDX")):
    judged("inspect", "azure-vtpm/kinvolk/%s.bin" % name,
           "HCL report of a confidential VM of Azure",
           shows={"hardware": kind})

# ---- Attestation Results ----

VERAISON = "tag:github.com,2023:veraison/ear"
TRUSTEE = "tag:github.com,2024:confidential-containers/Trustee"


def ear(file, want, note="", **more):
    """A result under the key that Veraison publishes for its tests."""
    profile = more.pop("profile", VERAISON)
    judged("appraise", "ear/" + file, want, note=note,
           time=more.pop("time", "2022-10-18T11:10:00Z"), max_age_s=600,
           type='application/eat+jwt; eat_profile="%s"' % profile, stub={
               "scheme": "ear", "vector": {}, "cnf": False, "exp": False,
               "verifier": more.pop("verifier", "Acme Inc."),
               "profiles": [profile],
               "signers": [{"jwks": "@ear/veraison-test-key.jwk"}]},
           rules={"signers": [{"jwks": "@ear/veraison-test-key.jwk"}],
                  **more})


# They answer no nonce, so that nothing binds them to anybody.
ear("veraison-pass.jwt", "binder.known")
ear("arc-full-vector.jwt", "binder.known",
    vector={"executables": "affirming", "hardware": "affirming"})
ear("arc-jwk-header.jwt", "binder.known", "its header names a key")
ear("veraison-pass.jwt", "ear.vector", "a claim that it lacks",
    vector={"hardware": "affirming"})
ear("veraison-fail-alg-hs256.jwt", "ear.signature")
ear("veraison-fail-alg-none.jwt", "ear.signature")
ear("veraison-fail-malformed.jwt", "ear.signature")
ear("veraison-fail-empty-claims.jwt", "ear.signature")
ear("veraison-fail-trailing.jwt", "ear.signature")
ear("trustee-expired.jwt", "ear.signature", "its key is its header's alone",
    time="2025-07-09T11:08:00Z", profile=TRUSTEE,
    verifier="https://confidentialcontainers.org")
for name in ("veraison-pass", "arc-full-vector", "arc-jwk-header",
             "trustee-expired"):
    judged("inspect", "ear/%s.jwt" % name,
           "Attestation Result (EAR) in a JWT")

# ---- CMW ----

for name in ("rfc9999/record.json", "rfc9999/record-cf.cbor",
             "rfc9999/tag.cbor", "rfc9999/record-ind3.cbor",
             "rfc9999/collection-example-2.json",
             "veraison/collection-cbor-ok.cbor",
             "veraison/collection-cbor-ok-2.cbor",
             "veraison/collection-ok.json"):
    judged("inspect", "cmw/" + name, "CMW (RFC 9999)")

# ---- CoRIM ----

for name in ("1", "1a", "2", "2b", "3", "4", "5", "7", "cend",
             "cond-endorse-series", "design-cd", "domain-dep", "firmware-cd",
             "flags", "integrity-registers", "raw-value"):
    judged("inspect", "corim/comid/comid-%s.cbor" % name, "CoMID")
for name in ("corim/corim/corim-1", "corim/corim/corim-design-cd",
             "corim/corim/corim-roles", "corim/corim/unsigned-good-corim",
             "psa/veraison/psa-endorsements",
             "arm-cca/e2e/cca-endorsements",
             "arm-cca/e2e/cca-realm-endorsements",
             "tpm/enacttrust/corim-valid"):
    judged("inspect", name + ".cbor", "CoRIM")
# Rules of a profile: what only it calls invalid is shown, and says so.
KEPT = {"profile rules": "kept"}
for name, shows in (
        ("sev-snp/veraison-tsm/corim-valid", KEPT),
        ("arm-cca/veraison/corim-cca-platform-valid", KEPT),
        ("arm-cca/veraison/corim-cca-realm-valid", KEPT)):
    judged("inspect", name + ".cbor", "CoRIM", shows=shows)
for name in ("sev-snp/veraison-tsm/corim-bad-refval-key",
             "sev-snp/veraison-tsm/corim-bad-refval-no-key",
             "sev-snp/veraison-tsm/corim-bad-ta-no-model",
             "sev-snp/veraison-tsm/corim-bad-ta-no-vendor",
             "arm-cca/veraison/corim-cca-platform-bad-no-class",
             "arm-cca/veraison/corim-cca-platform-bad-refval-mkey",
             "arm-cca/veraison/corim-cca-platform-bad-ta-cert",
             "arm-cca/veraison/corim-cca-realm-bad-no-rim"):
    judged("inspect", name + ".cbor", "CoRIM",
           shows={"profile rules": "BROKEN"})
for name in ("signed-good-corim", "signed-example-corim"):
    for time, want in (("2025-06-01T00:00:00Z", "verified"),
                       ("2027-06-01T00:00:00Z", "refused")):
        judged("corim", "corim/signed/%s.cbor" % name, want, time=time,
               key="corim/ec-p256.pub.jwk", note=time[:4])

# ---- TPM: logs, and structures of others' containers ----

for name in ("gce-nonce9009/eventlog.bin", "eventlogs/rhel8-uefi.bin",
             "eventlogs/ubuntu-2104-no-secure-boot.bin",
             "eventlogs/cos-101-amd-sev.bin",
             "eventlogs/arch-linux-workstation.bin", "eventlogs/debian-10.bin",
             "eventlogs/ubuntu-1804-amd-sev.bin",
             "eventlogs/cos-93-amd-sev.bin",
             "eventlogs/tpm2-tools-event-moklisttrusted.bin",
             "eventlogs/tpm2-tools-event-postcode.bin",
             "eventlogs/tpm2-tools-event-sd-boot-fedora37.bin",
             "eventlogs/tpm2-tools-event-bootorder.bin",
             "eventlogs/tpm2-tools-event-uefi-sha1-log.bin",
             "eventlogs/tss-binary_measurements_nuc.b64",
             "eventlogs/tss-binary_measurements_hcrtm.b64"):
    judged("inspect", "tpm/" + name, "TCG event log")
judged("inspect", "tpm/eventlogs/tss-sml-ima-sig-sha256-invalidated.b64",
       "IMA measurement list")
judged("inspect", "tpm/eventlogs/tss-sml-ima-sig-sha256.b64", "refused",
       note="larger than inspect takes")
for name in ("keylime/quote.tpms_attest", "gce-nonce9009/sha1.quote",
             "gce-nonce9009/sha256.quote", "gce-nonce9009/sha384.quote"):
    judged("inspect", "tpm/" + name, "TPMS_ATTEST")
for name in ("keylime/quote.tpmt_signature", "gce-nonce9009/sha1.sig",
             "gce-nonce9009/sha256.sig", "gce-nonce9009/sha384.sig"):
    judged("inspect", "tpm/" + name, "TPMT_SIGNATURE")
judged("inspect", "tpm/gce-nonce9009/akpub.tpmt_public", "TPMT_PUBLIC")

# ---- What no row judges, by how its name begins, and why ----

NOT_JUDGED = [
    ("arm-cca/veraison/result-good.json", "another verifier's claims"),
    ("azure-vtpm/kinvolk/", "parts of Evidence: no quote with a binder"),
    ("cmw/rfc9999/collection-example-2.diag", "diagnostic notation"),
    ("cmw/rfc9999/cmw-example-tag-2.diag", "diagnostic notation"),
    ("cmw/rfc9999/eat-example-1.json", "claims without signature"),
    ("cmw/veraison/monad", "byte vectors: unit test format/cmw_samples"),
    ("cmw/veraison/x509", "CMW in a certificate: no reader"),
    ("ear/draft-03/", "claims without signature: format/ear_samples"),
    ("ear/trustee-example", "claims without signature: format/ear_samples"),
    ("ear/veraison-results/", "claims without signature: format/ear_samples"),
    ("nvidia-gpu/nras/", "claims of NVIDIA's service: no appraiser"),
    ("psa/claims-json/", "claims of a library, no token"),
    ("psa/veraison/result-", "another verifier's claims"),
    ("sev-snp/veraison-tsm/ratsd-token-legacy", "unsigned, of old ratsd"),
    ("sgx/v3-certtypes/", "beside a quote that is not here"),
    ("tdx/eventlogs/", "another's reading of a log"),
    ("tdx/v4-cos113-ccel/ccel_table.dat", "ACPI table: points to the log"),
    ("tdx/v4-cos113-ccel/nonce.dat", "the nonce of the quote"),
    ("tdx/v4-oak/tcb-eval-numbers", "a list of evaluations: no reader"),
    ("tpm/enacttrust/", "EnactTrust's container: no appraiser"),
    ("tpm/gce-nonce9009/", "key or values: unit test format/tpm_samples"),
    ("tpm/keylime/", "key or values: unit test format/tpm_samples"),
    ("tpm/parsec/", "Parsec's container: no appraiser"),
    ("tpm/windows-gcp/", "go-attestation's container: no appraiser"),
    ("verifier-services/", "token of a public service: no appraiser"),
    ("x509-revocation/", "unit test crypto/crl"),
]
