# The crash harness's target; the Makefile includes this file.
.PHONY: faults

faults: setup ## kill, pause, rewind and wipe under load, against an oracle (SEEDS=100 for long; ARGS="--only F1")
	@$(BIN)/python -m faults $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)
