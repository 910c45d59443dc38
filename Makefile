# Clientward. `make` lists what a person can do; every target sets up what it needs.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
ARGS ?=
# Processes that the tests run in, each with servers of its own. Three keep two cores busy, where one leaves them waiting.
PROCESSES ?= 3

# pip and jgo trust their own list of authorities; a company's network has one more, which the system's list holds.
SYSTEM_BUNDLE := $(firstword $(SSL_CERT_FILE) $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
ifneq ($(SYSTEM_BUNDLE),)
export REQUESTS_CA_BUNDLE ?= $(SYSTEM_BUNDLE)
endif

.PHONY: help setup demo test test-unit compiled compiled-test console-pictures lint format lock dist clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv from the locks and fetch Kafka (a minute; seconds the second time)
	@PYTHON='$(PYTHON)' bash requirements/setup.sh

demo: setup ## a customer becomes a client, on real Kafka and Redis (ARGS="--keep --seed 7")
	@$(BIN)/clientward demo $(ARGS)

test: setup ## every test, on real Kafka and Redis (ARGS="-k embedded", PROCESSES=1)
	@$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

test-unit: setup ## the quick tests, without servers
	@$(BIN)/python -m pytest tests/unit tests/property packages/*/tests/unit $(ARGS)

.compiled/stamp: $(wildcard relationship/*.py relationship/*/*.py) requirements/compile.sh | setup
	@bash requirements/compile.sh

compiled: .compiled/stamp ## the pure core through mypyc, into .compiled (a minute): run with PYTHONPATH=$$PWD/.compiled

compiled-test: compiled ## the quick tests, on the compiled core
	@CORE_UNDER_TEST=compiled $(BIN)/python -m pytest -o pythonpath=".compiled . tests/support tests/integration" \
		tests/unit tests/property tests/mission $(ARGS)

console-pictures: setup ## the pictures of docs/console.md, taken by the console's test in Chromium: a minute
	@rm -f docs/console/*.webp
	@CI=true CLIENTWARD_TEST_PICTURES=docs/console $(BIN)/python -m pytest -q tests/integration/test_console_firm.py

lint: setup ## ruff, mypy and the one-way layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## let ruff lay out the code and mend what it can
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

lock: setup ## renew requirements/*.lock and Kafka's jars.lock after a change of pyproject.toml
	@bash requirements/lock.sh

dist: setup ## wheels and sdists of every distribution, into dist/, tried in empty environments (minutes)
	@bash packages/dist.sh

clean: ## remove .venv, dist and what the tools cached here
	@rm -rf .venv .venv-* .compiled benchmarks/.venv dist site .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@rm -rf *.egg-info packages/*/src/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

include contracts/contracts.mk tests/mission/mission.mk tests/property/properties.mk tools/site/site.mk quality/quality.mk benchmarks/bench.mk faults/faults.mk
