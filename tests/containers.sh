#!/usr/bin/env bash
# The network of docker-compose.yml, brought up for real: a consent is granted, containers are stopped, removed, killed and
# cut off, and heights and receipts must be what they were.
#
#   tests/containers.sh [--programs DIR]      DIR holds amanahd and amanah, built for this machine's Debian release;
#                                             without it they are built here, as a release
#
# It runs where Docker runs: with the daemon that answers, else as root with one of its own, in network and mount
# namespaces of their own, so that nothing of it stays behind and nothing else on the machine is touched. Debian packages
# that are missing (docker.io, docker-compose, debootstrap) are installed if apt can. Base images are not downloaded: the
# image of Debian is made by debootstrap. Prometheus and Grafana are left out; a closing line says what was not tested.
# Where no container can run, it says why and ends with 0, or with 1 if AMANAH_REQUIRE_CONTAINERS is set.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/target/containers
project=amanah-test-$$
base=$project-debian
# Names of its own: a daemon that was there before keeps its images.
export AMANAH_IMAGE=$project
hospitals=(cedar qamar rawda zaytun)
nodes=("${hospitals[@]}" reader)

say() { printf '   %s\n' "$*"; }
fail() {
    printf 'containers: FAILED: %s\n' "$*" >&2
    exit 1
}
not_here() {
    printf 'containers: NOT TESTED HERE: %s\n' "$*"
    [[ -z ${AMANAH_REQUIRE_CONTAINERS:-} ]] || exit 1
    exit 0
}

source tests/until.sh

# --- What this machine has -------------------------------------------------------------------------------------------

programs=''
while (($#)); do
    case $1 in
        --programs) programs=$(realpath "$2"); shift 2 ;;
        *) fail "unknown argument $1" ;;
    esac
done

has() { command -v "$1" >/dev/null 2>&1; }

compose_of() {
    if docker compose version >/dev/null 2>&1; then
        compose=(docker compose)
    elif has docker-compose; then
        compose=(docker-compose)
    else
        return 1
    fi
}

install_packages() {
    local missing=() ended=0
    has dockerd || missing+=(docker.io)
    compose_of || missing+=(docker-compose)
    has debootstrap || missing+=(debootstrap)
    ((${#missing[@]})) || return 0
    [[ $EUID == 0 ]] && has apt-get || return 1
    say "installing ${missing[*]}"
    {
        DEBIAN_FRONTEND=noninteractive apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    } >"$work/apt.log" 2>&1 || ended=$?
    return "$ended"
}

# The root file system of Debian as `docker import` takes it; made once.
make_base() {
    [[ -s $work/debian.tar ]] && return 0
    [[ $EUID == 0 ]] && has debootstrap || return 1
    say 'making debian:bookworm-slim with debootstrap'
    rm -rf "$work/debian"
    debootstrap --variant=minbase bookworm "$work/debian" >"$work/debootstrap.log" 2>&1 || return 1
    tar --numeric-owner -C "$work/debian" -cf "$work/debian.tar.new" . && mv "$work/debian.tar.new" "$work/debian.tar"
    rm -rf "$work/debian"
}

make_programs() {
    if [[ -z $programs ]]; then
        say 'building amanahd and amanah'
        cargo build --release --locked --quiet -p amanah-node -p amanah
        programs=$root/target/release
    fi
    [[ -x $programs/amanahd && -x $programs/amanah ]] || fail "no amanahd and amanah in $programs"
    rm -rf "$work/context" && mkdir -p "$work/context"
    # Hard links would tie the image to later builds.
    cp "$programs/amanahd" "$programs/amanah" "$work/context/"
}

# --- A daemon of our own ---------------------------------------------------------------------------------------------

daemon_pid=''
start_daemon() {
    local state=$1
    mkdir -p "$state"
    ip link set lo up
    export DOCKER_HOST=unix://$state/docker.sock
    dockerd --data-root "$state/data" --exec-root "$state/exec" --pidfile "$state/pid" --host "$DOCKER_HOST" \
        >"$work/dockerd.log" 2>&1 &
    daemon_pid=$!
    for _ in $(seq 150); do
        docker version >/dev/null 2>&1 && return 0
        kill -0 "$daemon_pid" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

# --- What is done to the network -------------------------------------------------------------------------------------

dc() { "${compose[@]}" -p "$project" -f "$root/docker-compose.yml" "$@"; }
# Also one that is stopped, which not every version of compose lists.
container() {
    docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1"
}

# A command with the wallet's program; its stdout is one JSON object.
amanah() { AMANAH_HOME=$home "$programs/amanah" "$@" --json; }
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if key.isdigit() else value.get(key)
print(str(value).lower() if isinstance(value, bool) else value)' "$1"
}

is_ready() { [[ $(docker inspect -f '{{.State.Health.Status}}' "$(container "$1")") == healthy ]]; }
all_ready() { local node; for node in "$@"; do is_ready "$node" || return 1; done; }

# What a node says about itself on its published port: the value of one field, or of several.
status_of() {
    python3 -c '
import json, sys, urllib.request
ports = dict(cedar=7400, qamar=7410, rawda=7420, zaytun=7430, reader=7440)
url = "http://127.0.0.1:%d/v1/status" % ports[sys.argv[1]]
status = json.load(urllib.request.urlopen(url, timeout=5))
print(*(status[field] for field in sys.argv[2:]))' "$@" 2>/dev/null
}
head_of() { status_of "$1" height block state_root; }

# All of them show one block and one state, at height `$1` or above.
agree() {
    local least=$1 first node
    shift
    first=$(head_of "$1") || return 1
    ((${first%% *} >= least)) || return 1
    for node in "$@"; do [[ $(head_of "$node") == "$first" ]] || return 1; done
}

patient() {
    local name=$1 code
    echo 'correct horse battery staple' >"$home/$name.passphrase"
    amanah wallet new "$name" --passphrase-file "$home/$name.passphrase" --words-out "$home/$name.words" >/dev/null
    code=$(amanah enrol cedar --profile "$name" --passphrase-file "$home/$name.passphrase" | field code)
    amanah hospital patient link "MRN-$name" --code "$code" --profile cedar >/dev/null
}

# Grants and prints the receipt's path; the height goes to $height.
grant() {
    local what=$1 answer
    answer=$(amanah grant clinician@qamar --what "$what" --why treatment --until 90d --records-at cedar --yes \
        --timeout 60s --profile ana --passphrase-file "$home/ana.passphrase")
    [[ $(field consents.0.final <<<"$answer") == true ]] || fail "a grant is not final: $answer"
    height=$(field consents.0.height <<<"$answer")
    receipt=$(field consents.0.receipt <<<"$answer")
}

verify_receipts() {
    local file
    for file in "${receipts[@]}"; do
        [[ $(amanah receipt verify "$file" | field valid) == true ]] || fail "$file is not valid any more"
    done
}

# Everything is there as it was, and the network goes on.
whole() {
    local before=$height
    until_so "health after $1" all_ready "${nodes[@]}"
    until_so "one head after $1" agree "$before" "${nodes[@]}"
    verify_receipts
    grant "$2"
    receipts+=("$receipt")
    ((height > before)) || fail "height $height after $1, it was $before"
    until_so "one head after a grant after $1" agree "$height" "${nodes[@]}"
    say "after $1: height $height, ${#receipts[@]} receipts valid"
}

bring_up() {
    say 'building the image'
    docker import "$work/debian.tar" "$base" >/dev/null
    # Whether this machine lets a daemon run containers at all is no matter of ours.
    docker run --rm --publish 127.0.0.1::7400 "$base" true >"$work/trial.log" 2>&1 ||
        not_here "the daemon runs no container: $(tail -1 "$work/trial.log")"
    # The older builder takes the image that was just imported and asks no registry for a newer one.
    DOCKER_BUILDKIT=0 docker build -t "$AMANAH_IMAGE" --build-arg BASE="$base" --target prebuilt -f Dockerfile \
        "$work/context" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail 'docker build'; }
    say "up: ${nodes[*]}"
    dc up -d "${nodes[@]}" >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; fail 'compose up'; }
    until_so 'health of all' all_ready "${nodes[@]}"
    dc ps >"$work/ps.log"
    [[ $(grep -c '(healthy)' "$work/ps.log") == "${#nodes[@]}" ]] || { cat "$work/ps.log" >&2; fail 'ps says otherwise'; }
}

# What the wallet on this machine gets from the containers.
take_what_is_given() {
    docker cp "$(dc ps -q cedar)":/home/amanah/network.json "$home/given.json"
    docker cp "$(dc ps -q cedar)":/home/amanah/keys/clients/desk.key "$home/desk.key"
    chmod 600 "$home/desk.key"
    amanah profile add cedar --api-key-file "$home/desk.key" --network "$home/given.json" >/dev/null
}

hardened() {
    local node id
    for node in "${nodes[@]}"; do
        id=$(container "$node")
        [[ $(docker exec "$id" id -u) == 10001 ]] || fail "$node does not run as amanah"
        ! docker exec "$id" touch /anything 2>/dev/null || fail "the root file system of $node can be written"
        docker exec "$id" grep -q '^CapBnd:[[:space:]]*0*$' /proc/1/status || fail "$node has capabilities"
    done
    # Each hospital has its own keys and no other's.
    [[ -z $(for node in "${nodes[@]}"; do docker exec "$(container "$node")" sh -c 'cat /home/amanah/keys/*.key'; done |
        sort | uniq -d) ]] || fail 'two homes hold one key'
}

init_again() {
    local before after
    before=$(docker exec "$(container cedar)" sh -c 'cat /home/amanah/genesis.bin /home/amanah/keys/*.key | sha256sum')
    dc run --rm network network create --plan /plan/network.toml --out /network --json >"$work/again.json" 2>/dev/null
    [[ $(field new <"$work/again.json") == false ]] || fail 'a second init changed something'
    after=$(docker exec "$(container cedar)" sh -c 'cat /home/amanah/genesis.bin /home/amanah/keys/*.key | sha256sum')
    [[ $before == "$after" ]] || fail 'a second init changed keys or genesis'
    say 'a second init changes nothing'
}

cut_off() {
    local id network before=$height
    id=$(container zaytun) network=${project}_ledger
    docker network disconnect "$network" "$id"
    grant vitals
    receipts+=("$receipt")
    until_so 'one head of the others' agree "$height" cedar qamar rawda reader
    until_so 'zaytun says that it is not ready' bash -c "! docker exec $id amanahd healthcheck"
    [[ $(head_of zaytun) != "$(head_of cedar)" ]] || fail 'zaytun is cut off and knows the newest block'
    docker network connect --alias zaytun --alias zaytun.ledger "$network" "$id"
    until_so 'zaytun back in' agree "$height" "${nodes[@]}"
    say "zaytun was cut off at height $before and is back at $height"
}

scenario() {
    home=$(mktemp -d) receipts=() height=0
    bring_up
    take_what_is_given
    patient ana
    grant labs
    receipts+=("$receipt")
    until_so 'one head' agree "$height" "${nodes[@]}"
    say "first consent final at height $height"
    [[ $(status_of reader role follows) == 'follower cedar' ]] || fail "the reader is no follower of cedar"
    hardened
    init_again
    dc stop >/dev/null 2>&1
    for node in "${nodes[@]}"; do
        [[ $(docker inspect -f '{{.State.ExitCode}}' "$(container "$node")") == 0 ]] ||
            fail "$node did not end by itself within 20 s"
    done
    dc start "${nodes[@]}" >/dev/null 2>&1
    whole 'stop and start' meds
    dc down >/dev/null 2>&1
    dc up -d "${nodes[@]}" >/dev/null 2>&1
    whole 'down and up' allergies
    for node in "${nodes[@]}"; do kill -9 "$(docker inspect -f '{{.State.Pid}}' "$(container "$node")")"; done
    whole 'kill -9 of all' imaging
    cut_off
    whole 'a cut' conditions
}

# --- The way through -------------------------------------------------------------------------------------------------

clean_up() {
    local status=$?
    if ((status)); then
        for node in "${nodes[@]}"; do
            printf -- '--- %s\n' "$node" >&2
            dc logs --tail 15 "$node" >&2 2>/dev/null || true
        done
    fi
    dc down -v -t 5 >/dev/null 2>&1 || true
    [[ -z ${home:-} ]] || rm -rf "$home"
    if [[ -n $daemon_pid ]]; then
        kill "$daemon_pid" 2>/dev/null || true
        wait "$daemon_pid" 2>/dev/null || true
        rm -rf "$AMANAH_CONTAINERS_STATE"
    else
        docker rmi "$AMANAH_IMAGE" "$base" >/dev/null 2>&1 || true
    fi
    exit "$status"
}

inside() {
    compose_of || fail 'no compose'
    trap clean_up EXIT
    if [[ -n ${AMANAH_CONTAINERS_STATE:-} ]]; then
        start_daemon "$AMANAH_CONTAINERS_STATE" || not_here "dockerd does not run: $(grep -v level=info "$work/dockerd.log" | tail -1)"
    fi
    scenario
    local version
    version=$("${compose[@]}" version --short 2>/dev/null)
    echo "containers: all held, with Docker $(docker version -f '{{.Server.Version}}') and compose $version"
    [[ ${compose[*]} == docker-compose ]] && echo 'containers: Compose v2 NOT TESTED, it is not in this Debian release'
    echo 'containers: Prometheus, Grafana and the stage that compiles NOT TESTED, their images are not downloaded here'
}

mkdir -p "$work"
if [[ ${1:-} == '' && -n ${AMANAH_CONTAINERS_INSIDE:-} ]]; then
    programs=$AMANAH_CONTAINERS_INSIDE
    inside
    exit
fi
install_packages || not_here "docker.io, docker-compose and debootstrap are not here and cannot be installed ($work/apt.log)"
make_base || not_here "no image of Debian can be made: debootstrap needs root and a mirror ($work/debootstrap.log)"
make_programs
if docker version >/dev/null 2>&1; then
    AMANAH_CONTAINERS_INSIDE=$programs exec "$0"
fi
[[ $EUID == 0 ]] || not_here 'no Docker daemon answers, and starting one takes root'
unshare --net --mount --propagation private true || not_here 'namespaces of our own are not allowed'
export AMANAH_CONTAINERS_INSIDE=$programs AMANAH_CONTAINERS_STATE
AMANAH_CONTAINERS_STATE=$(mktemp -d /tmp/amanah-docker.XXXXXX)
exec unshare --net --mount --propagation private "$0"
