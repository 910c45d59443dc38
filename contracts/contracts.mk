# The contract's target; the Makefile includes this file.
.PHONY: contracts

contracts: setup ## schemas, AsyncAPI and golden messages from the code, and whether a change breaks anybody
	@$(BIN)/python -m streams.wire.contracts
	@$(BIN)/python -m contracts.make_golden
	@$(BIN)/python -m contracts.compatibility
