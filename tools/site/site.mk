# The documentation's site; the Makefile includes this file. What builds it stays out of the product's environment.
.PHONY: docs docs-setup

docs: docs-setup ## the documentation as a site, into site/: strictly, every link tried (a minute the first time)
	@$(BIN)/python -m tools.site

docs-setup: setup
	@bash requirements/beside.sh .venv-docs requirements/docs.lock
