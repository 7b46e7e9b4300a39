#!/usr/bin/env bash
# The Debian package, made and installed: what is in it, who may read it, that systemd runs the node from it as
# docs/operations.md says, and that keys outlive its removal.
#
#   tests/deb.sh [--programs DIR]      DIR holds amanahd and amanah, built for this machine's Debian release; without
#                                      it they are built here, as a release
#
# It is installed into a root file system of Debian's own, which tests/containers.sh leaves in target/containers or
# debootstrap makes, never into the machine's. There systemd is installed too and boots. Where one of that or
# cargo-deb cannot be had, a line says so and it ends with 0, or with 1 if AMANAH_REQUIRE_DEB is set.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'deb: FAILED: %s\n' "$*" >&2
    exit 1
}
not_here() {
    printf 'deb: NOT TESTED HERE: %s\n' "$*"
    [[ -z ${AMANAH_REQUIRE_DEB:-} ]] || exit 1
    exit 0
}

source tests/until.sh
source tests/booted.sh

programs=()
while (($#)); do
    case $1 in
        --programs) programs=(--programs "$2"); shift 2 ;;
        *) fail "unknown argument $1" ;;
    esac
done

work=$(mktemp -d)
root=$work/root
trap 'halt_now; rm -rf --one-file-system "$work"' EXIT

make_root() {
    [[ $EUID == 0 ]] || not_here 'only root can install into a root file system of its own'
    mkdir "$root"
    if [[ -s target/containers/debian.tar ]]; then
        tar --numeric-owner -C "$root" -xf target/containers/debian.tar
    elif command -v debootstrap >/dev/null; then
        debootstrap --variant=minbase bookworm "$root" >"$work/debootstrap.log" 2>&1 || not_here 'debootstrap failed'
    else
        not_here 'there is no debootstrap'
    fi
}

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
as_amanah() { inside setpriv --reuid amanah --regid amanah --clear-groups "$@"; }

install_systemd() {
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    inside apt-get update && inside apt-get install --yes --no-install-recommends systemd systemd-sysv dbus
}

# A genesis of four hospitals, made where they all are, with the keys that this one printed.
genesis() {
    local keys=$1 net=/var/lib/amanah/net
    python3 - "$keys" >"$root/var/lib/amanah/network.toml" <<'end'
import json, sys
keys = json.load(open(sys.argv[1]))["keys"]
print('network = "gulf"')
for place, name in enumerate(["cedar", "qamar", "rawda", "zaytun"]):
    port = 7400 + 10 * place
    print(f'[[members]]\nname = "{name}"\ndisplay = "{name}"')
    print(f'api = "http://127.0.0.1:{port}"\np2p = "/ip4/127.0.0.1/tcp/{port + 2}"')
    if name == "cedar":
        print("keys = {", ", ".join(f'{of} = "{key}"' for of, key in keys.items()), "}")
end
    as_amanah amanahd network create --plan /var/lib/amanah/network.toml --out "$net" &&
        as_amanah cp "$net/cedar/config.toml" "$net/cedar/network.json" /var/lib/amanah/ &&
        as_amanah amanahd init --home /var/lib/amanah --name cedar --genesis "$net/genesis.bin" &&
        inside rm -rf "$net" /var/lib/amanah/network.toml
}

unit() { booted systemctl show --property "$1" --value amanahd; }
answers() { booted setpriv --reuid amanah --regid amanah --clear-groups amanahd status --home /var/lib/amanah; }
another_answers() { [[ $(unit MainPID) != 0 && $(unit MainPID) != "$1" ]] && answers; }
has_given_up() { [[ $(unit ActiveState) == failed ]]; }

# It starts, comes back after a crash, ends by itself, and stays away where a key is missing.
service() {
    local before key=/var/lib/amanah/keys/consensus.key
    booted systemctl enable --now amanahd
    until_so 'an answer of the node' answers
    before=$(unit MainPID)
    booted systemctl kill --signal KILL amanahd
    until_so 'an answer after a crash' another_answers "$before"
    booted systemctl stop amanahd
    [[ $(unit Result) == success && $(unit ExecMainStatus) == 0 ]] ||
        fail "it did not end by itself: $(unit Result), $(unit ExecMainStatus)"
    inside mv "$key" "$key.away"
    booted systemctl start amanahd
    until_so 'a start without its key that is given up' has_given_up
    [[ $(unit ExecMainStatus) == 11 && $(unit NRestarts) == 0 ]] ||
        fail "without its key it ended with $(unit ExecMainStatus) and was started $(unit NRestarts) times more"
    inside mv "$key.away" "$key"
    # So many starts within minutes are too many for one more by itself.
    booted systemctl reset-failed amanahd
    booted systemctl start amanahd
    until_so 'an answer with the key' answers
    booted systemctl is-enabled --quiet amanahd || fail 'the next start of the machine leaves it out'
}

command -v dpkg-deb >/dev/null || not_here 'this is no Debian'
make_root
deploy/deb --fast "${programs[@]}" --out "$work/amanah.deb" >"$work/deb.log" 2>&1 ||
    { command -v cargo-deb >/dev/null || not_here "cargo-deb cannot be installed: $(tail -1 "$work/deb.log")"
      fail "no package was made: $(cat "$work/deb.log")"; }

# What every machine of a hospital is given, and nothing of this one.
dpkg-deb --contents "$work/amanah.deb" | awk '{ print $1, $2, $6 }' >"$work/contents"
for path in usr/bin/amanahd usr/bin/amanah lib/systemd/system/amanahd.service usr/share/man/man1/amanah.1.gz \
    usr/share/man/man7/amanah-errors.7.gz usr/share/bash-completion/completions/amanah usr/share/doc/amanah/copyright; do
    grep -qE " \./(usr/)?$path$" "$work/contents" || fail "$path is not in the package"
done
if grep -vE '^[d-]rw[x-]r-[x-]r-[x-] (root/root|0/0) ' "$work/contents"; then
    fail 'somebody else than root may write to what the package brings'
fi

cp "$work/amanah.deb" "$root/amanah.deb"
install_systemd >"$work/systemd.log" 2>&1 || true
inside apt install --yes ./amanah.deb >"$work/install.log" 2>&1 || fail "it does not install: $(cat "$work/install.log")"
[[ $(inside stat -c '%U %G %a' /var/lib/amanah) == 'amanah amanah 700' ]] || fail 'the home is not of amanah alone'
inside amanah --version >/dev/null || fail 'the wallet does not run'

# As docs/operations.md says.
as_amanah amanahd init --home /var/lib/amanah --name cedar --json >"$work/init.json" || fail 'init made no home'
genesis "$work/init.json" >"$work/genesis.log" 2>&1 || fail "no genesis: $(cat "$work/genesis.log")"
[[ -z $(inside find /var/lib/amanah ! -user amanah) ]] || fail 'something in the home belongs to somebody else'
if boot "$root" "$work/boot.log"; then
    systemd=$(booted systemctl --version | head -1)
    (service) >"$work/service.log" 2>&1 || fail "as a service: $(cat "$work/service.log")"
else
    printf 'deb: systemd NOT TESTED HERE, it does not boot: %s\n' "$(cat "$work/systemd.log" "$work/boot.log" | tail -n 1)"
    [[ -z ${AMANAH_REQUIRE_DEB:-} ]] || exit 1
fi
halt_now

# An upgrade and a removal touch nothing of it.
keys_now() { (cd "$root/var/lib/amanah/keys" && find . -type f -exec sha256sum {} + | sort); }
keys=$(keys_now)
[[ $keys == *consensus.key* ]] || fail 'init made no keys'
inside dpkg --install /amanah.deb >"$work/upgrade.log" 2>&1 || fail "it does not install again: $(cat "$work/upgrade.log")"
inside dpkg --purge amanah >"$work/purge.log" 2>&1 || fail "it is not removed: $(cat "$work/purge.log")"
[[ ! -e $root/usr/bin/amanahd ]] || fail 'the node is still there after its removal'
[[ $(keys_now) == "$keys" ]] || fail 'the keys are not what they were after the removal'

package=$(dpkg-deb --show --showformat '${Package} ${Version} ${Architecture}' "$work/amanah.deb")
printf 'deb: all held, %s, %s bytes, run by %s\n' "$package" "$(stat -c %s "$work/amanah.deb")" "${systemd:-no systemd}"
