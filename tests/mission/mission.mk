# The mission's target; the Makefile includes this file.
.PHONY: mission

mission: setup ## every row of the mission, its tests, and whether they pass
	@$(BIN)/python -m pytest tests/mission $(ARGS)
