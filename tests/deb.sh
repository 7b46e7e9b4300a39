#!/usr/bin/env bash
# The Debian package, made and installed: what is in it, who may read it, that node and wallet run from it, and that
# keys outlive its removal.
#
#   tests/deb.sh [--programs DIR]      DIR holds amanahd and amanah, built for this machine's Debian release; without
#                                      it they are built here, as a release
#
# It is installed into a root file system of Debian's own, which tests/containers.sh leaves in target/containers or
# debootstrap makes, never into the machine's. Where that or cargo-deb cannot be had, a line says so and it ends with 0,
# or with 1 if AMANAH_REQUIRE_DEB is set.
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

programs=()
while (($#)); do
    case $1 in
        --programs) programs=(--programs "$2"); shift 2 ;;
        *) fail "unknown argument $1" ;;
    esac
done

work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT

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

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
as_amanah() { inside setpriv --reuid amanah --regid amanah --clear-groups "$@"; }

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
inside dpkg --install /amanah.deb >"$work/install.log" 2>&1 || fail "it does not install: $(cat "$work/install.log")"
[[ $(inside stat -c '%U %G %a' /var/lib/amanah) == 'amanah amanah 700' ]] || fail 'the home is not of amanah alone'
inside amanah --version >/dev/null || fail 'the wallet does not run'

# As docs/operations.md says; the node then misses only the genesis, which hospitals make together.
as_amanah amanahd init --home /var/lib/amanah --name cedar >"$work/init.log" 2>&1 || fail "init: $(cat "$work/init.log")"
keys=$(inside find /var/lib/amanah/keys -type f | sort | xargs -I@ chroot "$root" sha256sum @)
[[ -n $keys ]] || fail 'init made no keys'
[[ -z $(inside find /var/lib/amanah ! -user amanah) ]] || fail 'something in the home belongs to somebody else'

# An upgrade and a removal touch nothing of it.
inside dpkg --install /amanah.deb >"$work/upgrade.log" 2>&1 || fail "it does not install again: $(cat "$work/upgrade.log")"
inside dpkg --purge amanah >"$work/purge.log" 2>&1 || fail "it is not removed: $(cat "$work/purge.log")"
[[ ! -e $root/usr/bin/amanahd ]] || fail 'the node is still there after its removal'
[[ $(inside find /var/lib/amanah/keys -type f | sort | xargs -I@ chroot "$root" sha256sum @) == "$keys" ]] ||
    fail 'the keys are not what they were after the removal'

printf 'deb: all held, %s, %s bytes\n' "$(dpkg-deb --show --showformat '${Package} ${Version} ${Architecture}' "$work/amanah.deb")" \
    "$(stat -c %s "$work/amanah.deb")"
