# The crash harness's target; the Makefile includes this file.
.PHONY: faults bad-day

faults: setup ## kill, pause, rewind and wipe under load, against an oracle (SEEDS=100 for long; ARGS="--only F1")
	@$(BIN)/python -m faults $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)

bad-day: setup ## rehearse a bad day: five troubles, what the console and the alarms say, and all well in the end (6 minutes)
	@$(BIN)/python -m faults.bad_day $(ARGS)
