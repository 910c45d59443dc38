#!/usr/bin/env bash
# beside.sh VENV LOCK: makes an environment beside the product's, of what a lock names; does nothing where it is as it should
# be. Run by `make quality` and `make docs`: what measures and what builds the site stays out of the product's environment.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=$1
LOCK=$2
STAMP=$VENV/.lock
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

if cmp -s "$LOCK" "$STAMP" && "$VENV/bin/python" -c ""; then
    exit 0
fi
echo "clientward: making $VENV, once" >&2
.venv/bin/python -m venv --clear "$VENV"
if ! "$VENV/bin/python" -m pip install --quiet --no-deps --only-binary :all: --require-hashes --requirement "$LOCK"; then
    echo "clientward: pip could not install $LOCK: is the network there, or a mirror set (PIP_INDEX_URL)?" >&2
    exit 1
fi
echo '*' >"$VENV/.gitignore" # git and ruff leave it alone
cp "$LOCK" "$STAMP"
