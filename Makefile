# `make demo`, `make test` and `make bench` install what they need first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export YIDANG_FONTS_DIR ?= $(CURDIR)/var/fonts

.PHONY: demo test test-fast lint types lock messages bench clean

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

install: $(VENV)/installed messages

# Compiled by Babel: no gettext tools needed on the machine.
messages: $(VENV)/installed
	@$(BIN)/pybabel -q compile -D django -d training/locale

# ONCE=1 exits after the story; PORT chooses where the site is served.
demo: install
	$(BIN)/python -m training.demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

test: install
	$(BIN)/python tests/run.py

# ARGS="tap face" measures only those; TEST_POSTGRES_URL or ARGS="--database-url …" takes PostgreSQL.
bench: install
	$(BIN)/python -m benchmarks $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

# Needs uv; the lock is the only thing that installs anything.
lock:
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra kiosk --constraint requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-header --quiet -o requirements-kiosk.lock

clean:
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis
