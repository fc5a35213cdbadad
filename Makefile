# make run: serve on an embedded database.  make test: everything that has to hold.  make help: the rest.
PYTHON ?= python3
BIN := .venv/bin

EXPLORER := service/api/pages/explorer

.PHONY: help install run test check schema explorer clean
help: ## these lines
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/installed ## virtual environment with the pinned run-time dependencies
run: install ## migrate the embedded database, load the demo data once, serve on 127.0.0.1:8000
	@$(MAKE) --no-print-directory explorer || echo 'no bundle: /graphql shows the plain explorer'
	@$(BIN)/carbon-orders serve --demo

test: check ## lint, types, arrows, schema, and the suite on SQLite and PostgreSQL
	$(BIN)/pytest -q

check: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

schema: .venv/tested ## write schema.graphql from the code
	$(BIN)/carbon-orders schema > schema.graphql

explorer: ## bundle GraphiQL for /graphql (with npm; without it a plain page is shown)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(EXPLORER)/dist/manifest.json; \
	else echo 'npm is not installed: /graphql shows the plain explorer'; fi

$(EXPLORER)/node_modules/.package-lock.json: $(EXPLORER)/package-lock.json
	cd $(EXPLORER) && npm ci --silent
	@touch $@

$(EXPLORER)/dist/manifest.json: $(EXPLORER)/node_modules/.package-lock.json service/api/pages/plain/bar.css \
		service/api/pages/plain/request.js $(wildcard $(addprefix $(EXPLORER)/*.,js jsx mjs css))
	cd $(EXPLORER) && node bundle.mjs

clean: ## forget the environment and the caches, keep the data in var/
	rm -rf $(EXPLORER)/dist $(EXPLORER)/node_modules .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml deploy/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable .
	@touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[test]'
	@touch $@
