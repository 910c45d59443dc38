#!/usr/bin/env bash
# Renews requirements/quality.lock from quality/requirements.in, for every platform, with the SHA-256 of each file that an
# installer may take; what the product has too is of the product's version. uv comes from requirements/locker.lock, into an
# environment that is thrown away.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m venv "$work"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$work/bin/python" -m pip install --quiet --require-hashes --requirement requirements/locker.lock
"$work/bin/uv" pip compile quality/requirements.in --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --quiet --system-certs --constraint requirements/dev.lock --output-file "$work/lock"
{ echo "# Written by \`make quality-lock\`; not by hand."; cat "$work/lock"; } >requirements/quality.lock
