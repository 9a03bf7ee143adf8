# The two commands a newcomer needs are `make run` and `make test`; both do all the set-up by themselves.

PYTHON ?= python3
BENCH_SCALE ?= 0.1
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test check bench install dev clean

help:
	@echo "make run      install what is needed and start Perezvon with demo data and a demo PBX"
	@echo "make test     install what the tests need and run them all"
	@echo "make check    ruff, mypy --strict, import contracts, front-end types, colour contrast"
	@echo "make bench    the benchmarks (BENCH_SCALE=1 is the full size)"
	@echo "make install  .venv/bin/perezvon with the built web app"

run: install
	$(BIN)/perezvon demo

install: $(VENV)/.installed

# The stamp follows everything that installing depends on: pins, packaging, the web app's sources.
WEB := $(shell find dashboards/web -type f -not -path '*/node_modules/*' 2>/dev/null)

$(VENV)/.installed: pyproject.toml requirements/run.txt requirements/build.txt tools/build_web.py $(WEB) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(BIN)/python tools/build_web.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/bin/python:
	@sh tools/make_venv.sh "$(PYTHON)" "$(VENV)"

dev: $(VENV)/.dev

$(VENV)/.dev: $(VENV)/.installed requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

test: dev
	$(BIN)/python -m tools.run_tests

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_names.py
	$(BIN)/python tools/contrast.py --brief
	$(BIN)/python tools/build_web.py --check

bench: dev
	BENCH_SCALE=$(BENCH_SCALE) $(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) dashboards/static dashboards/web/node_modules .mypy_cache .ruff_cache .pytest_cache
