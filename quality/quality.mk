# The targets that measure quality; the Makefile includes this file. The libraries stay out of the product's environment.
QUALITY := .venv-quality/bin/python

.PHONY: quality quality-quick quality-setup quality-lock

quality: quality-setup ## precision, recall, delay, flaps, loyalty on real purchases, rivals: docs/quality.md (minutes)
	@$(QUALITY) -m quality $(ARGS)

quality-quick: quality-setup ## the same in small, in half a minute, written nowhere
	@$(QUALITY) -m quality --quick $(ARGS)

quality-setup: setup
	@bash quality/setup.sh

quality-lock: setup ## renew requirements/quality.lock after a change of quality/requirements.in
	@bash quality/lock.sh
