#!/usr/bin/env bash
# The program from a checkout, on a bare Debian or Ubuntu with git and python3: sets up what it lacks, then runs.
#   ./pipeline.sh demo          see it work
#   ./pipeline.sh test          the whole test suite, against real mail servers on this computer
#   ./pipeline.sh ANY COMMAND   the same as `pipeline ANY COMMAND`
# All of it goes into .venv/ beside this file; system packages only where rights allow, else the line to type is shown.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv="$here/.venv"

# WeasyPrint draws with Pango; Python's venv needs its own package on Debian.
for_running=(python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
# The tests use real servers, a debugger of system calls, and a Word processor.
for_testing=(dovecot-imapd dovecot-lmtpd dovecot-sieve postfix libuid-wrapper libnss-wrapper strace
    libreoffice-writer-nogui fonts-crosextra-carlito)

missing() { # the packages of "$@" that are not installed
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || printf '%s ' "$package"
    done
}

install_packages() {
    local wanted
    command -v dpkg-query >/dev/null || return 0
    wanted=$(missing "$@")
    [ -n "$wanted" ] || return 0
    local line="apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${wanted% }"
    local as=()
    if [ "$(id -u)" != 0 ]; then
        if sudo -n true 2>/dev/null; then
            as=(sudo)
        else
            echo "This needs packages of the system. Type this one line, then try again:" >&2
            echo "sudo sh -c '$line'" >&2
            exit 1
        fi
    fi
    echo "installing: $wanted" >&2
    # Postfix asks what to configure, even when nobody is there to answer: nothing, the tests bring their own.
    if command -v debconf-set-selections >/dev/null; then
        echo "postfix postfix/main_mailer_type select No configuration" | "${as[@]}" debconf-set-selections
    fi
    # Installing a server must not start it (Debian's policy-rc.d, exit 101): the tests start their own, on loopback.
    local quiet="test -e /usr/sbin/policy-rc.d || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }"
    "${as[@]}" sh -c "$quiet; $line" >"$here/.setup.log" 2>&1 || {
        tail -n 20 "$here/.setup.log" >&2
        echo "the packages could not be installed; type: sudo sh -c '$line'" >&2
        exit 1
    }
    rm -f "$here/.setup.log"
}

set_up() { # the virtual environment, from the lock file $1
    local lock="$here/requirements/$1" stamp="$venv/installed-$1"
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        rm -rf "$venv"
        python3 -m venv "$venv"
    fi
    if ! cmp -s "$lock" "$stamp"; then
        echo "setting up Python packages (once)" >&2
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$here"
        cp "$lock" "$stamp"
    fi
}

if [ "${1:-}" = test ]; then
    shift
    install_packages "${for_running[@]}" "${for_testing[@]}"
    set_up develop.lock
    cd "$here"
    # The tests start the program some hundred times; compiled once, even where the surroundings say otherwise.
    unset PYTHONDONTWRITEBYTECODE
    # One worker more than processors, for many tests wait; neighbours stay together, for they share what takes long.
    exec "$venv/bin/python" -m pytest -n "$(($(nproc) + 1))" --dist worksteal "$@"
fi
install_packages "${for_running[@]}"
[ -f "$venv/installed-develop.lock" ] || set_up run.lock
exec "$venv/bin/pipeline" "$@"
