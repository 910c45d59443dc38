# The benchmarks' targets; the Makefile includes this file.
.PHONY: bench bench-quick bench-setup bench-venv-setup bench-lock soak scaling scaling-measure core-setup scaling-late

bench-setup: setup
	@bash benchmarks/setup.sh
	@$(MAKE) core-setup

core-setup: setup
	@if command -v "$${CC:-cc}" >/dev/null; then $(MAKE) compiled; fi

bench-venv-setup: setup
	@bash benchmarks/setup.sh --only-venv

bench: bench-setup ## us and our peers side by side, hours on a quiet machine (ARGS="--only counting")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: bench-setup ## four of its measures in small, printed alone
	@$(BIN)/python -m benchmarks --quick $(ARGS)

soak: bench-venv-setup core-setup ## one worker under a steady load, for its memory: half an hour (MINUTES=2 is a try)
	@$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30) $(ARGS)

scaling: bench-venv-setup ## simulate past one machine, and write docs/scaling.md from what was measured
	@$(BIN)/python -m benchmarks.scaling

scaling-measure: bench-venv-setup ## measure what that page needs beside the benchmarks: hot accounts, rebalances; 20 minutes (ARGS="--only pauses")
	@$(BIN)/python -m benchmarks.scaling.measuring $(ARGS)

scaling-late: setup ## what an event costs the core by how late it comes, with and without snapshots: a minute
	@$(BIN)/python -m benchmarks.scaling.late

bench-lock: setup ## renew benchmarks/requirements/peers.lock after a change of peers.in
	@bash benchmarks/lock.sh
