# A root file system of Debian, booted: systemd is the first process of namespaces of its own, with no network but
# loopback. Sourced by tests/deb.sh.

first_process=''

# Boots the root file system `$1`. 1 where this machine does not allow it; what went wrong stands in `$2`.
boot() {
    unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup bash -c '
        set -e
        mount --make-rprivate /
        mount --bind "$1" "$1"
        mount -t proc proc "$1/proc"
        mount -t sysfs -o ro sysfs "$1/sys"
        mount -t tmpfs tmpfs "$1/run"
        if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
            mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
        else
            mount -t tmpfs tmpfs "$1/sys/fs/cgroup"
            mkdir "$1/sys/fs/cgroup/systemd"
            mount -t cgroup -o none,name=systemd cgroup "$1/sys/fs/cgroup/systemd"
        fi
        exec env -i container=amanah-test "$(command -v chroot)" "$1" /lib/systemd/systemd' boot "$1" </dev/null >"$2" 2>&1 &
    local outside=$! ended=$((SECONDS + 60))
    until first_process=$(pgrep -P "$outside") && booted systemctl is-system-running >>"$2" 2>&1; do
        kill -0 "$outside" 2>/dev/null && ((SECONDS < ended)) || return 1
        sleep 0.2
    done
}

# Runs a command in it.
booted() {
    nsenter --target "$first_process" --mount --pid --uts --ipc --net --cgroup --root --wd=/ \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# With its first process all others end.
halt_now() {
    [[ -z $first_process ]] || kill -9 "$first_process" 2>/dev/null || true
    first_process=''
    wait
}
