# Farout's commands. `make` alone lists them. Each one sets up what it needs in .venv.
.DEFAULT_GOAL := help
RACES := $(shell grep -ohE 'tests/[a-z_/]+\.py(::[a-z_0-9]+)?' docs/proofs.md docs/benchmarks.md | sort -u)
.PHONY: help run test check bench races slow fuzz asvs format lock clean

# The newest Python that is here and new enough.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	&& echo $$p && break; done)
BIN := .venv/bin
# Processes that share the suite; each has a PostgreSQL of its own, so a given server takes one.
WORKERS ?= $(if $(TEST_POSTGRES_URL),0,auto)
READY := .venv/.ready

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 14

$(READY): requirements/development.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Farout needs Python 3.11 or newer; none was found on PATH." >&2; exit 1; }
	@PYTHON="$(PYTHON)" sh requirements/install.sh
	@touch $@

run: $(READY) ## start Farout with a database and a stand-in for Discord; Ctrl-C stops it
	@$(BIN)/farout dev

test: $(READY) ## run the test suite on a real PostgreSQL
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4

check: $(READY) ## lint, types, imports, then the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory test

slow: $(READY) ## the proofs that take minutes (kill -9 at every write); ALL_STRINGS=1: every string in every text
	@$(BIN)/python -m pytest -m slow -n $(WORKERS) --maxprocesses 4

races: $(READY) ## the table of docs/benchmarks.md: what other sign-ins get wrong
	@$(BIN)/python -m pytest -m "slow or not slow" --durations=0 --durations-min=0 $(RACES)

bench: $(READY) ## measure sign-in and session check; MEMBERS=1000000: the record at that size
	@$(BIN)/python -m $(if $(MEMBERS),bench.record --members $(MEMBERS),bench)

fuzz: $(READY) ## 20,000 made-up requests to a served Farout (FUZZ_SEED for others)
	@$(BIN)/python -m pytest -m fuzz -s tests/fuzz

asvs: $(READY) ## which requirements of OWASP ASVS are proven, met, or open
	@$(BIN)/python -m tests.security.asvs

format: $(READY) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## resolve requirements/*.txt anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --quiet -o requirements/production.txt
	$(BIN)/uv pip compile pyproject.toml --group development -c requirements/production.txt --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --quiet -o requirements/development.txt

clean: ## remove the virtual environment and the caches; keeps the data in .farout
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
