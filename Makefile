# Needs python3.11 or newer with pip, and make. Everything else lands in .tools/ and .venv/; the system stays as it is.
# Every target sets up what it needs; nothing is fetched again while the locks and pyproject.toml stay the same.
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first of these that is new enough and has pip. A name on the PATH is not enough: a version manager leaves shims.
PY ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
  $$python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
LOCK := requirements
UV := .tools/bin/uv
BIN := .venv/bin
CODE = $(wildcard src tests bench migrations)

export UV_PYTHON_DOWNLOADS := never
export PYTHONUTF8 := 1
# A user without a home still needs somewhere to keep downloads.
ifeq ($(UV_CACHE_DIR)$(XDG_CACHE_HOME)$(shell test -w "$${HOME:-/nowhere}" && echo yes),)
export UV_CACHE_DIR := $(CURDIR)/.tools/cache
endif
# Trust whom this machine trusts, where it has a list; uv would otherwise trust only the list that it brings.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= 1
endif

# A stamp's name holds what it was made from, so a changed lock or a moved folder is noticed whatever the file times say.
key = $(shell { pwd; cat $(1) 2>/dev/null; } | cksum | tr ' ' '-')
UV_STAMP := .tools/.uv-$(call key,$(LOCK)/uv.txt)
VENV_STAMP := .venv/.at-$(call key,)
RUNTIME_STAMP := .venv/.runtime-$(call key,$(LOCK)/runtime.txt $(LOCK)/build.txt pyproject.toml)
DEV_STAMP := .venv/.dev-$(call key,$(LOCK)/dev.txt $(LOCK)/build.txt pyproject.toml)
BROWSER_STAMP := .venv/.browser-$(call key,$(LOCK)/browser.txt $(LOCK)/build.txt pyproject.toml)

# Where pip was told to use a mirror, uv uses it too: uv reads none of pip's settings by itself.
define mirrored
index=$$($(PY) -m pip config list 2>/dev/null | sed -n "s/^[^=]*\.index-url='\(.*\)'$$/\1/p" | tail -n 1); \
if [ -n "$$index" ] && [ -z "$$UV_DEFAULT_INDEX$$UV_INDEX_URL" ]; then export UV_DEFAULT_INDEX="$$index"; fi;
endef
# $(call install,lock name): adds and updates, never removes, so that `setup` leaves the tools of `test` in place.
define install
@$(mirrored) \
$(UV) pip install -q --python .venv --require-hashes -r $(LOCK)/$(1).txt && \
$(UV) pip install -q --python .venv --no-deps --build-constraints $(LOCK)/build.txt --editable .
@rm -f .venv/.$(1)-* && touch $@
endef

# Installs without a question, as root or as whoever may become root without one; fails at once for everybody else.
apt = $$(test "$$(id -u)" = 0 || echo sudo -n) env DEBIAN_FRONTEND=noninteractive apt-get

.PHONY: help setup dev run test browser client check bench bench-exact soak lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(RUNTIME_STAMP) ## install what the service needs into .venv

dev: $(DEV_STAMP) ## install what the tests and checks need as well

run: setup ## start the service with made-up patients; ARGS go to `prep-tracker serve`
	$(BIN)/prep-tracker serve --demo $(ARGS)

test: dev ## run the tests on SQLite and on a real PostgreSQL; ARGS go to pytest
	$(BIN)/python -m pytest -q -n 2 $(ARGS)

browser: $(BROWSER_STAMP) ## run the tests of the pages in Chromium; ARGS go to pytest
	@test -n "$$PREP_TEST_CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || { $(apt) update -qq && $(apt) install -qq -y chromium; } >/dev/null 2>&1 \
	  || { echo 'make browser needs Chromium: apt-get install chromium, or name one in PREP_TEST_CHROMIUM' >&2; exit 1; }
	$(BIN)/python -m pytest -q -m browser -n 2 tests/browser $(ARGS)

client: dev ## make the TypeScript client, run it and the portals of the examples against the service; needs Node.js and Chromium
	@command -v npm >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y nodejs npm >/dev/null; } \
	  || { echo 'make client needs Node.js 18 or newer with npm: apt-get install nodejs npm' >&2; exit 1; }
	@test -n "$$PREP_TEST_CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y chromium >/dev/null; } \
	  || { echo 'make client needs Chromium: apt-get install chromium' >&2; exit 1; }
	$(BIN)/python -m pytest -q -m client tests/client $(ARGS)

soak: dev ## run the tests that take hours
	$(BIN)/python -m pytest -q -m soak $(ARGS)

check: dev ## lint, format, types, layers, locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo
	@! grep -n '://' $(LOCK)/*.txt clients/*/package-lock.json clients/*/*/package-lock.json || { echo 'a lock file names an address; make it again with: make lock' >&2; exit 1; }

bench: dev ## measure CPU per request against a bare server
	$(BIN)/python -m bench $(ARGS)

bench-exact: dev ## count instructions per request instead of time
	$(BIN)/python -m bench --exact $(ARGS)

# Pins stay as they are unless ARGS=--upgrade. Universal: one lock for every platform and Python from 3.11 on.
COMPILE = @$(mirrored) $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --custom-compile-command 'make lock' $(ARGS)
lock: $(UV_STAMP) ## resolve the dependencies anew; ARGS=--upgrade takes the newest
	$(COMPILE) pyproject.toml -o $(LOCK)/runtime.txt
	$(COMPILE) pyproject.toml --group dev -c $(LOCK)/runtime.txt -o $(LOCK)/dev.txt
	$(COMPILE) pyproject.toml --group browser -c $(LOCK)/dev.txt -o $(LOCK)/browser.txt
	$(COMPILE) --group pyproject.toml:build -o $(LOCK)/build.txt
	$(COMPILE) --group pyproject.toml:uv -o $(LOCK)/uv.txt
	@! grep -n '://' $(LOCK)/*.txt

$(UV_STAMP):
	@test -n '$(PY)' || { echo 'needs python3.11 or newer with pip; name one with: make PY=/path/to/python3' >&2; exit 1; }
	@PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 $(PY) -m pip install -q --disable-pip-version-check --root-user-action=ignore \
	  --no-deps --require-hashes --upgrade --target .tools -r $(LOCK)/uv.txt
	@rm -f .tools/.uv-* && touch $@

$(VENV_STAMP): | $(UV_STAMP)
	@$(UV) venv -q --clear --python "$$($(PY) -c 'import sys; print(sys.executable)')" .venv
	@touch $@

$(RUNTIME_STAMP): | $(VENV_STAMP)
	$(call install,runtime)

$(DEV_STAMP): | $(RUNTIME_STAMP)
	$(call install,dev)

$(BROWSER_STAMP): | $(DEV_STAMP)
	$(call install,browser)
