# Each target sets up what it needs in .venv by itself: python3 (3.11 or later) and make are all it
# expects. Another Python than python3: make PYTHON=python3.13 test

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install -c constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint types bench soak clean
unexport PYTHONPATH PYTHONHOME

help:  ## show this
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

demo: .venv/.runs  ## an approval that four departments review side by side, then retold from its file
	@$(BIN)/retold demo

test: lint types  ## everything that must hold before a change is handed in
	@$(BIN)/pytest -q

lint: .venv/.checks  ## style, format, and which floor may import which
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/lint-imports --no-logo

types: .venv/.checks  ## mypy, strict, and pyright
	@$(BIN)/mypy
	@$(BIN)/pyright

bench: .venv/.runs  ## the figures, on this machine
	@$(BIN)/python -m benchmarks

soak: .venv/.checks  ## the tests that take minutes
	@$(BIN)/pytest -q -m soak

clean:  ## remove what make made; logs of yours stay
	rm -rf .venv .bench .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf build dist .coverage
	find actors benchmarks events examples gateway projections sims tests \
		-name __pycache__ -prune -exec rm -rf {} +

# A venv does not survive a move or the loss of its Python: .made says where it was made, and is made
# again wherever that is not here.
ifneq ("$(shell test -x $(BIN)/python && cat .venv/.made 2>/dev/null)","$(CURDIR)")
.PHONY: .venv/.made
endif

.venv/.made:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "Retold needs Python 3.11 or later, and there is no $(PYTHON) here." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Retold needs Python 3.11 or later; $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." >&2; \
		echo "Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make a venv: the module venv or ensurepip is missing." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" -V)"
	@"$(PYTHON)" -m venv --clear .venv
	@printf '%s' "$(CURDIR)" >$@

.venv/.runs: .venv/.made pyproject.toml constraints.txt
	@echo "Installing retold and what it runs on into .venv (once)"
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation -e '.[crypto]'
	@touch $@

.venv/.checks: .venv/.runs
	@echo "Installing what checks it into .venv (once)"
	@$(PIP) --no-build-isolation -e '.[crypto,dev]'
	@touch $@
