#!/usr/bin/env bash
# A node against its own description: schemathesis reads /openapi.json of one hospital of four and sends what it makes of
# it, good and bad. No answer may be a fault of the server, have a status or a kind of content that is not described, or
# a body of another shape.
#
#   tests/api-schema.sh [--programs DIR]      DIR holds amanahd, amanah and wallet-session (cargo build --workspace
#                                             --bins makes them in target/debug); without it they are built here
#
# schemathesis comes from PyPI, in a version that is named here, into an environment that is removed at the end. Where
# there is no Python, or no index to take it from, a line says so and it ends with 0, or with 1 if
# AMANAH_REQUIRE_API_SCHEMA is set. It asks as anybody, as a patient, as a hospital's own system and as a follower,
# each with a key of its own; tests/api-schema.toml has the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.32.5
port=28400
# Nothing the node does takes as long; the run is bounded whatever becomes of it.
seconds_max=170

fail() {
    printf 'api-schema: FAILED: %s\n' "$*" >&2
    exit 1
}
not_here() {
    printf 'api-schema: NOT TESTED HERE: %s\n' "$*"
    [[ -z ${AMANAH_REQUIRE_API_SCHEMA:-} ]] || exit 1
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
amanah() { AMANAH_HOME=$home "$programs/amanah" "$@"; }
clean_up() {
    local status=$?
    [[ ! -d $home ]] || amanah demo down --purge >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT

install_schemathesis() {
    command -v python3 >/dev/null || not_here 'there is no python3'
    python3 -m venv "$work/python" >"$work/venv.log" 2>&1 || not_here "python3 makes no environment: $(tail -1 "$work/venv.log")"
    "$work/python/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 15 "schemathesis==$version" \
        >"$work/pip.log" 2>&1 || not_here "schemathesis $version cannot be installed: $(tail -1 "$work/pip.log")"
}

make_programs() {
    if [[ -z $programs ]]; then
        cargo build --locked --quiet -p amanah-node -p amanah -p amanah-tests --bins
        programs=$PWD/target/debug
    fi
    local program
    for program in amanahd amanah wallet-session; do
        [[ -x $programs/$program ]] || fail "no $program in $programs"
    done
}

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# Four hospitals; the first knows a follower, and limits nobody so that what lies behind the limit is met.
start_network() {
    local config=$home/demo/cedar/config.toml
    amanah demo up --base-port "$port" >/dev/null 2>"$work/demo.log" || fail "demo up: $(tail -1 "$work/demo.log")"
    amanah demo kill cedar >/dev/null
    "$programs/amanahd" init --home "$work/reader" --name reader --follow cedar --json >"$work/reader.json"
    sed -i 's/^address_enrolments_per_minute = .*/address_enrolments_per_minute = 60000/' "$config"
    printf '\n[[followers]]\nname = "reader"\nkey_hash = "%s"\n' "$(field key_hash <"$work/reader.json")" >>"$config"
    amanah demo heal cedar >/dev/null
    local ended=$((SECONDS + 60))
    until [[ $(answer_of /v1/status | field caught_up 2>/dev/null) == True ]]; do
        ((SECONDS < ended)) || fail 'cedar does not catch up'
        sleep 0.3
    done
}

# What cedar answers to somebody with this key, or to anybody.
answer_of() {
    python3 -c '
import os, sys, urllib.request
asked = urllib.request.Request(sys.argv[1])
if "KEY" in os.environ:
    asked.add_header("authorization", "Bearer " + os.environ["KEY"])
print(urllib.request.urlopen(asked, timeout=5).read().decode())' "http://127.0.0.1:$port$1" 2>/dev/null
}

# Three keys for three kinds of caller; the environment carries them, no command line does.
sign_in() {
    export AMANAH_TEST_API_KEY AMANAH_TEST_FOLLOWER_KEY AMANAH_TEST_SESSION AMANAH_TEST_PATIENT
    field api_key <"$home/profiles/cedar.json" >"$work/desk.key"
    AMANAH_TEST_API_KEY=$(<"$work/desk.key")
    AMANAH_TEST_FOLLOWER_KEY=$(<"$work/reader/keys/follower.key")
    AMANAH_TEST_SESSION=$(timeout 60 "$programs/wallet-session" --network "$home/network.json" --member cedar \
        --api-key-file "$work/desk.key") || fail 'nobody could sign in'
    AMANAH_TEST_PATIENT=$(KEY=$AMANAH_TEST_API_KEY answer_of /v1/patients |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["relationships"][0])')
}

# Runs it; what it finds is shown whole. Says how much it asked, from its report.
ask() {
    local ended=0 counts
    timeout "$seconds_max" "$work/python/bin/st" --config-file tests/api-schema.toml run --no-color \
        --report json --report-json-path "$work/report.json" "http://127.0.0.1:$port/openapi.json" >"$work/run.log" 2>&1 ||
        ended=$?
    if ((ended)); then
        cat "$work/run.log" >&2
        ((ended == 124)) && fail "not done in $seconds_max s"
        fail "schemathesis ended with $ended"
    fi
    counts=$(python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
known, made = report["operations"], report["test_cases"]
assert known["tested"] == known["total"] and made["generated"] > 1000 and not made["errored"], (known, made)
print("%d operations, %d requests" % (known["tested"], made["generated"]))' "$work/report.json") ||
        fail 'the report says less than all operations'
    # Whoever was asked still answers, and none of its threads has panicked.
    answer_of /v1/status >/dev/null || fail 'cedar answers no more'
    ! grep -q panicked "$home/demo/logs/cedar.log" || fail 'a part of cedar panicked'
    echo "api-schema: all held, $counts, with schemathesis $version"
    echo 'api-schema: canonical bytes that hold are NOT SENT by it, nor is /v1/events listened to without end; the tests of the node do both'
}

install_schemathesis
make_programs
start_network
sign_in
ask
