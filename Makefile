# Everything happens in .venv, made when it is missing and brought up to date when pyproject.toml, setup.py or a source has changed.
# The package is installed there from a wheel, so that tests see what users get.

PYTHON ?= python3
WHEEL ?=
FRAMES ?= 20000000
MESSAGES ?= 10000000

BIN := .venv/bin
STAMPS := .venv/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# Safe paths: smpp_core/ in this folder must not hide the installed package.
PYTEST := PYTHONSAFEPATH=1 $(BIN)/python -m pytest
SOURCES := $(shell find smpp_core src -type f \( -name '*.py' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name py.typed \) | LC_ALL=C sort)
LISTED := $(STAMPS)/sources-$(shell echo $(SOURCES) | cksum | cut -d' ' -f1)

.PHONY: help demo test test-all soak bench lint docs dist clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo      build, start a simulated SMSC, send 50,000 messages through it, show what became of them'
	@echo 'make test      the quick tests, on the installed wheel'
	@echo 'make test-all  all tests, with the time of each marker, and each benchmark once'
	@echo 'make lint      ruff, mypy, stubtest, drift of generated files'
	@echo 'make bench     time everything; writes docs/benchmarks*.md'
	@echo 'make soak      $(FRAMES) random frames through a build with sanitizers, $(MESSAGES) messages through a session (FRAMES=, MESSAGES=)'
	@echo 'make docs      the manual, into build/docs'
	@echo 'make dist      sdist, and the wheel that is built from it, into dist'
	@echo 'make clean     take away what was made'
	@echo 'PYTHON=python3.12 names another interpreter (3.11 or newer), WHEEL=file installs that wheel and builds none.'

demo: $(STAMPS)/package
	$(BIN)/smswire demo

test: $(STAMPS)/test
	$(PYTEST) -q -m 'not slow and not fuzz'

# pytest exits with 5 where no test has the marker.
test-all: $(STAMPS)/test
	@set -e; run() { \
	  name=$$1; shift; echo "-- $$name"; start=$$(date +%s); status=0; "$$@" || status=$$?; \
	  if [ $$status -ne 0 ] && { [ $$status -ne 5 ] || [ "$$name" = quick ]; }; then exit $$status; fi; \
	  echo "-- $$name: $$(($$(date +%s) - start)) s"; \
	}; \
	run bench env $(PYTEST) -q bench --benchmark-disable; \
	run fuzz env $(PYTEST) -q -m fuzz; \
	run slow env $(PYTEST) -q -m 'slow and not fuzz'; \
	run quick env $(PYTEST) -q -m 'not slow and not fuzz'

lint: $(STAMPS)/test
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd .venv && PYTHONSAFEPATH=1 bin/python -m mypy.stubtest --concise --mypy-config-file ../pyproject.toml --allowlist ../tests/stubtest.txt smpp_core
	$(BIN)/python smpp_core/spec/generate.py --check
	PYTHONSAFEPATH=1 $(BIN)/python docs/draw_states.py --check
	PYTHONSAFEPATH=1 $(BIN)/python docs/list_examples.py --check

soak: $(STAMPS)/test
	$(BIN)/python tests/fuzz/run.py --frames $(FRAMES) --jobs 2
	$(BIN)/python bench/soak_session.py --messages $(MESSAGES)

bench: $(STAMPS)/bench
	$(PYTEST) bench --benchmark-only --benchmark-group-by=group
	$(BIN)/python bench/report.py
	$(BIN)/python bench/report_http.py
	$(BIN)/python bench/report_session.py

docs: $(STAMPS)/docs
	$(BIN)/python -m sphinx -q -W -b html docs build/docs
	@echo 'build/docs/index.html'

dist: $(STAMPS)/tools
	rm -rf dist
	$(BIN)/python -m build --sdist --no-isolation --outdir dist . > /dev/null
	$(PIP) wheel --no-deps --wheel-dir dist dist/*.tar.gz
	@ls dist

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .benchmarks .hypothesis
	find smpp_core src tests bench -name __pycache__ -prune -exec rm -rf {} +
	find smpp_core \( -name '*.so' -o -name '*.c' \) -exec rm -f {} +

# Each check says what is missing and which Debian package brings it.
$(STAMPS)/venv:
	@command -v $(PYTHON) > /dev/null || { echo 'make: there is no $(PYTHON); install python3 (Debian: apt install python3 python3-venv python3-dev), or name one: make PYTHON=python3.11' >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.11' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo 'make: $(PYTHON) has no venv (Debian: apt install python3-venv)' >&2; exit 2; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || { echo 'make: $(PYTHON) has no headers (Debian: apt install python3-dev)' >&2; exit 2; }
	@command -v $${CC:-cc} > /dev/null || { echo 'make: there is no C compiler (Debian: apt install gcc libc6-dev)' >&2; exit 2; }
	rm -rf .venv
	$(PYTHON) -m venv .venv
	@mkdir -p $(STAMPS) && touch $@

$(LISTED): | $(STAMPS)/venv
	@rm -f $(STAMPS)/sources-* && touch $@

# What building needs, so that a later build needs no registry.
$(STAMPS)/tools: $(STAMPS)/venv pyproject.toml
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > $(STAMPS)/tools.txt
	$(PIP) install -r $(STAMPS)/tools.txt build
	@touch $@

ifeq ($(WHEEL),)
$(shell grep -qs '^build/wheel/' $(STAMPS)/wheel || rm -f $(STAMPS)/wheel)
$(STAMPS)/wheel: $(STAMPS)/tools $(LISTED) $(SOURCES) pyproject.toml setup.py README.md
	rm -rf build/wheel
	$(PIP) wheel --no-build-isolation --no-deps --wheel-dir build/wheel .
	@ls build/wheel/*.whl > $@
else
$(shell grep -qsx '$(WHEEL)' $(STAMPS)/wheel || rm -f $(STAMPS)/wheel)
$(STAMPS)/wheel: $(STAMPS)/venv $(WHEEL)
	@echo $(WHEEL) > $@
endif

$(STAMPS)/package: $(STAMPS)/wheel pyproject.toml
	$(PIP) install --force-reinstall --no-deps $$(cat $(STAMPS)/wheel)
	$(PIP) install $$(cat $(STAMPS)/wheel)
	@touch $@

$(STAMPS)/test $(STAMPS)/bench $(STAMPS)/docs: $(STAMPS)/%: $(STAMPS)/package
	$(PIP) install "$$(cat $(STAMPS)/wheel)[$*]"
	@touch $@
