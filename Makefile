# Every verb makes .venv with the system's python3 and pip when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
JOBS ?= 2
# More for the bench: BENCH=--full grades 1,000 files instead of 100, BENCH=--large answers among
# 100,000 cards. Anki stands beside us once it is installed: $(BIN)/pip install -e '.[bench]'.
BENCH ?=

.PHONY: run test test-all check format bench clean

run: $(STAMP)
	@$(BIN)/studytrack

test: $(STAMP)
	$(BIN)/pytest -n $(JOBS) --dist loadgroup

test-all: $(STAMP)
	$(BIN)/pytest -n $(JOBS) --dist loadgroup -m ""

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m tests.bench.warm_grade $(BENCH)
	$(BIN)/python -m tests.bench.answer $(BENCH)

clean:
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("studytrack needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv (once; torch takes a minute or two) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)
