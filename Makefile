# Every command of the project. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help release demo evaluate evaluate-runs test cpython-tests test-vm fuzz fuzz-analysis bench lint tidy deny fmt install-test-deps clean

SECONDS_EACH ?= 60

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

release: ## Build target/release/casemate, a static program
	@scripts/release.sh

demo: ## Build casemate and run real programs behind its walls, and two attacks
	@scripts/demo.sh

test: ## Install what the tests need and run everything that CI runs
	@scripts/test.sh

test-vm: ## Run the wall tests on a stock Debian kernel with cgroup v2 (emulated, slow)
	@scripts/test.sh --only build
	@tests/vm/run-tests.sh all

chaos: ## Kill processes of a service in 1,000 rounds (CASEMATE_CHAOS_ROUNDS) and count what is lost or left
	@scripts/test.sh --only build
	@CASEMATE_CHAOS_ROUNDS=$${CASEMATE_CHAOS_ROUNDS:-1000} cargo test --locked -p casemate-tests --test chaos -- --nocapture

soak: ## Run 100,000 executions (CASEMATE_SOAK_RUNS) by one service and look for what grows
	@scripts/test.sh --only build
	@CASEMATE_SOAK_RUNS=$${CASEMATE_SOAK_RUNS:-100000} cargo test --locked -p casemate-tests --test soak -- --nocapture

cpython-tests: ## Run CPython's own tests executed and forked (MODULES="test_io ...") and compare them
	@scripts/cpython-tests.sh $(MODULES)

fuzz: ## Run each fuzz target for SECONDS_EACH seconds (60)
	@scripts/install-test-deps.sh
	@scripts/fuzz.sh $(SECONDS_EACH)

evaluate: release ## Say how often decisions on labelled programs are right (CORPORA="a.jsonl.gz ...")
	@target/release/casemate analyze --evaluate $(CORPORA)

evaluate-runs: release ## Say how often judgements of recorded runs are right (TRACES="a.jsonl.gz ..." TRAIN=all)
	@target/release/casemate detect --evaluate $(TRACES) --train $(or $(TRAIN),all)

fuzz-analysis: ## Run INPUTS inputs (10,000,000) over the parsers and decoders of analysis
	@scripts/install-test-deps.sh
	@scripts/fuzz-analysis.sh $(INPUTS)

bench: ## Measure the figures of SPECIFICATION.md and fail where one is missed
	@scripts/bench.sh

lint: ## Formatting, clippy, tidy and deny
	@scripts/test.sh --only fmt,clippy,tidy,deny

tidy: ## The project's own rules (under a second)
	@cargo run --locked -q -p xtask -- tidy

deny: ## Licences, bans and sources of the dependencies
	@scripts/test.sh --only deny

fmt: ## Format the code
	@cargo fmt --all

install-test-deps: ## Install what the tests need (apt as root, wheels without)
	@scripts/install-test-deps.sh

clean: ## Remove everything that was built
	cargo clean
	rm -rf fuzz/target fuzz/artifacts fuzz/corpus
