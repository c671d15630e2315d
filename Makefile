# Farout's commands. `make` alone lists them. Each one sets up what it needs in .venv.
.DEFAULT_GOAL := help
.PHONY: help run test check bench slow format lock clean

# The newest Python that is here and new enough.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	&& echo $$p && break; done)
BIN := .venv/bin
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
	@$(BIN)/python -m pytest

check: $(READY) ## lint, types, imports, then the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory test

slow: $(READY) ## the proofs that take minutes (kill -9 at every write)
	@$(BIN)/python -m pytest -m slow

bench: $(READY) ## measure sign-in and session check; MEMBERS=1000000: the record at that size
	@$(BIN)/python -m $(if $(MEMBERS),bench.record --members $(MEMBERS),bench)

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
