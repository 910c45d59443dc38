#!/usr/bin/env bash
# environment.sh FOLDER LOCK... -- WHEEL...
# Makes an environment in FOLDER that holds what the locks name, checked by their hashes, and the wheels: no pip, no build
# tool, and nothing of this checkout. Fails where a wheel needs something that is not there.
set -euo pipefail
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

PYTHON=$(dirname "$0")/../.venv/bin/python
FOLDER=$1
shift
into() {
    "$PYTHON" -m pip --python "$FOLDER/bin/python" "$@"
}

"$PYTHON" -m venv --without-pip "$FOLDER"
while [ "$1" != -- ]; do
    into install --quiet --no-deps --only-binary :all: --require-hashes --requirement "$1"
    shift
done
shift
into install --quiet --no-index --no-deps "$@"
into check
