# The benchmarks' targets; the Makefile includes this file.
.PHONY: bench bench-quick bench-setup bench-lock

bench-setup: setup
	@bash benchmarks/setup.sh

bench: bench-setup ## us and our peers side by side, an hour on a quiet machine (ARGS="--only counting")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: bench-setup ## the same in small, under five minutes
	@$(BIN)/python -m benchmarks --quick $(ARGS)

bench-lock: setup ## renew benchmarks/requirements/peers.lock after a change of peers.in
	@bash benchmarks/lock.sh
