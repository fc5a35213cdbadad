# make run: serve with demo data on SQLite.  make test: all checks and tests.  make help: the other targets.
PYTHON ?= python3
BIN := .venv/bin

PAGES := service/api/pages
BUNDLES := explorer references console

.PHONY: help install run test test-without-plans conformance check schema docs fuzz fuzz-plans promises promises-medium
.PHONY: cluster cluster-test races model
.PHONY: mutants serials bench memory images $(BUNDLES) clean
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: .venv/installed ## create .venv with the pinned run-time dependencies
run: install ## migrate the SQLite file, load the demo data once, serve on 127.0.0.1:8000
	@$(MAKE) --no-print-directory $(BUNDLES) || echo 'The explorer, the references or the console were not built: plain pages are shown instead.'
	@$(BIN)/carbon-orders serve --demo

# The suite starts hundreds of processes; without stored bytecode each would compile the service again. Three test workers
# on two cores: tests often wait, for a process to start or for a time to pass.
test: export PYTHONDONTWRITEBYTECODE =
test: check ## make check, then all tests on SQLite and PostgreSQL except those of make conformance
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m 'not tools'

# These tests cost nearly as much as all others, and few changes need them. `.ci/run` runs both targets.
conformance: export PYTHONDONTWRITEBYTECODE =
conformance: .venv/tested ## the tests that run browsers, node, nginx, installers, or failing clusters
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m tools

# How a document is executed does not depend on the database: SQLite is enough here.
test-without-plans: export PYTHONDONTWRITEBYTECODE =
test-without-plans: export SERVICE_PLANS_ENABLED = false
test-without-plans: .venv/tested ## run the tests of GraphQL documents with graphql-core executing each operation
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m 'not tools' -k 'not postgresql' $(addprefix tests/api/, \
		$(notdir $(wildcard tests/api/test_graphql_*.py)) test_metrics.py test_operator.py test_order_filters.py \
		test_refusals.py graphql/test_view.py)

check: .venv/tested ## formatting, lint, types, and the imports between layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

schema: .venv/tested ## write schema.graphql from the code
	$(BIN)/carbon-orders schema > schema.graphql

fuzz: .venv/tested ## run schemathesis, from its own .venv-fuzz, against a running service
	@test -x .venv-fuzz/bin/schemathesis || { $(PYTHON) -m venv .venv-fuzz && .venv-fuzz/bin/pip install -q 'schemathesis>=4.32,<5'; }
	$(BIN)/python -m tests.fuzz.run .venv-fuzz/bin/schemathesis --examples 100

fuzz-plans: .venv/tested ## compare plans with graphql-core on 20,000 generated operations (tens of minutes)
	PLANS_EXAMPLES=20000 $(BIN)/pytest -q tests/api/graphql -k differential

promises: export PYTHONDONTWRITEBYTECODE =
promises: .venv/tested ## let databases, disks, networks and processes fail under load, and write the figures (25 minutes)
	rm -f var/promises.jsonl && mkdir -p var
	PROMISES=long PROMISES_REPORT=var/promises.jsonl $(BIN)/pytest -q -n 3 --maxschedchunk 1 tests/promises
	$(BIN)/python -m tests.promises.report var/promises.jsonl

promises-medium: export PYTHONDONTWRITEBYTECODE =
promises-medium: .venv/tested ## make promises with each failure once or a few times (3 minutes)
	PROMISES=medium $(BIN)/pytest -q -n 3 --maxschedchunk 1 tests/promises

cluster: .venv/tested ## kill the primary of a PostgreSQL cluster under load and watch orders go on, until Ctrl-C
	@$(BIN)/python -m tests.failover

cluster-test: .venv/tested ## assert what make cluster shows
	$(BIN)/pytest -q tests/test_failover.py

races: .venv/tested ## run the race tests with 10,000 orders instead of 1,000, and each pair of verbs 20 times
	RACE_ORDERS=10000 PAIR_ROUNDS=20 $(BIN)/pytest -q tests/races
	RETIREMENT_TRIALS=10000 $(BIN)/pytest -q tests/operations/test_retire_orders.py

model: .venv/tested ## run the model test with 500 lives of 50 steps, audit 10,000 random verbs, price 50,000 sums (25 minutes)
	MODEL_EXAMPLES=500 MODEL_STEPS=50 $(BIN)/pytest -q tests/model
	AUDIT_VERBS=10000 $(BIN)/pytest -q tests/operations/test_audit_random_verbs.py
	PRICING_CASES=50000 $(BIN)/pytest -q tests/domain/test_pricing_by_sum.py

mutants: export PYTHONDONTWRITEBYTECODE =
mutants: .venv/tested ## change the code in 60 places, one at a time, and see which changes no test notices
	$(BIN)/python -m tests.mutation.run $(MUTANTS)

serials: .venv/tested ## receive 10,000 credit batches on both databases, half of them with hostile serial numbers
	SERIAL_RECEIPTS=10000 $(BIN)/pytest -q tests/operations/test_receipt_laws.py
	SERIAL_TRIALS=100 $(BIN)/pytest -q tests/operations/test_receive_serials.py -k at_once

bench: .venv/tested ## measure the service beside other servers and write docs/performance.md
	$(BIN)/python -m tests.bench.compare --report

memory: .venv/tested ## measure the server's memory over 200,000 mixed requests
	$(BIN)/python -m tests.bench.memory

docs: .venv/tested ## write the pages of docs/ that are generated from the code
	$(BIN)/python -m docs.generate

images: .venv/tested ## take the pictures of docs/console.md with chromium (look at them before committing)
	$(BIN)/python -m tests.console_images

explorer: ## build the explorer for /graphql with npm; without it a plain page is shown
references: ## build the viewer of the REST references with npm; without it plain pages are shown
console: ## build the web application for customers and the seller with npm; without it there is none
$(BUNDLES):
	@if command -v npm >/dev/null; then $(MAKE) --silent --no-print-directory $(PAGES)/$@/dist/manifest.json; \
	else echo 'npm is not installed: the $@ is not built.'; fi

$(PAGES)/%/node_modules/.package-lock.json: $(PAGES)/%/package-lock.json
	cd $(PAGES)/$* && npm ci --silent
	@touch $@

define BUNDLE
$(PAGES)/$(1)/dist/manifest.json: $(PAGES)/$(1)/node_modules/.package-lock.json \
		$(wildcard $(addprefix $(PAGES)/$(1)/*.,js jsx mjs css) $(addprefix $(PAGES)/$(1)/,src/*.* src/*/*.* messages/*.json) \
		$(PAGES)/*.mjs $(PAGES)/plain/*.css $(PAGES)/plain/*.js)
	cd $(PAGES)/$(1) && node bundle.mjs
endef
$(foreach bundle,$(BUNDLES),$(eval $(call BUNDLE,$(bundle))))

clean: ## remove environments, caches and built pages; keep the data in var/
	rm -rf $(PAGES)/*/dist $(PAGES)/*/generated $(PAGES)/*/node_modules .venv .venv-fuzz .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml deploy/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable .
	@touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[test]'
	@touch $@
