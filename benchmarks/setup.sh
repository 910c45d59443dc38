#!/usr/bin/env bash
# Makes the peers' environment (benchmarks/.venv) from its lock, and builds the Kafka Streams peer with Maven, unless told
# that the environment is enough (--only-venv). Does nothing where both are as they should be.
set -euo pipefail
cd "$(dirname "$0")"

VENV=.venv
LOCK=requirements/peers.lock
STAMP=$VENV/.peers
STREAMS=peers/streams
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

fail() {
    printf 'clientward: %s\n' "$*" >&2
    exit 1
}

make_venv() {
    echo "clientward: making benchmarks/$VENV for the peers, once" >&2
    ../.venv/bin/python -m venv --clear "$VENV"
    "$VENV/bin/python" -m pip install --quiet --require-hashes --requirement "$LOCK" \
        || fail "pip could not install benchmarks/$LOCK: is the network there, or a mirror set (PIP_INDEX_URL)?"
    cp "$LOCK" "$STAMP"
}

build_streams() {
    local missing=()
    for tool in java javac mvn; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} -eq 0 ] \
        || fail "${missing[*]} is missing: install a JDK of version 17 or newer and Maven (Debian: openjdk-17-jdk-headless maven)"
    echo "clientward: building the Kafka Streams peer, once" >&2
    mvn --quiet --batch-mode --file "$STREAMS/pom.xml" clean package || fail "Maven could not build benchmarks/$STREAMS: see above"
}

is_built() {
    [ -f "$STREAMS/target/streams.jar" ] || return 1
    [ -z "$(find "$STREAMS/pom.xml" "$STREAMS/src" -newer "$STREAMS/target/streams.jar" -print -quit)" ]
}

cmp -s "$LOCK" "$STAMP" || make_venv
[ "${1:-}" = --only-venv ] || is_built || build_streams
