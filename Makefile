# Ansimnet. The two commands: `make demo` and `make test`. Everything else is below; `make` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WEB_STAMP := web/dist/.built
PARTS ?= -q

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fix requirements bench eval contracts browser clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(WEB_STAMP) ## install everything into .venv and build the web pages

$(STAMP): requirements.lock pyproject.toml
	@tools/setup-python.sh "$(PYTHON)" "$(VENV)"
	@touch $@

$(WEB_STAMP): $(STAMP) $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
	@tools/setup-web.sh "$(BIN)"
	@touch $@

demo: setup ## start the whole system with the simulated district and open the console
	@$(BIN)/ansimnet demo $(ARGS)

test: setup browser ## run every test (web tests included)
	@$(BIN)/python tools/test.py $(PARTS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix web test --silent

lint: setup ## ruff, mypy --strict, import contracts, web linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix web run lint --silent

fix: setup ## let the tools mend what they can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

requirements: setup browser ## which requirement ids have passing tests, and which have none
	@$(BIN)/python tools/requirements.py

bench: setup ## is it fast? every benchmark, small size (ARGS=NAME --size full for one)
	@$(BIN)/ansimnet bench $(or $(ARGS),all --size small)

eval: setup ## is it right? every evaluation, small size
	@$(BIN)/ansimnet eval $(or $(ARGS),all --size small)

contracts: setup ## write again what others rely on: schema.sql, openapi.json, facts, settings
	@$(BIN)/python tools/contracts.py

browser:
	@tools/browser.sh

clean: ## remove what the commands above made
	rm -rf $(VENV) web/dist web/node_modules
