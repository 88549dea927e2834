# Everything runs in .venv, which is made from the committed lock: with uv when it is there, else with plain pip.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; `make PYTHON=/path/to/python3.12 ...` names another.
PYTHON ?= $(shell for candidate in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; done)
UV := $(shell command -v uv 2>/dev/null)
PYTEST_ARGS ?= -n 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test test-all test-cluster check lint fmt types imports bench cov lock clean

help: ## Show what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

demo: $(VENV)/.run ## The whole story on this machine: traffic, outage, failover, proof
	@$(BIN)/drctl lab demo

test: $(VENV)/.dev ## Every test but the long ones; those that need a server which is not there are skipped by name
	@$(BIN)/pytest $(PYTEST_ARGS)

test-all: $(VENV)/.dev ## Every test, and those that take many minutes: rounds of moves, kills at points drawn by a seed
	@$(BIN)/pytest $(PYTEST_ARGS) --long

test-cluster: $(VENV)/.dev ## The tests against a real kube-apiserver (KUBEBUILDER_ASSETS says where it is)
	@test -n "$$KUBEBUILDER_ASSETS" || { echo 'Say where kube-apiserver and etcd are: make test-cluster KUBEBUILDER_ASSETS=DIR'; exit 2; }
	@DRCTL_NO_SKIP=1 $(BIN)/pytest -m real_api

check: lint types imports test ## What must be green before a change is done

lint: $(VENV)/.dev ## Ruff, every rule that is not switched off with a reason
	@$(BIN)/ruff check src tests
	@$(BIN)/ruff format --check src tests

fmt: $(VENV)/.dev ## Format, and mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet src tests || true
	@$(BIN)/ruff format src tests

types: $(VENV)/.dev ## mypy, strict, tests too
	@$(BIN)/mypy

imports: $(VENV)/.dev ## The layers of the code
	@$(BIN)/lint-imports

bench: $(VENV)/.dev ## Start-up against an empty Python; fails over its limit
	@$(BIN)/python tests/bench/startup.py

cov: $(VENV)/.dev ## Tests with branch coverage
	@$(BIN)/pytest $(PYTEST_ARGS) --cov --cov-report=term-missing:skip-covered

setup: $(VENV)/.dev ## Install everything for working on drctl
	@:

# Stamps are touched last, so that an install that failed is done again.
$(BIN)/python:
ifdef UV
	@$(UV) venv --quiet --python $(or $(PYTHON),3.13) $(VENV)
else
	@test -n "$(PYTHON)" || { echo 'drctl needs Python 3.11 or newer: install it, or name it with make PYTHON=...'; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'python3 -m venv failed: install the package python3-venv, or uv'; exit 2; }
endif

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	@echo 'installing what the lock names (once; about a minute)' >&2
	@$(call install,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt pyproject.toml | $(BIN)/python
	@echo 'installing what the lock names, tools included (once; about a minute)' >&2
	@$(call install,requirements-dev.txt)
	@touch $(VENV)/.run $@

# drctl itself is built by hatchling from the lock: nothing is downloaded that has no hash.
ifdef UV
define install
VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes -r $(1) && \
VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-build-isolation --no-deps -e .
endef
else
define install
$(BIN)/python -m pip install --quiet --require-hashes -r $(1) && \
$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
endef
endif

lock: ## Resolve the lock anew from pyproject.toml (needs uv)
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
		--extra lab -o requirements.txt pyproject.toml
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
		--extra lab --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean: ## Remove what was made: environment, caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .coverage .coverage.* htmlcov dist
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
