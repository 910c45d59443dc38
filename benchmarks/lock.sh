#!/usr/bin/env bash
# Renews requirements/peers.lock from peers.in, for every platform, with the SHA-256 of each file that an installer may
# take. uv comes from requirements/locker.lock, into an environment that is thrown away.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m venv "$work"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$work/bin/python" -m pip install --quiet --require-hashes --requirement requirements/locker.lock
"$work/bin/uv" pip compile benchmarks/requirements/peers.in --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --quiet --system-certs --output-file "$work/lock"
{ echo "# Written by \`make bench-lock\`; not by hand."; cat "$work/lock"; } >benchmarks/requirements/peers.lock
