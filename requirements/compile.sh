#!/usr/bin/env bash
# Builds the pure core with mypyc into .compiled/, beside the source and never in it. Whoever puts that folder first on
# Python's path runs it. It needs a C compiler; the message types stay Python, since msgspec builds those itself.
set -euo pipefail
command -v "${CC:-cc}" >/dev/null || { echo "make compiled: no C compiler (${CC:-cc}) here: install one, or set CC" >&2; exit 1; }
modules=(core policy/schedule state/packed state/facts_from_messages
    classify/{dimensions,evidence,fold,segments,signals,transitions}
    timeline/{account_step,closing,commands,explain,handlers,history,merging,posting,state_message,step_context,what_next})
rm -rf .compiled
mkdir .compiled
cp -r relationship .compiled/
cd .compiled
../.venv/bin/mypyc --strict $(printf "relationship/%s.py " "${modules[@]}") >build.log 2>&1 || { tail -20 build.log >&2; exit 1; }
rm -rf build
touch stamp
