#!/usr/bin/env bash
# Builds the pure core with mypyc into .compiled/, beside the source and never in it. Whoever puts that folder first on
# Python's path runs it. It needs a C compiler; pyproject.toml has the modules, which are those that a wheel has compiled.
set -euo pipefail
command -v "${CC:-cc}" >/dev/null || { echo "make compiled: no C compiler (${CC:-cc}) here: install one, or set CC" >&2; exit 1; }
modules=$(.venv/bin/python -c 'import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["tool"]["clientward"]["compiled"])')
rm -rf .compiled
mkdir .compiled
cp -r relationship .compiled/
cd .compiled
# shellcheck disable=SC2086 # one word a module
../.venv/bin/mypyc --strict $(printf "relationship/%s.py " $modules) >build.log 2>&1 || { tail -20 build.log >&2; exit 1; }
rm -rf build
touch stamp
