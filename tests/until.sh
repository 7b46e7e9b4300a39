# Sourced by scripts that wait for something; they have `fail`.

# Waits until `$2…` succeeds; says what did not come about otherwise.
until_so() {
    local what=$1 ended=$((SECONDS + 120))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < ended)) || fail "$what did not come about"
        sleep 0.3
    done
}
