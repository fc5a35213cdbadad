# make run: serve on an embedded database.  make test: everything that has to hold.  make help: the rest.
PYTHON ?= python3
BIN := .venv/bin

PAGES := service/api/pages
BUNDLES := explorer references

.PHONY: help install run test check schema docs fuzz fuzz-plans races model bench memory $(BUNDLES) clean
help: ## these lines
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/installed ## virtual environment with the pinned run-time dependencies
run: install ## migrate the embedded database, load the demo data once, serve on 127.0.0.1:8000
	@$(MAKE) --no-print-directory $(BUNDLES) || echo 'not bundled: plain pages are shown instead'
	@$(BIN)/carbon-orders serve --demo

# The suite starts some hundred processes, which would each compile the service where writing bytecode is turned off. Of
# three workers one often waits: for a process that starts, or for a time that has to pass.
test: export PYTHONDONTWRITEBYTECODE =
test: check ## lint, types, arrows, schema, and the suite on SQLite and PostgreSQL
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

schema: .venv/tested ## write schema.graphql from the code
	$(BIN)/carbon-orders schema > schema.graphql

fuzz: .venv/tested ## schemathesis against a running service, from an environment of its own
	@test -x .venv-fuzz/bin/schemathesis || { $(PYTHON) -m venv .venv-fuzz && .venv-fuzz/bin/pip install -q 'schemathesis>=4.32,<5'; }
	$(BIN)/python -m tests.fuzz.run .venv-fuzz/bin/schemathesis --examples 100

fuzz-plans: .venv/tested ## 20,000 generated operations, answered with plans and without: tens of minutes
	PLANS_EXAMPLES=20000 $(BIN)/pytest -q tests/api/graphql -k differential

races: .venv/tested ## the races of the suite with all of their orders
	RACE_ORDERS=10000 $(BIN)/pytest -q tests/races
	RETIREMENT_TRIALS=10000 $(BIN)/pytest -q tests/operations/test_retire_orders.py

model: .venv/tested ## the life of orders beside its model, 500 lives of 50 steps
	MODEL_EXAMPLES=500 MODEL_STEPS=50 $(BIN)/pytest -q tests/model

bench: .venv/tested ## the service beside a naive server, itself without groups, and the limit; writes docs/performance.md (an earlier commit as well: python -m tests.bench.compare --base COMMIT)
	$(BIN)/python -m tests.bench.compare --report

memory: .venv/tested ## the server's memory over 200,000 mixed requests
	$(BIN)/python -m tests.bench.memory

docs: .venv/tested ## write the pages of docs/ that repeat what the code says
	$(BIN)/python -m docs.generate

explorer: ## bundle GraphiQL for /graphql (with npm; without it a plain page is shown)
references: ## bundle the viewer for /lune/docs and its like (the same)
$(BUNDLES):
	@if command -v npm >/dev/null; then $(MAKE) --silent --no-print-directory $(PAGES)/$@/dist/manifest.json; \
	else echo 'npm is not installed: a plain page is shown instead of the $@'; fi

$(PAGES)/%/node_modules/.package-lock.json: $(PAGES)/%/package-lock.json
	cd $(PAGES)/$* && npm ci --silent
	@touch $@

define BUNDLE
$(PAGES)/$(1)/dist/manifest.json: $(PAGES)/$(1)/node_modules/.package-lock.json \
		$(wildcard $(addprefix $(PAGES)/$(1)/*.,js jsx mjs css) $(PAGES)/*.mjs $(PAGES)/plain/*.css $(PAGES)/plain/*.js)
	cd $(PAGES)/$(1) && node bundle.mjs
endef
$(foreach bundle,$(BUNDLES),$(eval $(call BUNDLE,$(bundle))))

clean: ## forget the environment and the caches, keep the data in var/
	rm -rf $(PAGES)/*/dist $(PAGES)/*/node_modules .venv .venv-fuzz .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml deploy/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable .
	@touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[test]'
	@touch $@
