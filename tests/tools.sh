#!/bin/sh
# Makes what the tests need besides Rust: Debian packages, and a Python environment in target/venv with the AWS CLI
# and moto, in fixed versions. Does nothing when all of it is there. `packages` or `python`: only that half.
set -eu
cd "$(dirname "$0")/.."

tools='awscli==1.46.3
moto[rds,server]==5.2.5'

half=${1:-both}
missing=
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3 python3-venv"
# A server of any version will do.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1 ||
    missing="$missing postgresql-15"
# PostgreSQL's package brings it in Debian; the certificates of a test are made with it.
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
if [ "$half" != python ] && [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "tests/tools.sh: please install:$missing" >&2
        exit 1
    fi
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    # shellcheck disable=SC2086 # two lists of words
    $as_root apt-get update -qq && $as_root apt-get install -qq -y --no-install-recommends $missing
fi

venv=target/venv
stamp=$venv/upshift-tools
if [ "$half" != packages ] && [ "$(cat "$stamp" 2>/dev/null || true)" != "$tools" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    # shellcheck disable=SC2086 # one argument for each tool
    "$venv/bin/pip" install --quiet --disable-pip-version-check $tools
    printf '%s\n' "$tools" >"$stamp"
fi
