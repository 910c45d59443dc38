# The targets that measure quality; the Makefile includes this file. The libraries stay out of the product's environment:
# measuring has that one, and behind it the libraries that the other one holds. Both are locked.
QUALITY = PYTHONPATH="$$(.venv-quality/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" $(BIN)/python

.PHONY: quality quality-quick quality-setup quality-lock learn-test mutation

quality: quality-setup ## precision, recall, delay, flaps, loyalty on real purchases, rivals: docs/quality.md (minutes)
	@$(QUALITY) -m quality $(ARGS)

quality-quick: quality-setup ## the same in small, in half a minute, written nowhere
	@$(QUALITY) -m quality --quick $(ARGS)

quality-setup: setup
	@bash requirements/beside.sh .venv-quality requirements/quality.lock

quality-lock: setup ## renew requirements/quality.lock after a change of quality/requirements.in
	@bash quality/lock.sh

learn-test: quality-setup ## the tests of `clientward policy learn` that need scikit-learn
	@$(QUALITY) -m pytest tests/learn $(ARGS)

mutation: setup ## mistakes put into the code, to see that the quick tests notice (ARGS="--sample 300 --seed 1 --bar 0.9")
	@$(BIN)/python -m quality.mutation $(ARGS)
