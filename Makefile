.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

bin := node_modules/.bin
# npm writes this file last, at the end of every install.
installed := node_modules/.package-lock.json
peers := bench/node_modules/.package-lock.json
built := dist/main.js
# Folders too: theirs is the time of a removed file.
sources := $(shell find src web) docs/asyncapi.json tsconfig.json tsconfig.build.json

.PHONY: help run test build unit unit-test int int-test e2e e2e-test chaos fuzz scroll screenshots bench lint types format clean up down

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z].*:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(built) ## Start one server on http://localhost:8080 (settings: environment, e.g. PORT=9000)
	@exec node $(built)

test: lint types $(built) ## Check everything: lint, types, build, and all tests with real services
	@$(bin)/vitest run

build: $(built) ## Compile to dist

unit unit-test: $(installed) ## Run the unit tests; they need no services
	@$(bin)/vitest run --project unit

int int-test: $(installed) ## Run the tests of the adapters against a real Postgres and Redis
	@$(bin)/vitest run --project int

e2e e2e-test: $(built) ## Run the tests of whole servers over HTTP and WebSocket
	@$(bin)/vitest run --project e2e --project chaos

chaos: $(built) ## Nodes under faults, long: SEEDS=30 for so many runs (10), SEED=7 for that one
	@SEED=$(SEED) SEEDS=$(SEEDS) $(bin)/vitest run --config test/chaos/long/vitest.config.ts $(if $(SEED),seeds)
	@SEED=$(SEED) STORM_SECONDS=60 $(bin)/vitest run --project e2e test/e2e/client-storm

fuzz: $(built) ## Send garbage: SECONDS=300 for so long (60), SEED=7 to begin with that input
	@FUZZ_SECONDS=$(or $(SECONDS),60) FUZZ_SEED=$(SEED) $(bin)/vitest run --project e2e test/e2e/input/fuzz

scroll: $(built) ## Scroll through 100,000 messages in a browser: no frame may take over 50 ms
	@MESSAGES=$(or $(MESSAGES),100000) $(bin)/vitest run --project e2e test/e2e/web-scroll

screenshots: $(built) ## Take the pictures of the web page in docs/images again
	@$(bin)/vitest run --config test/screenshots/vitest.config.ts

bench: $(built) $(peers) ## Measure beside peers: ONLY=fanout,joins for some scenarios, ROUNDS=1 for less (3)
	@rm -rf bench/dist && $(bin)/tsc -p bench
	@ln -s ../../node_modules bench/dist/node_modules
	@ONLY=$(ONLY) ROUNDS=$(ROUNDS) node bench/dist/bench/main.js

lint: $(installed) ## Check rules, import boundaries and format
	@npm run --silent lint

types: $(installed) ## Check types
	@npm run --silent types

format: $(installed) ## Format every file
	@npm run --silent format

clean: ## Remove what was built and installed
	rm -rf dist coverage node_modules bench/dist bench/node_modules

up: ## Start Postgres, Redis, two nodes and the load balancer with Docker on port 8080
	docker compose up --build --detach --wait sharechat

down: ## Stop what `make up` started, and remove its data
	docker compose down --volumes

$(installed): package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# A peer that is missing is left out.
$(peers): bench/package-lock.json
	@npm ci --prefix bench --no-audit --no-fund --loglevel=error && touch $@ || echo 'npm cannot install all peers.'

$(built): $(installed) $(sources)
	@npm run --silent build
	@touch $@
