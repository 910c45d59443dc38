# The target of the properties; the Makefile includes this file.
.PHONY: properties

properties: setup ## every property of the core with thousands of cases (minutes; CASES=100 for more)
	@CASES=$${CASES:-20} $(BIN)/python -m pytest tests/property -o timeout=7200 $(ARGS)
