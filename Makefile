# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists what there is. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
# The kernel release that test-kernel and bench use, as in KERNEL=6.12; empty is the newest.
KERNEL ?=
# The machine and the compiler for test-kernel, and the folders to prove with them; both are
# taken from the command line only, since make itself has a CC.
DRIVERS ?=
TOOLCHAIN := $(if $(findstring command,$(origin ARCH)),--arch $(ARCH)) \
	$(if $(findstring command,$(origin CC)),--cc $(CC))
TOOLCHAIN := $(strip $(TOOLCHAIN))
# The drivers whose plans were read by hand.
PLANNED := $(addprefix drivers/net/ethernet/,alibaba/eea stmicro/stmmac broadcom/bnxt freescale)
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup compiled run test test-tools test-kernel test-series test-prefixes slots golden coverage mutants faults fuzz bench-check lint bench bench-sizes screenshots docs clean

help: ## Show this list
	@echo 'make TARGET, where TARGET is one of'
	@awk -F ':[^#]*## ' '/^[a-z-]+:[^#]*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv, with netmem-migrate in .venv/bin

$(STAMP): pyproject.toml
	@echo 'Installing into $(VENV) (the first time takes about half a minute)'
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install --quiet --python $(BIN)/python -e '.[dev]'; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; \
	fi
	@touch $@

run: setup ## Show what the tool does, on a driver that comes with it
	@$(BIN)/python -m netmem_migrate.demo

# Each test that runs the tool as a process would compile it anew where Python may not keep what it compiled.
compiled: setup
	@$(BIN)/python -m compileall -qq netmem_migrate transforms tests $(VENV)/lib || true

test: compiled ## Run the tests that need neither a kernel nor a network
	@$(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/tools_needed -m 'not long'

test-kernel: setup ## Convert and prove every driver of a real kernel (KERNEL=6.12; ARCH=arm, CC=clang-19)
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
ifeq ($(TOOLCHAIN),)
	@$(BIN)/netmem-migrate kernel prepare $(KERNEL)
	@$(BIN)/python tests/real/run.py $(KERNEL)
	@$(BIN)/python tests/real/run_partners.py $(KERNEL)
	@$(BIN)/python tests/real/run_modules.py $(KERNEL)
	@$(BIN)/python tests/real/run_prepared.py $(KERNEL)
	@$(BIN)/python tests/real/run_readiness.py '$(KERNEL)'
	@$(BIN)/python tests/real/run_plan.py '$(KERNEL)' $(PLANNED)
	@$(BIN)/python tests/real/run_tx_reads.py '$(KERNEL)'
else
	@$(BIN)/netmem-migrate kernel prepare $(KERNEL) $(TOOLCHAIN)
	@$(BIN)/python tests/real/run_toolchain.py $(KERNEL) $(TOOLCHAIN) $(DRIVERS)
endif

test-tools: compiled ## Run the tests that take long, or need Chromium, git send-email, strace and a terminal (apt: chromium git-email libmailtools-perl strace)
	@$(BIN)/python -m pytest -n 2 tests/tools_needed
	@$(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/tools_needed -m long
	@$(BIN)/python tests/faults/run.py --short
	@$(BIN)/python tests/fuzz/run.py --short

test-series: setup ## Send five real series through git am, checkpatch, verify and the self-check (long)
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
	@$(BIN)/netmem-migrate kernel prepare $(KERNEL)
	@$(BIN)/python tests/real/run_series.py $(KERNEL)

test-prefixes: setup ## Hold the subject prefixes against the changelogs of the kernel packages (network)
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
	@$(BIN)/python tests/real/run_prefixes.py $(KERNEL)

slots: setup ## Measure the tool, slot by slot, against what humans converted by hand (long; ARGS=--no-compile: without proofs)
	@$(BIN)/netmem-migrate kernel fetch 6.12
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
	@$(BIN)/netmem-migrate kernel prepare $(KERNEL)
	@$(BIN)/python tests/real/run_slots.py $(if $(KERNEL),--new $(KERNEL)) $(ARGS)

golden: setup ## Compare the bytes of every conversion with what they were (BASE=REV: with a revision of the tool)
	@$(BIN)/python tests/golden/run.py $(KERNEL) $(if $(BASE),--base $(BASE)) $(if $(RENEW),--renew)

coverage: setup ## Write docs/coverage.md: what becomes of each call of two kernels, by class
	@$(BIN)/netmem-migrate kernel fetch && $(BIN)/netmem-migrate kernel fetch 6.12
	@$(BIN)/python tests/real/coverage.py 7.3 6.12

mutants: setup ## Count mutants of own and real drivers that compile before the conversion, and after (long; ARGS='--count N')
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
	@$(BIN)/netmem-migrate kernel prepare $(KERNEL)
	@$(BIN)/python tests/mutants/run.py $(if $(KERNEL),--kernel $(KERNEL)) $(ARGS)

faults: setup ## Kill the tool at each disk call, fill its disk and race it (apt: strace; ARGS=--short, ARGS=--docs)
	@$(BIN)/python tests/faults/run.py $(ARGS)

fuzz: setup ## Feed it hostile inputs, and mutants that compiled before (long; ARGS='--short', ARGS='--real 0')
	@$(BIN)/python tests/fuzz/run.py $(if $(KERNEL),--kernel $(KERNEL)) $(ARGS)

bench-check: setup ## Seed faults into converted drivers, count those that check finds (ARGS='--seed 1')
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
	@$(BIN)/python tests/bench_check.py $(KERNEL) $(ARGS)

lint: setup ## Run ruff, mypy --strict, import-linter, and the check of passes and rules
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/netmem-migrate transform lint

bench: compiled ## Time the tool against a bare parse, grep and Coccinelle (apt: coccinelle; long; ARGS='--only diff', ARGS=--docs)
	@$(BIN)/netmem-migrate kernel fetch $(KERNEL)
	@$(BIN)/netmem-migrate kernel prepare $(KERNEL)
	@$(BIN)/python tests/bench/run.py $(KERNEL) $(ARGS)

bench-sizes: setup ## Give each command what is nested deeply, or long (ARGS='--sizes 1000 --shapes if'; long)
	@$(BIN)/python tests/sizes/run.py $(ARGS)

screenshots: setup ## Save pictures of a scan and a plan to out/screenshots (apt: chromium; TREE=: of a kernel)
	@$(BIN)/python tests/screenshots.py out/screenshots $(TREE)

docs: setup ## Write the tables of rules, check spelling and links of README and docs/
	@$(BIN)/python tests/rule_docs.py
	@$(BIN)/codespell README.md CHANGELOG.md docs
	@$(BIN)/python tests/check_docs.py

clean: ## Remove .venv and what tools leave behind
	@rm -rf $(VENV) build out *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
